/** The compare page's view as search parameters, and back. What is at its default is left out. */

import type { Aggregate } from "./compare";

export interface CompareView {
  runs: string[];
  /** The run that the others are held against; the first where it is not among them. */
  base: string;
  /** The run whose code and environment are held against the base's; "" is the first that is not the base. */
  other: string;
  onlyDifferences: boolean;
  aggregate: Aggregate;
  /** The open folder or file of the artifacts. */
  path: string;
}

/** Runs that one page compares; as many as there are colours. */
export const MOST_RUNS = 20;

const AGGREGATES: readonly Aggregate[] = ["last", "minimum", "maximum"];

export function decodeCompare(search: Record<string, string>): CompareView {
  const runs = [...new Set((search.runs ?? "").split(",").filter(Boolean))].slice(0, MOST_RUNS);
  const aggregate = AGGREGATES.find((name) => name === search.value) ?? "last";
  const base = runs.includes(search.base ?? "") ? search.base! : (runs[0] ?? "");
  const other = search.other !== base && runs.includes(search.other ?? "") ? search.other! : "";
  return { runs, base, other, onlyDifferences: search.diff === "1", aggregate, path: search.path ?? "" };
}

/** `rest` are the parameters of other parts of the page, which stay as they are. */
export function encodeCompare(view: CompareView, rest: Record<string, string> = {}): Record<string, string> {
  const search: Record<string, string> = {};
  for (const [key, value] of Object.entries(rest)) if (!OWN.has(key)) search[key] = value;
  if (view.runs.length > 0) search.runs = view.runs.join(",");
  if (view.base && view.base !== view.runs[0]) search.base = view.base;
  if (view.other) search.other = view.other;
  if (view.onlyDifferences) search.diff = "1";
  if (view.aggregate !== "last") search.value = view.aggregate;
  if (view.path) search.path = view.path;
  return search;
}

/** The parameters that belong to the rest of the page. */
export function others(search: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(search).filter(([key]) => !OWN.has(key)));
}

const OWN = new Set(["runs", "base", "other", "diff", "value", "path"]);
