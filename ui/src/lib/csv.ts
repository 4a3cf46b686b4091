/** Tables in text files: comma, semicolon, tab or bar between cells, quotes as spreadsheets write them. */

const MARKS = [",", ";", "\t", "|"];

/** Reads a table that comes in parts; a part may end anywhere, within quotes too. */
export class CsvReader {
  private mark: string;
  private row: string[] = [];
  private cell = "";
  private quoted = false;
  /** Whether a quote was the last character of the part before, and may be one of two. */
  private open = false;

  constructor(mark = "") {
    this.mark = mark;
  }

  /** The rows that end in this part; with `last`, the one that ends with the file, too. */
  push(text: string, last: boolean): string[][] {
    if (!this.mark && text) this.mark = delimiter(text);
    const rows: string[][] = [];
    for (const char of text) {
      if (this.open) {
        this.open = false;
        if (char === '"') {
          this.cell += char;
          continue;
        }
        this.quoted = false;
      }
      if (this.quoted) {
        if (char === '"') this.open = true;
        else this.cell += char;
      } else if (char === '"' && this.cell === "") this.quoted = true;
      else if (char === this.mark) this.endCell();
      else if (char === "\n") this.endRow(rows);
      else this.cell += char;
    }
    if (last && (this.cell !== "" || this.row.length > 0)) this.endRow(rows);
    return rows;
  }

  private endCell() {
    this.row.push(this.cell);
    this.cell = "";
  }

  private endRow(rows: string[][]) {
    this.cell = this.cell.replace(/\r$/, "");
    this.endCell();
    // An empty line says nothing, unless the table has one column.
    rows.push(this.row);
    this.row = [];
  }
}

/** All rows of a text, or the first ones. */
export function parseCsv(text: string, rows = Infinity): string[][] {
  return new CsvReader().push(text, true).slice(0, rows);
}

/** The mark that stands most often outside of quotes in the first line. */
function delimiter(text: string): string {
  const end = text.indexOf("\n");
  const head = (end < 0 ? text : text.slice(0, end)).replace(/"[^"]*"/g, "");
  const counts = MARKS.map((mark) => ({ mark, count: head.split(mark).length }));
  return counts.reduce((a, b) => (b.count > a.count ? b : a)).mark;
}
