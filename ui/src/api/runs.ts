/** What pages ask about runs, with the keys under which answers are cached. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import type { Load } from "../lib/blocks";
import { type ColumnId, fieldOf, IN_EVERY_ROW } from "../lib/columns";
import { both, idsFilter } from "../lib/conditions";
import { toFloat } from "../lib/format";
import { quote } from "../lib/grammar";
import type { Item, RunItem } from "../lib/rowmodel";
import api, { answer } from "./client";
import type { RunRows, RunsChange } from "./types";

type GroupOrder = components["schemas"]["GroupOrder"];
export type View = components["schemas"]["View"];

const MOST_KEYS = 5000;
const EXPORTED = 5000;
export const PARENT_TAG = "mlflow.parentRunId";
export const NOTE_TAG = "mlflow.note.content";

/** Which runs, as the server is asked for them. */
export interface RunScope {
  experimentIds: readonly string[];
  filter: string;
  view: View;
}

/** Everything that runs have a value for, with how many have it. */
export const keysQuery = (experimentIds: readonly string[]) =>
  queryOptions({
    queryKey: ["run-keys", experimentIds],
    queryFn: async ({ signal }) => {
      const body = { experiment_ids: [...experimentIds], limit: MOST_KEYS };
      return (await answer(api.POST("/api/v1/runs/keys", { body, signal }))).keys;
    },
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

/** Texts that runs have for a field, the most frequent first. */
export const valuesQuery = (experimentIds: readonly string[], field: string, text: string, limit = 12) =>
  queryOptions({
    queryKey: ["run-values", experimentIds, field, text, limit],
    queryFn: async ({ signal }) => {
      const body = { experiment_ids: [...experimentIds], field, text, limit };
      return (await answer(api.POST("/api/v1/runs/values", { body, signal }))).values;
    },
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    retry: false,
  });

/** How many runs match, and how many of them are running. */
export const countsQuery = (scope: RunScope) =>
  queryOptions({
    queryKey: ["run-counts", scope],
    queryFn: async ({ signal }) => {
      const body = { ...rowsOf(scope), by: ["attributes.status"], limit: 10 };
      const page = await answer(api.POST("/api/v1/runs/groups", { body, signal }));
      return { total: page.runs, running: page.groups.find((group) => group.values[0] === "RUNNING")?.count ?? 0 };
    },
    placeholderData: keepPreviousData,
  });

/** These runs, with these cells, in the order of the ids; those that are gone are left out. */
export const someRunsQuery = (experimentIds: readonly string[], ids: readonly string[], columns: readonly ColumnId[]) =>
  queryOptions({
    queryKey: ["some-runs", experimentIds, ids, columns],
    queryFn: async ({ signal }) => {
      if (ids.length === 0) return [];
      const scope: RunScope = { experimentIds, filter: idsFilter(ids), view: "ALL" };
      const asked = askedColumns(columns);
      const fields = asked.map((id) => fieldOf(id)!);
      const rows = await askRows({ ...rowsOf(scope), columns: fields, limit: ids.length }, signal);
      return runItems(rows, asked).sort((a, b) => ids.indexOf(a.key) - ids.indexOf(b.key));
    },
    placeholderData: keepPreviousData,
  });

/** The first runs of a scope that have a value in a column, however deep they lie below others. */
export const firstRunsQuery = (scope: RunScope, id: ColumnId, limit: number) =>
  queryOptions({
    queryKey: ["some-runs", "first", scope, id, limit],
    queryFn: async ({ signal }) => {
      const filter = both(scope.filter, `${fieldOf(id)!} IS NOT NULL`);
      return runItems(await askRows({ ...rowsOf({ ...scope, filter }), columns: [], limit }, signal), []);
    },
    placeholderData: keepPreviousData,
  });

/** The best value of a column among the runs of a scope. */
export const bestQuery = (scope: RunScope, id: ColumnId, descending: boolean) =>
  queryOptions({
    queryKey: ["best-run", scope, id, descending],
    queryFn: async ({ signal }) => {
      const field = fieldOf(id)!;
      const order_by = [`${field} ${descending ? "DESC" : "ASC"}`];
      const rows = await askRows({ ...rowsOf(scope), order_by, columns: [field], limit: 1 }, signal);
      return toFloat(rows.columns[0]?.[0]);
    },
    placeholderData: keepPreviousData,
  });

/** A list of runs for the table, of those below `parent` where it says so. */
export function loadRuns(scope: RunScope, order: readonly string[], columns: readonly ColumnId[], parent: string | null): Load<Item> {
  const asked = askedColumns(columns);
  const fields = asked.map((id) => fieldOf(id)!);
  return async (offset, limit, signal) => {
    const rows = await askRows({ ...rowsOf(scope), order_by: [...order], columns: fields, offset, limit, parent }, signal);
    return { total: rows.total, version: rows.version, items: runItems(rows, asked) };
  };
}

export interface Grouping {
  by: readonly ColumnId[];
  columns: readonly ColumnId[];
  order: GroupOrder;
  /** How many ids of each group come along. */
  members: number;
}

/** A list of groups for the table. */
export function loadGroups(scope: RunScope, { by, columns, order, members }: Grouping): Load<Item> {
  const fields = columns.map((id) => fieldOf(id)!);
  return async (offset, limit, signal) => {
    const body = { ...rowsOf(scope), by: by.map((id) => fieldOf(id)!), columns: fields, order, offset, limit, members };
    const page = await answer(api.POST("/api/v1/runs/groups", { body, signal }));
    const items = page.groups.map((group): Item => ({
      kind: "group",
      key: group.filter,
      name: groupName(group.values),
      values: group.values,
      count: group.count,
      runIds: group.run_ids,
      figures: Object.fromEntries(columns.map((id, index) => [id, group.columns[index] ?? null])),
    }));
    return { total: page.total, version: page.version, items };
  };
}

/** Changes many runs, and says which. */
export const changeRuns = (body: RunsChange): Promise<string[]> =>
  answer(api.POST("/api/v1/runs/change", { body })).then((changed) => changed.run_ids);

export const renameRun = (runId: string, name: string) =>
  answer(api.PATCH("/api/v1/runs/{run_id}", { params: { path: { run_id: runId } }, body: { run_name: name } }));

/** All rows of a scope, page by page; `progress` hears how many are there of how many. */
export async function* everyRow(
  scope: RunScope,
  order: readonly string[],
  columns: readonly ColumnId[],
  signal: AbortSignal,
): AsyncGenerator<{ items: RunItem[]; total: number }> {
  const asked = askedColumns(columns);
  const fields = asked.map((id) => fieldOf(id)!);
  for (let offset = 0; ; ) {
    const body = { ...rowsOf(scope), order_by: [...order], columns: fields, offset, limit: EXPORTED };
    const rows = await askRows(body, signal);
    const items = runItems(rows, asked);
    yield { items, total: rows.total };
    offset += items.length;
    if (items.length === 0 || offset >= rows.total) return;
  }
}

/** What a group is called: its values, one after the other. */
export function groupName(values: readonly (string | number | null)[]): string {
  return values.map((value) => (value === null ? "none" : String(value))).join(" · ");
}

type RowsBody = components["schemas"]["RowsQuery"];

function askRows(body: RowsBody, signal: AbortSignal): Promise<RunRows> {
  return answer(api.POST("/api/v1/runs/rows", { body, signal }));
}

function rowsOf(scope: RunScope) {
  return { experiment_ids: [...scope.experimentIds], filter: scope.filter, view: scope.view };
}

function askedColumns(columns: readonly ColumnId[]): ColumnId[] {
  return columns.filter((id) => !IN_EVERY_ROW.has(id) && fieldOf(id) !== null);
}

function runItems(rows: RunRows, columns: readonly ColumnId[]): RunItem[] {
  return rows.run_ids.map((key, index) => ({
    kind: "run",
    key,
    name: rows.names[index] || key,
    status: rows.statuses[index]!,
    experimentId: rows.experiment_ids[index]!,
    start: rows.start_times[index]!,
    end: rows.end_times[index]!,
    user: rows.users[index]!,
    active: rows.active[index]!,
    parent: rows.parents[index]!,
    children: rows.children[index]!,
    cells: Object.fromEntries(columns.map((id, column) => [id, rows.columns[column]![index] ?? null])),
  }));
}

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: runId } }, signal })),
    refetchInterval: (query) => (query.state.data?.status === "RUNNING" ? 3000 : false),
  });

export const childRunsQuery = (experimentId: string, runId: string) =>
  queryOptions({
    queryKey: ["children", runId],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: {
            experiment_ids: [experimentId],
            filter: `tags.\`${PARENT_TAG}\` = ${quote(runId)}`,
            max_results: 50,
            with_total: true,
          },
          signal,
        }),
      ),
  });
