/** Words of the search grammar, for colouring a filter and for pointing at a mistake. Only the server judges it. */

export type Kind = "word" | "key" | "text" | "number" | "sign" | "space";

export interface Token {
  kind: Kind;
  text: string;
  /** Its first character's place in the filter. */
  start: number;
}

const PATTERN =
  /(\s+)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)|(`[^`]*`?)|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_][\w/\-]*)|(.)/gisyu;
const WORDS = new Set(["and", "or", "not", "like", "ilike", "in", "is", "null"]);
const SCOPES = new Set(["metrics", "params", "tags", "attributes", "datasets", "metric", "param", "tag", "attribute"]);

export function tokens(filter: string): Token[] {
  const found: Token[] = [];
  for (const match of filter.matchAll(PATTERN)) {
    const [text, space, quoted, backquoted, number, name] = match;
    let kind: Kind = "sign";
    if (space !== undefined) kind = "space";
    else if (quoted !== undefined) kind = "text";
    else if (backquoted !== undefined) kind = "key";
    else if (number !== undefined) kind = "number";
    else if (name !== undefined) kind = isWord(name) ? "word" : "key";
    found.push({ kind, text, start: match.index });
  }
  return found;
}

/** The position, counted from 0, that the server's message points at; null where it names none. */
export function mistakeAt(message: string): number | null {
  const caret = message.split("\n").findIndex((line) => /^\s*\^/.test(line));
  if (caret > 0) {
    const lines = message.split("\n");
    const shown = lines[caret - 1] ?? "";
    return Math.max(0, lines[caret]!.indexOf("^") - (shown.length - shown.trimStart().length));
  }
  const named = /(?:character|position|column)\s+(\d+)/i.exec(message);
  return named ? Math.max(0, Number(named[1]) - 1) : null;
}

/** `text` as a quoted value of the grammar. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function isWord(name: string): boolean {
  const lower = name.toLowerCase();
  return WORDS.has(lower) || SCOPES.has(lower);
}
