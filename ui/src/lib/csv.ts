/** Tables in text files: comma, semicolon or tab between cells, quotes as spreadsheets write them. */

export function parseCsv(text: string, rows: number): string[][] {
  const mark = delimiter(text.slice(0, text.indexOf("\n") + 1) || text);
  const table: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length && table.length < rows; at++) {
    const char = text[at]!;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (char === '"' && cell === "") quoted = true;
    else if (char === mark) {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      row.push(cell.replace(/\r$/, ""));
      table.push(row);
      row = [];
      cell = "";
    } else cell += char;
  }
  if (table.length < rows && (cell !== "" || row.length > 0)) table.push([...row, cell.replace(/\r$/, "")]);
  return table;
}

function delimiter(head: string): string {
  const counts = [",", ";", "\t"].map((mark) => ({ mark, count: head.split(mark).length }));
  return counts.reduce((a, b) => (b.count > a.count ? b : a)).mark;
}
