/** What differs between runs: rows of a table, one for each thing, with one cell for each run. */

import type { Run } from "../api/types";
import { direction, isSystem } from "./columns";
import type { Environment } from "./environment";
import { formatNumber, toFloat } from "./format";
import { isReserved } from "./tags";

export interface Cell {
  /** What is shown; null where the run has none. */
  text: string | null;
  /** All of it, where `text` is shortened. */
  full?: string;
  /** Of cells that are numbers. */
  value?: number;
}

export interface Row {
  key: string;
  cells: Cell[];
  /** Whether the runs are not all the same here. */
  differs: boolean;
  /** -1 where less is better, 1 where more is, 0 where nothing says. */
  way: -1 | 0 | 1;
}

/** What a metric's row compares. */
export type Aggregate = "last" | "minimum" | "maximum";

export function paramRows(runs: readonly Run[]): Row[] {
  return rowsOf(runs.map((run) => new Map(Object.entries(run.params).map(([key, value]) => [key, { text: value }]))));
}

/** Tags that people gave; what programs keep for themselves is compared under code and environment. */
export function tagRows(runs: readonly Run[]): Row[] {
  return rowsOf(
    runs.map(
      (run) =>
        new Map(
          Object.entries(run.tags)
            .filter(([key]) => !isReserved(key))
            .map(([key, value]) => [key, { text: value }]),
        ),
    ),
  );
}

/** Metrics by their last values, or the least or greatest; those of the machine come last. */
export function metricRows(runs: readonly Run[], aggregate: Aggregate): Row[] {
  const rows = rowsOf(
    runs.map(
      (run) =>
        new Map(
          Object.entries(run.metrics).map(([key, item]) => {
            const value = toFloat(item[aggregate]);
            return [key, { text: item[aggregate] === null ? "—" : formatNumber(value), full: String(item[aggregate]), value }];
          }),
        ),
    ),
  );
  const ranked = rows.map((row) => ({ ...row, way: direction(row.key) }));
  return ranked.sort((a, b) => Number(isSystem(a.key)) - Number(isSystem(b.key)) || a.key.localeCompare(b.key));
}

/** Datasets by name and what they were used for; a cell is the version's digest. */
export function datasetRows(runs: readonly Run[]): Row[] {
  return rowsOf(
    runs.map((run) => {
      const cells = new Map<string, Cell>();
      for (const { dataset, tags } of run.datasets) {
        const use = tags?.["mlflow.data.context"];
        const key = use ? `${dataset.name} (${use})` : dataset.name;
        const before = cells.get(key)?.text;
        cells.set(key, { text: before ? `${before}, ${dataset.digest}` : dataset.digest });
      }
      return cells;
    }),
  );
}

/** Parts of the environment that are compared by themselves. */
const ELSEWHERE = new Set(["packages", "source"]);

/** Versions of packages by name. */
export function packageRows(environments: readonly (Environment | null)[]): Row[] {
  return rowsOf(
    environments.map((environment) => {
      const packages = Object.entries(environment?.packages ?? {});
      return new Map(packages.map(([name, version]) => [name, { text: version }]));
    }),
  );
}

/** Everything else in the environment: Python, platform, hardware, command. Git is compared as code. */
export function environmentRows(environments: readonly (Environment | null)[]): Row[] {
  return rowsOf(
    environments.map((environment) => {
      const rest = Object.entries(environment ?? {}).filter(([key]) => !ELSEWHERE.has(key));
      const known = [...flat(Object.fromEntries(rest))].filter(([, value]) => value !== "" && value !== "0");
      return new Map(known.map(([key, value]) => [key, { text: value }]));
    }),
  );
}

/** `value` as paths and texts: {a: {b: 1}} is "a.b" → "1"; lists are one text. */
export function flat(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const simple = Array.isArray(value) && value.every((item) => typeof item !== "object");
    return new Map([[path, simple ? value.join(" ") : typeof value === "string" ? value : JSON.stringify(value)]]);
  }
  return new Map(Object.entries(value).flatMap(([key, part]) => [...flat(part, path ? `${path}.${key}` : key)]));
}

/** How a number stands to the base's: the difference, and by how many per cent. */
export function delta(value: number | undefined, base: number | undefined): { difference: number; percent: number } | null {
  if (value === undefined || base === undefined || !Number.isFinite(value) || !Number.isFinite(base)) return null;
  const difference = value - base;
  return { difference, percent: base === 0 ? NaN : (100 * difference) / Math.abs(base) };
}

/** The places of the best values of a row; none where its name does not say which way is better, or all are equal. */
export function bestOf(row: Row): Set<number> {
  const values = row.cells.map((cell) => cell.value ?? NaN);
  const known = values.filter((value) => !Number.isNaN(value));
  if (row.way === 0 || known.length < 2 || known.every((value) => value === known[0])) return new Set();
  const best = row.way < 0 ? Math.min(...known) : Math.max(...known);
  return new Set(values.flatMap((value, index) => (value === best ? [index] : [])));
}

/** One column of cells for each thing, by their keys. */
export function rowsOf(columns: readonly Map<string, Cell>[]): Row[] {
  const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => a.localeCompare(b));
  return keys.map((key) => {
    const cells = columns.map((column) => column.get(key) ?? { text: null });
    const said = cells.map((cell) => cell.full ?? cell.text);
    return { key, cells, differs: said.some((text) => text !== said[0]), way: 0 };
  });
}
