/**
 * The YAML that programs dump: nested mappings and lists by indentation, and scalars plain, quoted or as blocks.
 * Anchors, tags and flow collections stay text: what is read here is only shown.
 */

export type Yaml = string | null | Yaml[] | { [key: string]: Yaml };

interface Line {
  indent: number;
  text: string;
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"[{&*!|>%@`-][^#]*?|-[^\s][^#]*?):(?:\s+(.*))?$/;
const DEEPEST = 60;

export function readYaml(text: string): Yaml {
  const lines: Line[] = [];
  for (const line of text.split(/\r?\n/)) {
    const bare = line.trimStart();
    if (bare === "---" || bare === "..." || bare.startsWith("%") || bare.startsWith("#")) continue;
    lines.push({ indent: line.length - bare.length, text: bare.trimEnd() });
  }
  return new Reader(lines).block(0, 0);
}

class Reader {
  private at = 0;
  private readonly lines: readonly Line[];

  constructor(lines: readonly Line[]) {
    this.lines = lines;
  }

  /** What begins at this line, if it is indented by at least so much. */
  block(indent: number, depth: number): Yaml {
    this.skipEmpty();
    const line = this.lines[this.at];
    if (!line || line.indent < indent || depth > DEEPEST) return null;
    if (line.text === "-" || line.text.startsWith("- ")) return this.list(line.indent, depth);
    return KEY.test(line.text) ? this.mapping(line.indent, depth) : this.scalar(line.text, line.indent);
  }

  private list(indent: number, depth: number): Yaml[] {
    const items: Yaml[] = [];
    for (let line = this.next(); line && line.indent === indent && /^-( |$)/.test(line.text); line = this.next()) {
      const rest = line.text.slice(1).trimStart();
      if (rest === "") {
        this.at++;
        items.push(this.block(indent + 1, depth + 1));
      } else {
        // The item stands on the line of its dash: as if it were on one of its own.
        const own = indent + line.text.length - rest.length;
        (this.lines as Line[])[this.at] = { indent: own, text: rest };
        items.push(this.block(own, depth + 1));
      }
    }
    return items;
  }

  private mapping(indent: number, depth: number): Yaml {
    const found: { [key: string]: Yaml } = {};
    for (let line = this.next(); line && line.indent === indent; line = this.next()) {
      const match = KEY.exec(line.text);
      if (!match) break;
      const key = unquoted(match[1]!);
      const rest = match[2] ?? "";
      if (rest === "" || rest.startsWith("#")) {
        this.at++;
        const below = this.next();
        const isList = below?.indent === indent && /^-( |$)/.test(below.text);
        found[key] = this.block(isList ? indent : indent + 1, depth + 1);
      } else found[key] = this.scalar(rest, indent + 1);
    }
    return found;
  }

  /** A scalar that begins with this text and may go on in lines that are indented further. */
  private scalar(first: string, indent: number): Yaml {
    this.at++;
    const style = /^([|>])[+-]?\d*$/.exec(first)?.[1];
    if (style) return this.literal(indent, style === "|" ? "\n" : " ");
    const quote = first[0] === '"' || first[0] === "'" ? first[0] : "";
    let text = first;
    while (this.at < this.lines.length && (quote ? !isClosed(text, quote) : true)) {
      const line = this.lines[this.at]!;
      if (line.text === "" ? !quote : line.indent < indent) break;
      text += line.text === "" ? "\n" : (text.endsWith("\n") ? "" : text.endsWith("\\") && quote === '"' ? "" : " ") + line.text;
      this.at++;
    }
    if (quote) return unquoted(text);
    const bare = text.replace(/\s+#.*$/, "");
    return /^(null|~|)$/i.test(bare) ? null : bare;
  }

  private literal(indent: number, joint: string): string {
    const parts: string[] = [];
    let own = -1;
    for (let line = this.lines[this.at]; line && (line.text === "" || line.indent >= indent); line = this.lines[this.at]) {
      if (own < 0 && line.text !== "") own = line.indent;
      parts.push(line.text === "" ? "" : " ".repeat(Math.max(0, line.indent - own)) + line.text);
      this.at++;
    }
    return parts.join(joint).trimEnd();
  }

  private next(): Line | undefined {
    this.skipEmpty();
    return this.lines[this.at];
  }

  private skipEmpty() {
    while (this.lines[this.at]?.text === "") this.at++;
  }
}

function isClosed(text: string, quote: string): boolean {
  if (quote === "'") return text.length > 1 && /[^']('')*'$|^''$|^'('')*'$/.test(text) && (text.match(/'/g)!.length % 2 === 0);
  return /^"(?:[^"\\]|\\[\s\S])*"$/.test(text);
}

function unquoted(text: string): string {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replace(/''/g, "'");
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1) {
    try {
      return String(JSON.parse(text.replace(/\\ /g, " ").replace(/\n/g, "\\n")));
    } catch {
      return text.slice(1, -1);
    }
  }
  return text;
}
