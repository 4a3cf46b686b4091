/** The answer about many runs as columns that panels can draw. */

import { fieldTitle } from "./panels";
import { categories, isNumeric, numberOf, spreadsWide } from "./statistics";

export interface FieldColumn {
  readonly field: string;
  readonly title: string;
  readonly numeric: boolean;
  /** As the server gave them; null where a run has none. */
  readonly cells: readonly (string | number | null)[];
  /** Numbers, or where the column has words the place of the word among `words`; NaN where a run has none. */
  readonly values: readonly number[];
  readonly words: readonly string[];
  /** Whether a logarithmic axis shows more. */
  readonly wide: boolean;
}

export interface RunTable {
  readonly runIds: readonly string[];
  readonly names: readonly string[];
  readonly starts: readonly number[];
  readonly columns: readonly FieldColumn[];
  /** How many runs match, of which the table may have only the newest. */
  readonly total: number;
}

interface Rows {
  readonly run_ids: readonly string[];
  readonly names: readonly string[];
  readonly start_times: readonly number[];
  readonly columns: readonly (readonly (string | number | null)[])[];
  readonly total: number;
}

export function runTable(rows: Rows, fields: readonly string[]): RunTable {
  return {
    runIds: rows.run_ids,
    names: rows.names.map((name, row) => name || rows.run_ids[row]!),
    starts: rows.start_times,
    columns: fields.map((field, index) => column(field, rows.columns[index] ?? [])),
    total: rows.total,
  };
}

function column(field: string, cells: readonly (string | number | null)[]): FieldColumn {
  const numeric = isNumeric(cells);
  const words = numeric ? [] : categories(cells);
  const place = new Map(words.map((word, index) => [word, index]));
  const values = cells.map((cell) => (cell === null ? NaN : numeric ? numberOf(cell) : place.get(String(cell))!));
  return { field, title: fieldTitle(field), numeric, cells, values, words, wide: numeric && spreadsWide(values) };
}

/** The rows that have a finite value in each of some columns. */
export function complete(table: RunTable, columns: readonly number[] = table.columns.map((_, index) => index)): number[] {
  return Array.from(table.runIds.keys()).filter((row) => columns.every((index) => Number.isFinite(table.columns[index]!.values[row])));
}

/** How many runs a panel shows, of how many. */
export function countText(shown: number, table: Pick<RunTable, "total" | "runIds">): string {
  const number = (count: number) => count.toLocaleString("en");
  if (table.total > table.runIds.length) return `${number(shown)} of the newest ${number(table.runIds.length)} of ${number(table.total)} runs`;
  return shown === table.total ? `${number(shown)} ${shown === 1 ? "run" : "runs"}` : `${number(shown)} of ${number(table.total)} runs`;
}
