/** JSON as programs write it, NaN and Infinity of Python included, and what a JSON file turns out to be. */

import { isObject, type Table, tableOfValues } from "./tables";

const WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** The value; what JSON has no word for stands as text. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(WORDS, (word) => (word.startsWith('"') ? word : `"${word}"`));
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}

export type JsonKind = "table" | "plotly" | "vega" | "vega-lite" | "histogram" | "plain";

/** What a JSON file is for, as far as its contents tell. */
export function jsonKind(value: unknown): JsonKind {
  if (!isObject(value)) return "plain";
  const schema = typeof value.$schema === "string" ? value.$schema : "";
  if (/\/vega-lite\/|vega-lite/.test(schema)) return "vega-lite";
  if (/\/schema\/vega\//.test(schema)) return "vega";
  if (isTraces(value.data) && (value.layout === undefined || isObject(value.layout))) return "plotly";
  if (Array.isArray(value.columns) && isRows(value.data)) return "table";
  if (isNumbers(value.counts) && isNumbers(value.edges) && value.edges.length === value.counts.length + 1) return "histogram";
  return "plain";
}

/** The table that `log_table` or pandas' "split" wrote. */
export function splitTable(value: unknown): Table {
  const { columns, data } = value as { columns: unknown[]; data: unknown[][] };
  return tableOfValues(columns.map(String), data);
}

/** Addresses that a Vega figure would load from; such a figure is not drawn. */
export function loadedAddresses(spec: unknown, found: string[] = [], depth = 0): string[] {
  if (depth > 60 || found.length > 5) return found;
  if (Array.isArray(spec)) for (const item of spec) loadedAddresses(item, found, depth + 1);
  else if (isObject(spec)) {
    for (const [key, value] of Object.entries(spec)) {
      if (key === "url" && typeof value === "string") found.push(value);
      else if (key === "url" && isObject(value) && "signal" in value) found.push("an address that it computes");
      // Rows of data are not looked through: they are values, whatever they are called.
      else if (key !== "values") loadedAddresses(value, found, depth + 1);
    }
  }
  return found;
}

function isTraces(data: unknown): boolean {
  return Array.isArray(data) && data.length > 0 && data.every((trace) => isObject(trace) && hasSeries(trace));
}

function hasSeries(trace: Record<string, unknown>): boolean {
  if (typeof trace.type === "string") return true;
  return ["x", "y", "z", "values", "labels"].some((key) => Array.isArray(trace[key]) || isObject(trace[key]));
}

function isRows(data: unknown): boolean {
  return Array.isArray(data) && data.every(Array.isArray);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
