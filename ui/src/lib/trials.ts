/** Experiments of a repository as a table: columns of metrics and params, groups by the commit they began at, sorted and filtered. */

import type { ExperimentColumn, ExperimentRow, ExperimentTable } from "../api/repository";
import { direction } from "./columns";
import { formatNumber, toFloat } from "./format";
import { compared } from "./tracked";

export interface Column {
  /** `metrics.<path>:<key>` or `params.<path>:<key>`. */
  id: string;
  kind: "metric" | "param";
  label: string;
  /** The file and the key in it. */
  title: string;
  path: string;
  key: string;
  numeric: boolean;
  /** Whether rows differ in it. */
  varies: boolean;
}

export type Value = string | number | boolean | null | undefined | object;

export interface Group {
  /** The commit, or the working tree. */
  head: ExperimentRow;
  rows: ExperimentRow[];
}

/** How many columns of each kind are shown before anybody chose. */
const AT_FIRST = 8;

export function valueOf(row: Pick<ExperimentRow, "metrics" | "params">, column: Pick<Column, "kind" | "path" | "key">): Value {
  const files = column.kind === "metric" ? row.metrics : row.params;
  return files[column.path]?.[column.key] as Value;
}

export function columnsOf(table: ExperimentTable): Column[] {
  const made = (kind: Column["kind"], { path, key, label }: ExperimentColumn): Column => {
    const column = { kind, path, key, label: label || path, title: key ? `${path}: ${key}` : path, id: `${kind}s.${path}:${key}` };
    const values = table.revisions.map((row) => valueOf(row, column)).filter((value) => value !== undefined && value !== null);
    return {
      ...column,
      numeric: values.length > 0 && values.every((value) => typeof value === "number"),
      varies: new Set(values.map((value) => JSON.stringify(value))).size > 1,
    };
  };
  return [
    ...table.metric_columns.map((column) => made("metric", column)),
    ...table.param_columns.map((column) => made("param", column)),
  ];
}

/** The columns of a choice; or those that tell most: metrics, and params that differ, of which there may be none yet. */
export function shownColumns(all: readonly Column[], chosen: string | undefined): Column[] {
  if (chosen !== undefined) {
    const byId = new Map(all.map((column) => [column.id, column]));
    return chosen.split("|").flatMap((id) => byId.get(id) ?? []);
  }
  const metrics = all.filter((column) => column.kind === "metric");
  const params = all.filter((column) => column.kind === "param");
  const differing = params.filter((column) => column.varies);
  return [...metrics.slice(0, AT_FIRST), ...(differing.length > 0 ? differing : params).slice(0, AT_FIRST)];
}

/** Columns as a text of the address. */
export function columnsText(columns: readonly Column[]): string {
  return columns.map((column) => column.id).join("|");
}

/** The rows below the commit that each began at; what has no commit in the table is a group of its own. */
export function groupsOf(rows: readonly ExperimentRow[]): Group[] {
  const groups: Group[] = [];
  const byRevision = new Map<string, Group>();
  for (const row of rows) {
    if (row.kind !== "workspace" && row.kind !== "commit") continue;
    const group = { head: row, rows: [] };
    groups.push(group);
    if (row.rev) byRevision.set(row.rev, group);
  }
  for (const row of rows) {
    if (row.kind === "workspace" || row.kind === "commit") continue;
    const group = byRevision.get(row.baseline);
    if (group) group.rows.push(row);
    else groups.push({ head: row, rows: [] });
  }
  return groups;
}

/** What an experiment is held against: the commit that it began at; of a commit the working tree is none, so it is the one it lies on. */
export function baselines(rows: readonly ExperimentRow[], head: string): Map<ExperimentRow, ExperimentRow> {
  const commits = new Map(rows.filter((row) => row.kind === "commit").map((row) => [row.rev, row]));
  const found = new Map<ExperimentRow, ExperimentRow>();
  for (const row of rows) {
    const base = row.kind === "workspace" ? commits.get(head) : row.kind === "commit" ? undefined : commits.get(row.baseline);
    if (base) found.set(row, base);
  }
  return found;
}

/** Whether a param has another value than at the baseline. */
export function isChanged(row: ExperimentRow, base: ExperimentRow | undefined, column: Column): boolean {
  if (!base || column.kind !== "param") return false;
  return JSON.stringify(valueOf(row, column)) !== JSON.stringify(valueOf(base, column));
}

export interface Step {
  text: string;
  tone: "ok" | "err" | "";
}

/** By how much a metric differs from that of the baseline, and whether that is better; null where there is no difference. */
export function stepFrom(row: ExperimentRow, base: ExperimentRow | undefined, column: Column): Step | null {
  if (!base || column.kind !== "metric") return null;
  const by = toNumber(valueOf(row, column)) - toNumber(valueOf(base, column));
  if (!Number.isFinite(by) || by === 0) return null;
  const better = direction(column.key) * Math.sign(by);
  // Two digits tell how much it is; the values stand beside it.
  const size = String(Number(Math.abs(by).toPrecision(2))).replace("e-", "e−");
  return { text: `${by > 0 ? "+" : "−"}${size}`, tone: better > 0 ? "ok" : better < 0 ? "err" : "" };
}

/** Of each metric whose name says what is better the best value among experiments. */
export function bestOf(rows: readonly ExperimentRow[], columns: readonly Column[]): Map<string, number> {
  const best = new Map<string, number>();
  for (const column of columns) {
    const sign = column.kind === "metric" && column.varies ? direction(column.key) : 0;
    const values = sign === 0 ? [] : rows.map((row) => toNumber(valueOf(row, column))).filter(Number.isFinite);
    if (values.length > 1) best.set(column.id, sign > 0 ? Math.max(...values) : Math.min(...values));
  }
  return best;
}

function toNumber(value: Value): number {
  return typeof value === "number" || typeof value === "string" ? toFloat(value) : NaN;
}

export function nameOf(row: ExperimentRow): string {
  if (row.kind === "workspace") return "Working tree";
  return row.name || row.rev.slice(0, 7);
}

/** A value as text: numbers with the digits that were chosen, what is nested as JSON. */
export function shownValue(value: Value, kind: Column["kind"]): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return kind === "metric" ? formatNumber(value) : String(value);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export interface Sort {
  column: string;
  descending: boolean;
}

export function sortOf(text: string | undefined): Sort | null {
  if (!text) return null;
  return { column: text.replace(/^-/, ""), descending: text.startsWith("-") };
}

/** The sort after a click on a column: that which shows the best or the newest first, then the other way, then none. */
export function sortAfter(text: string | undefined, column: string, descendsFirst: boolean): string {
  const now = sortOf(text);
  if (now?.column !== column) return descendsFirst ? `-${column}` : column;
  if (now.descending === descendsFirst) return descendsFirst ? column : `-${column}`;
  return "";
}

const ATTRIBUTES: Record<string, (row: ExperimentRow) => number | string | null> = {
  name: nameOf,
  kind: (row) => row.kind,
  at: (row) => row.at,
};

/** Rows in an order; what has no value comes last in both directions. */
export function ordered(rows: readonly ExperimentRow[], sort: Sort | null, columns: readonly Column[]): ExperimentRow[] {
  if (!sort) return [...rows];
  const column = columns.find((one) => one.id === sort.column);
  const read = ATTRIBUTES[sort.column] ?? ((row: ExperimentRow) => (column ? sortable(valueOf(row, column)) : null));
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [read(a), read(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * compared(left, right);
  });
}

function sortable(value: Value): number | string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "number" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Rows whose name, commit, message or a param hold the text; words are looked for one by one. */
export function filtered(rows: readonly ExperimentRow[], text: string, columns: readonly Column[]): ExperimentRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  const params = columns.filter((column) => column.kind === "param");
  return rows.filter((row) => {
    const said = [nameOf(row), row.rev, row.message, row.author, row.kind, ...params.map((column) => `${column.label}=${shownValue(valueOf(row, column), "param")}`)];
    const whole = said.join("\n").toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}

/** The command that brings the working tree to what a row had. */
export function applyCommand(row: ExperimentRow): string {
  return row.kind === "commit" ? `git checkout ${row.name || row.rev.slice(0, 7)} && treering data checkout` : `treering exp apply ${nameOf(row)}`;
}
