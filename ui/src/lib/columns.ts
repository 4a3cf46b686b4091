/** Which columns a table of runs has: what varies and what is measured, and how they are named to the server. */

import type { Run, RunKey } from "../api/types";
import { isReserved } from "./tags";

/**
 * A column's id: `metrics.<key>` with `:min`, `:max`, `:count` or `:line` (its curve in small) after it or none for the
 * last value; `params.<key>`, `tags.<key>`; or an attribute such as `status`.
 */
export type ColumnId = string;

export type Figure = "last" | "min" | "max" | "count" | "line";
export type ColumnKind = "metric" | "param" | "tag" | "attribute";

export interface Column {
  id: ColumnId;
  kind: ColumnKind;
  key: string;
  figure: Figure;
}

const LOWER = /(loss|error|err|rmse|mae|mse|mape|perplexity|ppl|wer|cer|brier|latency|time|duration)/i;
const HIGHER = /(acc|accuracy|auc|roc|f1|fbeta|prec|precision|recall|score|r2|map|bleu|rouge|iou|dice|mcc|kappa|reward)/i;
const JUDGED = /(^|[/_.\- ])(val|valid|validation|eval|dev|holdout|cv)([/_.\- ]|$)/i;
const TESTED = /(^|[/_.\- ])test([/_.\- ]|$)/i;
const FIGURE = /:(last|min|max|count|line)$/;
const SCOPES: Record<string, ColumnKind> = { metrics: "metric", params: "param", tags: "tag" };
const PREFIXES: Record<ColumnKind, string> = { metric: "metrics.", param: "params.", tag: "tags.", attribute: "" };
const TITLES: Record<string, string> = {
  run_name: "Run",
  status: "State",
  start_time: "Created",
  end_time: "Ended",
  duration: "Duration",
  user_id: "User",
  run_id: "Run id",
  experiment_id: "Experiment",
  artifact_uri: "Files at",
  "tags.mlflow.note.content": "Note",
};

/** What every row says of itself, so that no column is asked for. */
export const IN_EVERY_ROW: ReadonlySet<string> = new Set(
  ["run_name", "status", "start_time", "end_time", "duration", "user_id", "run_id", "experiment_id"],
);

/** What a column's id says. */
export function columnOf(id: ColumnId): Column {
  const dot = id.indexOf(".");
  const kind = dot > 0 ? SCOPES[id.slice(0, dot)] : undefined;
  if (kind === undefined) return { id, kind: "attribute", key: id.replace(/^attributes\./, ""), figure: "last" };
  const rest = id.slice(dot + 1);
  const figure = kind === "metric" ? FIGURE.exec(rest) : null;
  if (!figure) return { id, kind, key: rest, figure: "last" };
  return { id, kind, key: rest.slice(0, figure.index), figure: figure[1] as Figure };
}

/** The id of a column; `last` is only written where the key itself ends like a figure. */
export function idOf(kind: ColumnKind, key: string, figure: Figure = "last"): ColumnId {
  const plain = figure === "last" && !(kind === "metric" && FIGURE.test(key));
  return `${PREFIXES[kind]}${key}${plain ? "" : `:${figure}`}`;
}

/** A column as a term of the search grammar; null for one that has no value to search, its curve. */
export function fieldOf(id: ColumnId): string | null {
  const { kind, key, figure } = columnOf(id);
  if (kind === "attribute") return `attributes.${key}`;
  if (figure === "line") return null;
  const name = `${PREFIXES[kind]}${quotedKey(key)}`;
  return kind === "metric" && figure !== "last" ? `${name}.${figure}` : name;
}

/** A field as a person would write it: without quotes where none are needed. */
export function readableField(id: ColumnId): string {
  const { kind, key, figure } = columnOf(id);
  if (kind === "attribute") return key;
  const name = `${PREFIXES[kind]}${/^[A-Za-z_][\w/-]*$/.test(key) ? key : quotedKey(key)}`;
  return kind === "metric" && figure !== "last" && figure !== "line" ? `${name}.${figure}` : name;
}

function quotedKey(key: string): string {
  return key.includes("`") ? `"${key.replaceAll('"', '""')}"` : `\`${key}\``;
}

export function columnTitle(id: ColumnId): string {
  const known = TITLES[id];
  if (known !== undefined) return known;
  const { key, figure } = columnOf(id);
  if (figure === "last") return key;
  return figure === "line" ? `${key} curve` : `${key} ${figure}`;
}

/** -1 where less of a metric is better, 1 where more is, 0 where its name does not say. */
export function direction(key: string): -1 | 0 | 1 {
  if (LOWER.test(key)) return -1;
  return HIGHER.test(key) ? 1 : 0;
}

/** What the machine did, logged beside what the model did. */
export function isSystem(key: string): boolean {
  return key.startsWith("system/");
}

function metricWeight(key: string, share: number): number {
  const judged = JUDGED.test(key) ? 2 : TESTED.test(key) ? 1.5 : 0;
  return share * 2 + judged + (direction(key) !== 0 ? 1 : 0) - (isSystem(key) ? 10 : 0);
}

/** Metric keys of the runs, the telling ones first: judged on held-out data, then logged by most runs. */
export function rankMetrics(runs: readonly Run[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) for (const key of Object.keys(run.metrics)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const weight = (key: string) => metricWeight(key, counts.get(key)! / runs.length);
  return [...counts.keys()].sort((a, b) => weight(b) - weight(a) || a.localeCompare(b));
}

/** Keys of metrics with a curve first, then those with a single value, those of the machine last. */
export function chartOrder(runs: readonly Run[]): string[] {
  const curve = (key: string) => runs.some((run) => (run.metrics[key]?.count ?? 0) > 1);
  const place = (key: string) => (isSystem(key) ? 2 : curve(key) ? 0 : 1);
  return rankMetrics(runs).sort((a, b) => place(a) - place(b));
}

/** All that runs have, in the order in which it tells something about them. */
export function rankKeys(keys: readonly RunKey[]): RunKey[] {
  const most = Math.max(1, ...keys.map((key) => key.runs));
  const weight = (key: RunKey) => {
    if (key.kind === "metric") return metricWeight(key.key, key.runs / most);
    if (key.kind === "param") return key.distinct < 2 ? 0 : key.distinct > Math.max(8, most / 2) ? 1 : 2;
    return 0;
  };
  return [...keys].sort((a, b) => weight(b) - weight(a) || a.key.localeCompare(b.key));
}

/** The columns that are shown before anybody chose: state, two metrics, three params that vary, when. */
export function chooseColumns(keys: readonly RunKey[]): ColumnId[] {
  const ranked = rankKeys(keys);
  const metrics = ranked.filter((key) => key.kind === "metric" && !isSystem(key.key));
  const params = ranked.filter((key) => key.kind === "param" && key.distinct > 1);
  return [
    "status",
    ...metrics.slice(0, 2).map((key) => idOf("metric", key.key)),
    ...params.slice(0, 3).map((key) => idOf("param", key.key)),
    "start_time",
  ];
}

export interface Offer {
  id: ColumnId;
  /** How many runs have it. */
  runs: number;
}

/** The columns that can be chosen, by what they are about; of metrics the last value alone. */
export function offeredColumns(keys: readonly RunKey[]): Record<ColumnKind, Offer[]> {
  const offers: Record<ColumnKind, Offer[]> = { attribute: [], metric: [], param: [], tag: [] };
  const runs = Math.max(0, ...keys.map((key) => key.runs));
  for (const id of ["status", "start_time", "duration", "user_id", "end_time", "run_id", "artifact_uri"]) {
    const key = keys.find((other) => other.kind === "attribute" && other.key === id);
    offers.attribute.push({ id, runs: key?.runs ?? runs });
  }
  for (const key of rankKeys(keys)) {
    if (key.kind === "attribute") continue;
    if (key.kind === "tag" && isReserved(key.key)) {
      if (key.key === "mlflow.note.content") offers.tag.push({ id: idOf("tag", key.key), runs: key.runs });
      continue;
    }
    offers[key.kind].push({ id: idOf(key.kind, key.key), runs: key.runs });
  }
  return offers;
}

/** What is known of a column from the keys; undefined where no run has it. */
export function keyOf(keys: readonly RunKey[], id: ColumnId): RunKey | undefined {
  const { kind, key } = columnOf(id);
  return keys.find((other) => other.kind === kind && other.key === key);
}

/** Whether cells of a column are numbers, and stand at the right. */
export function isNumeric(keys: readonly RunKey[], id: ColumnId): boolean {
  const { kind, figure } = columnOf(id);
  if (kind === "metric") return figure !== "line";
  if (kind === "param") return keyOf(keys, id)?.numeric ?? false;
  return id === "duration";
}

/** Whether runs differ in a column, as far as the keys say. */
export function differs(keys: readonly RunKey[], id: ColumnId): boolean {
  const key = keyOf(keys, id);
  if (!key) return IN_EVERY_ROW.has(id);
  const most = Math.max(0, ...keys.map((other) => other.runs));
  if (key.runs < most) return true;
  if (key.kind === "metric") return key.minimum !== key.maximum;
  return key.distinct > 1 || key.kind === "attribute";
}

/** The terms of `order_by` for columns to sort by; a param that states numbers is sorted as one. */
export function orderTerms(keys: readonly RunKey[], sort: readonly string[]): string[] {
  return sort.flatMap((term) => {
    const descending = term.startsWith("-");
    const id = descending ? term.slice(1) : term;
    const field = fieldOf(id);
    if (field === null) return [];
    const number = columnOf(id).kind === "param" && isNumeric(keys, id) ? " AS NUMBER" : "";
    return [`${field}${number} ${descending ? "DESC" : "ASC"}`];
  });
}

/** Where a table is sorted by a column. */
export function sortOf(sort: readonly string[], id: ColumnId): "ascending" | "descending" | undefined {
  if (sort.includes(id)) return "ascending";
  return sort.includes(`-${id}`) ? "descending" : undefined;
}

/** The sort after a click on a column: ascending, descending, none; `more` keeps the other columns. */
export function sortAfter(sort: readonly string[], id: ColumnId, more: boolean): string[] {
  const now = sortOf(sort, id);
  const next = now === "ascending" ? [`-${id}`] : now === "descending" ? [] : [id];
  if (!more) return next;
  if (now === undefined) return [...sort, id];
  return sort.flatMap((term) => (term === id || term === `-${id}` ? next : [term]));
}

/** `items` with the one at `from` put at `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from);
  return [...rest.slice(0, to), items[from]!, ...rest.slice(to)];
}

export const NAME_WIDTH = 224;

/** How wide a column is before anybody changed it, in px. */
export function widthOf(id: ColumnId): number {
  if (id === "run_name") return NAME_WIDTH;
  if (id === "status") return 84;
  if (id === "start_time" || id === "end_time" || id === "duration" || id === "user_id") return 92;
  if (id === "run_id" || id === "artifact_uri" || id === "tags.mlflow.note.content") return 180;
  const { kind, figure } = columnOf(id);
  if (figure === "line") return 112;
  return Math.min(160, Math.max(kind === "metric" ? 88 : 72, columnTitle(id).length * 7 + 36));
}
