/** Colours for code. */

const LANGUAGES = new Set(["bash", "diff", "ini", "javascript", "json", "markdown", "python", "sql", "xml", "yaml"]);

/** Beyond this many characters code stays in one colour. */
export const MOST_HIGHLIGHTED = 1_000_000;
/** A line that is longer makes the library slow. */
const LONGEST_LINE = 20_000;

export function canHighlight(text: string, language: string): boolean {
  if (!LANGUAGES.has(language) || text.length > MOST_HIGHLIGHTED) return false;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    if ((end < 0 ? text.length : end) - from > LONGEST_LINE) return false;
    if (end < 0) break;
    from = end + 1;
  }
  return true;
}

/** HTML of the text: everything in it escaped, with spans around what has a colour. */
export async function highlight(text: string, language: string): Promise<string> {
  return (await import("./highlighter")).coloured(text, language);
}
