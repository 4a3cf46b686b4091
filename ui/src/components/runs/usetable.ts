/** What the table of a workspace is made of: its columns, its rows, what is best, what is drawn. */

import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ApiError } from "../../api/client";
import { bestQuery, countsQuery, firstRunsQuery, keysQuery, loadGroups, loadRuns, PARENT_TAG, type RunScope, someRunsQuery, type View } from "../../api/runs";
import type { RunKey } from "../../api/types";
import { chooseColumns, columnOf, type ColumnId, differs, direction, isNumeric, keyOf, orderTerms } from "../../lib/columns";
import { askedFilter, both } from "../../lib/conditions";
import { toFloat } from "../../lib/format";
import type { GroupItem, Item, RowModel, RunItem, Source } from "../../lib/rowmodel";
import type { WorkspaceView } from "../../lib/viewstate";
import type { Mistake } from "../queryfield";
import { type Rows, useRows } from "./usemodel";

export const FIRST_DRAWN = 6;
/** Runs of a group that come along, to be drawn; all drawn groups together stay below what one request of lines takes. */
const MEMBERS = 16;
/** Columns whose best value is asked for. */
const JUDGED = 6;
const NO_KEYS: readonly RunKey[] = [];
const VIEWS: Record<WorkspaceView["shown"], View> = { active: "ACTIVE_ONLY", deleted: "DELETED_ONLY", all: "ALL" };

export interface Table {
  keys: readonly RunKey[];
  scope: RunScope;
  order: readonly string[];
  /** What was chosen, or found from the data. */
  columns: readonly ColumnId[];
  /** Of these what is shown. */
  shown: readonly ColumnId[];
  grouped: boolean;
  nested: boolean;
  rows: Rows | null;
  /** How many runs match. */
  total: number | null;
  running: number;
  dimmed: boolean;
  error: unknown;
  mistake: Mistake | null;
}

export function useTable(experimentIds: readonly string[], view: WorkspaceView, settled: boolean): Table {
  const found = useQuery(keysQuery(experimentIds));
  const keys = found.data ?? NO_KEYS;
  const known = settled && (!found.isPending || view.cols !== null);
  const chosen = useSettled(experimentIds.join(), found.isPending || found.isPlaceholderData ? null : keys);
  const columns = useMemo(() => {
    const own = view.cols ?? chosen;
    return experimentIds.length > 1 && !own.includes("experiment_id") ? ["experiment_id", ...own] : own;
  }, [view.cols, chosen, experimentIds]);
  // Keys are asked for again and again, and the address is read anew after each change: only what differs asks for rows.
  const shown = useSame(view.differing ? columns.filter((id) => differs(keys, id)) : columns);
  const group = useSame(view.group);
  const grouped = group.length > 0;
  const parents = keys.some((key) => key.kind === "tag" && key.key === PARENT_TAG);
  const nested = !grouped && (view.tree ?? (parents && view.q === "" && view.sort.length === 0));
  const filter = askedFilter(view.q, view.hidden);
  const scope = useMemo<RunScope>(() => ({ experimentIds, filter, view: VIEWS[view.shown] }), [experimentIds, filter, view.shown]);
  const orderKey = orderTerms(keys, view.sort).join("\n");
  const order = useMemo(() => orderKey.split("\n").filter(Boolean), [orderKey]);
  const numbers = useSame(shown.filter((id) => isNumeric(keys, id) && columnOf(id).kind !== "attribute"));
  const groupOrder = useSame(groupOrderOf(view, numbers));
  const source = useMemo<Source | null>(() => {
    if (!known) return null;
    const below = (item: Item) =>
      item.kind === "group"
        ? loadRuns({ ...scope, filter: both(scope.filter, item.key) }, order, shown, null)
        : loadRuns(scope, order, shown, item.key);
    const by = { by: group, columns: numbers, order: groupOrder, members: MEMBERS };
    return { top: grouped ? loadGroups(scope, by) : loadRuns(scope, order, shown, nested ? "" : null), below };
  }, [known, scope, order, shown, nested, grouped, group, numbers, groupOrder]);
  const rows = useRows(JSON.stringify([scope, grouped ? [group, groupOrder] : order, nested]), source);

  const plain = view.q === "" && view.hidden.length === 0 && view.shown === "active";
  const all = plain ? keyOf(keys, "status")?.runs : undefined;
  const later = useLater(known && (all !== undefined || !(grouped || nested)));
  useSyncExternalStore(rows?.asked.subscribe ?? nothing, rows?.asked.state ?? zero);
  const ready = rows?.model.ready ?? false;
  const complete = ready && !grouped && !nested && rows!.model.complete;
  const counted = useQuery({ ...countsQuery(scope), enabled: known && later && !complete, retry: false });
  const total = !ready ? null : grouped || nested ? (counted.data?.total ?? all ?? null) : rows!.model.total;
  const error = rows?.asked.error ?? null;
  const mistake = mistakeOf(error, view.q, filter);
  const dimmed = rows !== null && ready && (rows.asked !== rows.model || error !== null);
  const running = complete ? rows!.model.loaded().filter((item) => item.kind === "run" && item.status === "RUNNING").length : (counted.data?.running ?? 0);
  return { keys, scope, order, columns, shown, grouped, nested, rows, total, running, dimmed, error: mistake ? null : error, mistake };
}

/** The best value of each column of a metric whose name says which way is better. */
export function useBest(table: Table): Readonly<Record<string, number>> {
  const { shown, scope, rows, keys } = table;
  const model = rows?.model;
  const state = useSyncExternalStore(model?.subscribe ?? nothing, model?.state ?? zero);
  const judged = useMemo(
    () => shown.filter((id) => columnOf(id).kind === "metric" && /^(last|min|max)$/.test(columnOf(id).figure) && direction(columnOf(id).key) !== 0),
    [shown],
  );
  const complete = (model?.complete ?? false) && !table.grouped;
  const plain = scope.filter === "" && scope.view === "ACTIVE_ONLY";
  const asked = complete || !model?.ready ? [] : judged.filter((id) => !plain || columnOf(id).figure !== "last").slice(0, JUDGED);
  const answers = useQueries({
    queries: asked.map((id) => bestQuery(scope, id, direction(columnOf(id).key) > 0)),
    combine: (results) => results.map((result) => result.data),
  });
  return useMemo(() => {
    const best: Record<string, number> = {};
    for (const id of judged) {
      const way = direction(columnOf(id).key);
      const key = keyOf(keys, id);
      if (complete && model && state >= 0) best[id] = bestOf(model.loaded(), id, way);
      else if (asked.includes(id)) best[id] = answers[asked.indexOf(id)] ?? NaN;
      else if (key) best[id] = toFloat(way > 0 ? key.maximum : key.minimum);
    }
    return best;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `asked` follows from the others, and is another list each time
  }, [judged, keys, complete, model, state, answers]);
}

/** The least and the greatest value of the columns that are tinted. */
export function useHeat(table: Table, wanted: boolean): Readonly<Record<string, readonly [number, number]>> | null {
  const { keys, shown } = table;
  return useMemo(() => {
    if (!wanted) return null;
    const heat: Record<string, readonly [number, number]> = {};
    for (const id of shown) {
      const key = keyOf(keys, id);
      if (!key || columnOf(id).figure === "count" || key.minimum === null || key.maximum === null) continue;
      heat[id] = [toFloat(key.minimum), toFloat(key.maximum)];
    }
    return heat;
  }, [keys, shown, wanted]);
}

export interface DrawnRun {
  runId: string;
  name: string;
  slot: number;
  live: boolean;
}

export interface DrawnGroup {
  name: string;
  slot: number;
  runIds: readonly string[];
}

/** The colour slots, and what stands in them; runs that the table has not fetched are asked for at once. */
export function useDrawn(table: Table, view: WorkspaceView) {
  const { rows, grouped, nested, shown, scope } = table;
  const model = rows?.model;
  const state = useSyncExternalStore(model?.subscribe ?? nothing, model?.state ?? zero);
  const loaded = useMemo(() => (model && state >= 0 ? model.loaded() : []), [model, state]);
  const metric = shown.find((id) => columnOf(id).kind === "metric" && columnOf(id).figure !== "line");
  const first = useSame(
    useMemo(() => {
      const runs = topRuns(model, state).filter((item) => metric === undefined || (item.cells[metric] ?? null) !== null);
      return runs.slice(0, FIRST_DRAWN).map((item) => item.key);
    }, [model, state, metric]),
  );
  // Where the runs with points all lie below runs that have none, and are folded, there is something to draw all the same.
  const hidden = nested && (model?.ready ?? false) && first.length === 0 && view.runs === null;
  const below = useQuery({ ...firstRunsQuery(scope, metric ?? "", FIRST_DRAWN), enabled: hidden && metric !== undefined });
  const found = hidden ? (below.data ?? NO_RUNS) : NO_RUNS;
  const drawn = useSame(hidden ? found.map((item) => item.key) : first);
  const slots = view.runs ?? (grouped ? NONE : drawn);
  const known = useMemo(() => new Map([...found, ...loaded].flatMap((item) => (item.kind === "run" ? [[item.key, item] as const] : []))), [found, loaded]);
  const missing = useSame(slots.filter((id) => id !== "" && !known.has(id)));
  const fetched = useQuery({ ...someRunsQuery(scope.experimentIds, missing, NONE), enabled: missing.length > 0, placeholderData: keepPreviousData });
  const runs = useSame(
    useMemo<DrawnRun[]>(() => {
      const all = new Map([...(fetched.data ?? []).map((item) => [item.key, item] as const), ...known]);
      return slots.flatMap((id, slot) => {
        const item = all.get(id);
        return item ? [{ runId: id, name: item.name, slot, live: item.status === "RUNNING" }] : [];
      });
    }, [slots, known, fetched.data]),
  );
  const every = useMemo(() => loaded.filter((item): item is GroupItem => item.kind === "group"), [loaded]);
  const groupSlots = useSame(grouped ? (view.groups ?? every.slice(0, FIRST_DRAWN).map((group) => group.name)) : NONE);
  const groups = useSame(
    groupSlots.flatMap((name, slot): DrawnGroup[] => {
      const group = every.find((item) => item.name === name);
      return group && name !== "" ? [{ name, slot, runIds: group.runIds }] : [];
    }),
  );
  return { slots, groupSlots, runs, groups };
}

const NONE: readonly string[] = [];
const NO_RUNS: readonly RunItem[] = [];

function topRuns(model: RowModel | undefined, state: number): RunItem[] {
  if (!model || state < 0) return [];
  const runs: RunItem[] = [];
  for (let index = 0; index < Math.min(model.size, 60); index++) {
    const { item } = model.row(index);
    if (item?.kind === "run") runs.push(item);
  }
  return runs;
}

function bestOf(items: readonly Item[], id: ColumnId, way: -1 | 0 | 1): number {
  let best = NaN;
  for (const item of items) {
    if (item.kind !== "run") continue;
    const value = toFloat(item.cells[id]);
    if (!Number.isNaN(value) && (Number.isNaN(best) || value * way > best * way)) best = value;
  }
  return items.length > 1 ? best : NaN;
}

function groupOrderOf(view: WorkspaceView, numbers: readonly ColumnId[]) {
  const [term] = view.sort;
  const id = term?.replace(/^-/, "");
  const descending = term?.startsWith("-") ?? true;
  if (id !== undefined && numbers.includes(id)) {
    return { by: "column" as const, column: numbers.indexOf(id), aggregate: view.aggregate, descending };
  }
  if (id !== undefined && (view.group.includes(id) || id === "run_name")) return { by: "value" as const, descending };
  return { by: "count" as const, descending: true };
}

function mistakeOf(error: unknown, filter: string, asked: string): Mistake | null {
  if (!(error instanceof ApiError) || error.status !== 400) return null;
  const { message, mistake } = error;
  if (!mistake || mistake.text !== asked || asked === filter) return { message, mistake };
  // What is asked has the filter in parentheses.
  return { message, mistake: { ...mistake, text: filter, start: mistake.start - 1, end: mistake.end - 1 } };
}

/** Columns once found from the data stay while runs come and go; else they would jump at every refresh. */
function useSettled(experiments: string, keys: readonly RunKey[] | null): readonly ColumnId[] {
  const [settled, setSettled] = useState<{ experiments: string; columns: ColumnId[] } | null>(null);
  if (keys && keys.length > 0 && settled?.experiments !== experiments) {
    const found = { experiments, columns: chooseColumns(keys) };
    setSettled(found);
    // At once: the rows that are asked for in this very turn are to have these columns.
    return found.columns;
  }
  return settled?.experiments === experiments ? settled.columns : NOTHING_CHOSEN;
}

/** What can wait does so until the table is there, unless it is needed at once. */
function useLater(canWait: boolean): boolean {
  const [later, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), 1500);
    return () => clearTimeout(timer);
  }, []);
  return later || !canWait;
}

const NOTHING_CHOSEN: readonly ColumnId[] = ["status", "start_time"];

/** The value that was there before, where the new one says the same. */
export function useSame<T>(value: T): T {
  const text = JSON.stringify(value);
  const [kept, setKept] = useState({ text, value });
  if (kept.text !== text) setKept({ text, value });
  return kept.text === text ? kept.value : value;
}

const nothing = () => () => undefined;
const zero = () => 0;
