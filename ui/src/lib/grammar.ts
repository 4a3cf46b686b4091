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
const WORDS = new Set(["and", "or", "not", "like", "ilike", "in", "is", "null", "as", "number", "now"]);
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

/** A stretch of a filter, in the units that strings here are counted in. */
export interface Place {
  start: number;
  end: number;
}

/** Where the server's mistake stands in `filter`, which it may not be about; null then. The server counts code points. */
export function placeOf(mistake: { text: string; start: number; end: number }, filter: string): Place | null {
  if (mistake.text !== filter) return null;
  const points = Array.from(filter);
  const units = (count: number) => points.slice(0, count).join("").length;
  return { start: units(mistake.start), end: units(mistake.end) };
}

/** `text` as a quoted value of the grammar. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A filter for things whose name holds `text`; none for "". */
export function nameFilter(text: string): string {
  return text ? `name ILIKE ${quote(`%${text}%`)}` : "";
}

function isWord(name: string): boolean {
  const lower = name.toLowerCase();
  return WORDS.has(lower) || SCOPES.has(lower);
}
