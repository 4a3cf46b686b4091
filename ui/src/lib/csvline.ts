/** Lines of a table in a text file. */

type Value = string | number | boolean | null | undefined;

/** Cells as a line of a table; what a spreadsheet would take for a formula is kept from being one. */
export function csvLine(cells: readonly Value[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: Value): string {
  if (cell === null || cell === undefined) return "";
  const text = String(cell);
  const safe = typeof cell === "string" && /^[=+@\t\r]|^-(?![\d.]|Infinity)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
