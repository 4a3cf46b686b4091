/** Which columns a table of runs has: what varies and what is measured, found from the runs themselves. */

import type { Run } from "../api/queries";
import { toFloat } from "./format";
import { isReserved } from "./tags";

/** A column's id: `metrics.<key>`, `params.<key>`, `tags.<key>`, or an attribute such as `status`. */
export type ColumnId = string;

const LOWER = /(loss|error|err|rmse|mae|mse|mape|perplexity|ppl|wer|cer|brier|latency|time|duration)/i;
const HIGHER = /(acc|accuracy|auc|roc|f1|fbeta|precision|recall|score|r2|map|bleu|rouge|iou|dice|mcc|kappa|reward)/i;
const JUDGED = /(^|[/_.\- ])(val|valid|validation|eval|dev|holdout|cv)([/_.\- ]|$)/i;
const TESTED = /(^|[/_.\- ])test([/_.\- ]|$)/i;

/** -1 where less of a metric is better, 1 where more is, 0 where its name does not say. */
export function direction(key: string): -1 | 0 | 1 {
  if (LOWER.test(key)) return -1;
  return HIGHER.test(key) ? 1 : 0;
}

/** Metric keys of the runs, the telling ones first: judged on held-out data, then logged by most runs. */
export function rankMetrics(runs: readonly Run[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) for (const key of Object.keys(run.metrics)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const weight = (key: string) =>
    (counts.get(key)! / runs.length) * 2 +
    (JUDGED.test(key) ? 2 : TESTED.test(key) ? 1.5 : 0) +
    (direction(key) !== 0 ? 1 : 0) -
    (isSystem(key) ? 10 : 0);
  return [...counts.keys()].sort((a, b) => weight(b) - weight(a) || a.localeCompare(b));
}

/** What the machine did, logged beside what the model did. */
export function isSystem(key: string): boolean {
  return key.startsWith("system/");
}

/** Parameter keys, those that differ between runs first; a value that differs in every run tells less. */
export function rankParams(runs: readonly Run[]): { key: string; distinct: number }[] {
  const values = new Map<string, Set<string>>();
  for (const run of runs) {
    for (const [key, value] of Object.entries(run.params)) {
      const seen = values.get(key);
      if (seen) seen.add(value);
      else values.set(key, new Set([value]));
    }
  }
  const keys = [...values].map(([key, seen]) => ({ key, distinct: seen.size }));
  const weight = (item: { key: string; distinct: number }) => {
    if (item.distinct < 2) return 0;
    return item.distinct > Math.max(8, runs.length / 2) ? 1 : 2;
  };
  return keys.sort((a, b) => weight(b) - weight(a) || a.key.localeCompare(b.key));
}

/** The columns that are shown before anybody chose: state, two metrics, three params that vary, when. */
export function chooseColumns(runs: readonly Run[]): ColumnId[] {
  const metrics = rankMetrics(runs).filter((key) => !isSystem(key));
  const params = rankParams(runs).filter((item) => item.distinct > 1);
  return [
    "status",
    ...metrics.slice(0, 2).map((key) => `metrics.${key}`),
    ...params.slice(0, 3).map((item) => `params.${item.key}`),
    "start_time",
  ];
}

/** All columns that the runs offer, for the picker. */
export function allColumns(runs: readonly Run[]): ColumnId[] {
  const tags = new Set<string>();
  for (const run of runs) for (const key of Object.keys(run.tags)) if (!isReserved(key)) tags.add(key);
  return [
    "status",
    "start_time",
    "duration",
    "user_id",
    ...rankMetrics(runs).map((key) => `metrics.${key}`),
    ...rankParams(runs).map((item) => `params.${item.key}`),
    ...[...tags].sort().map((key) => `tags.${key}`),
  ];
}

export function columnTitle(id: ColumnId): string {
  const titles: Record<string, string> = {
    status: "State",
    start_time: "Created",
    duration: "Duration",
    user_id: "User",
    run_name: "Run",
  };
  return titles[id] ?? id.replace(/^(metrics|params|tags)\./, "");
}

/** Columns whose cells are numbers and stand at the right; of params, those where every value is one. */
export function numericColumns(runs: readonly Run[], columns: readonly ColumnId[]): ReadonlySet<ColumnId> {
  const isNumber = (text: string | undefined) => text === undefined || (text !== "" && Number.isFinite(Number(text)));
  return new Set(
    columns.filter((id) => {
      if (id.startsWith("params.")) return runs.every((run) => isNumber(run.params[id.slice(7)]));
      return id.startsWith("metrics.") || id === "duration";
    }),
  );
}

/** Keys of metrics with a curve first, then those with a single value, those of the machine last. */
export function chartOrder(runs: readonly Run[]): string[] {
  const curve = (key: string) => runs.some((run) => (run.metrics[key]?.count ?? 0) > 1);
  const place = (key: string) => (isSystem(key) ? 2 : curve(key) ? 0 : 1);
  return rankMetrics(runs).sort((a, b) => place(a) - place(b));
}

/** The term of `order_by` for a column, or "" where the server cannot sort by it. */
export function orderTerm(sort: string): string {
  if (!sort) return "";
  const descending = sort.startsWith("-");
  const id = descending ? sort.slice(1) : sort;
  if (id === "duration") return "";
  return `${orderKey(id)} ${descending ? "DESC" : "ASC"}`;
}

/** The best value of a metric among runs, or NaN where its name does not say which way is better. */
export function bestValue(runs: readonly Run[], key: string): number {
  const way = direction(key);
  let best = NaN;
  if (way === 0) return best;
  for (const run of runs) {
    const value = toFloat(run.metrics[key]?.last);
    if (!Number.isNaN(value) && (Number.isNaN(best) || value * way > best * way)) best = value;
  }
  return best;
}

function orderKey(id: ColumnId): string {
  const dot = id.indexOf(".");
  if (dot < 0) return `attributes.${id}`;
  return `${id.slice(0, dot)}.\`${id.slice(dot + 1)}\``;
}
