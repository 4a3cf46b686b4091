/** What is done to runs: one or many, or all that match; each can be taken back. */

import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { changeRuns, everyRow, NOTE_TAG, renameRun, type RunScope } from "../../api/runs";
import type { RunsChange } from "../../api/types";
import { idsFilter } from "../../lib/conditions";
import { idOf } from "../../lib/columns";
import { formatCount } from "../../lib/format";
import { notify } from "../../lib/notices";
import type { Cell, RunItem } from "../../lib/rowmodel";
import type { Selection } from "../../lib/selection";

/** Which runs: these, or all of a scope but some. */
export interface Target {
  scope: RunScope;
  selection: Selection;
}

export interface RunActions {
  remove: (target: Target) => Promise<void>;
  restore: (target: Target) => Promise<void>;
  setTags: (target: Target, tags: Readonly<Record<string, string>>) => Promise<void>;
  deleteTags: (target: Target, keys: readonly string[]) => Promise<void>;
  rename: (item: RunItem, name: string) => Promise<void>;
  setNote: (item: Pick<RunItem, "key" | "experimentId">, text: string) => Promise<void>;
}

const CHUNK = 400;

/** `changed` is called after each change, and after each that was taken back. */
export function useRunActions(changed: () => void): RunActions {
  const queries = useQueryClient();
  return useMemo(() => {
    const renewed = () => {
      changed();
      for (const key of ["run", "some-runs", "run-keys", "run-values", "run-counts", "best-run"]) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
    };
    const send = async (body: RunsChange) => {
      const ids = await changeRuns(body);
      renewed();
      return ids;
    };
    const attempt = async (what: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        notify({ kind: "failed", text: `${what}: ${error instanceof Error ? error.message : String(error)}` });
      }
    };
    const remove = (target: Target) =>
      attempt("The runs were not deleted", async () => {
        const ids = await send({ ...bodyOf(target), action: "delete" });
        const undo = () => send({ run_ids: ids, action: "restore" });
        notify({ kind: "done", text: `Deleted ${formatCount(ids.length, "run")}`, undo });
      });
    const restore = (target: Target) =>
      attempt("The runs were not restored", async () => {
        const ids = await send({ ...bodyOf(target), action: "restore" });
        const undo = () => send({ run_ids: ids, action: "delete" });
        notify({ kind: "done", text: `Restored ${formatCount(ids.length, "run")}`, undo });
      });
    const setTags = (target: Target, tags: Readonly<Record<string, string>>) =>
      attempt("The tags were not set", async () => {
        const before = await tagsBefore(target, Object.keys(tags));
        const ids = await send({ ...bodyOf(target), action: "set_tags", tags: { ...tags } });
        const names = Object.keys(tags).map(tagName).join(", ");
        notify({ kind: "done", text: `Set ${names} of ${formatCount(ids.length, "run")}`, undo: () => putBack(before, send) });
      });
    const deleteTags = (target: Target, keys: readonly string[]) =>
      attempt("The tags were not removed", async () => {
        const before = await tagsBefore(target, keys);
        const ids = await send({ ...bodyOf(target), action: "delete_tags", keys: [...keys] });
        const names = keys.map(tagName).join(", ");
        notify({ kind: "done", text: `Removed ${names} from ${formatCount(ids.length, "run")}`, undo: () => putBack(before, send) });
      });
    return {
      remove,
      restore,
      setTags,
      deleteTags,
      setNote: (item, text) => {
        const target = targetOf(item);
        return text ? setTags(target, { [NOTE_TAG]: text }) : deleteTags(target, [NOTE_TAG]);
      },
      rename: (item, name) =>
        attempt("The run was not renamed", async () => {
          await renameRun(item.key, name);
          renewed();
          const undo = async () => {
            await renameRun(item.key, item.name);
            renewed();
          };
          notify({ kind: "done", text: `Renamed ${item.name} to ${name}`, undo });
        }),
    };
  }, [queries, changed]);
}

/** One run as what something is done to. */
export function targetOf(item: Pick<RunItem, "key" | "experimentId">): Target {
  return {
    scope: { experimentIds: [item.experimentId], filter: "", view: "ALL" },
    selection: { all: false, ids: new Set([item.key]) },
  };
}

function bodyOf({ scope, selection }: Target): Omit<RunsChange, "action"> {
  if (!selection.all) return { run_ids: [...selection.ids] };
  return {
    run_ids: null,
    experiment_ids: [...scope.experimentIds],
    filter: scope.filter,
    view: scope.view,
    except_run_ids: [...selection.except],
  };
}

/** The scopes that find the runs of a target. */
export function scopesOf({ scope, selection }: Target): RunScope[] {
  if (selection.all) return [scope];
  const ids = [...selection.ids];
  const scopes: RunScope[] = [];
  for (let start = 0; start < ids.length; start += CHUNK) {
    scopes.push({ ...scope, filter: idsFilter(ids.slice(start, start + CHUNK)), view: "ALL" });
  }
  return scopes;
}

type Before = Map<string, { key: string; value: Cell; ids: string[] }>;

/** What the tags are before they change, so that this can be taken back. */
async function tagsBefore(target: Target, keys: readonly string[]): Promise<Before> {
  const before: Before = new Map();
  const columns = keys.map((key) => idOf("tag", key));
  const never = new AbortController().signal;
  for (const scope of scopesOf(target)) {
    for await (const { items } of everyRow(scope, [], columns, never)) {
      for (const item of items) {
        if (target.selection.all && target.selection.except.has(item.key)) continue;
        for (const [at, key] of keys.entries()) {
          const value = item.cells[columns[at]!] ?? null;
          const same = JSON.stringify([key, value]);
          const known = before.get(same);
          if (known) known.ids.push(item.key);
          else before.set(same, { key, value, ids: [item.key] });
        }
      }
    }
  }
  return before;
}

async function putBack(before: Before, send: (body: RunsChange) => Promise<string[]>): Promise<void> {
  for (const { key, value, ids } of before.values()) {
    if (value === null) await send({ run_ids: ids, action: "delete_tags", keys: [key] });
    else await send({ run_ids: ids, action: "set_tags", tags: { [key]: String(value) } });
  }
}

function tagName(key: string): string {
  return key === NOTE_TAG ? "the note" : key;
}
