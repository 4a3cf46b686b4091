/** What the page of a run asks beyond the run itself, and what it changes. */

import { queryOptions } from "@tanstack/react-query";
import { messageOf, useEdit } from "../lib/edits";
import { quote } from "../lib/grammar";
import { notify } from "../lib/notices";
import api, { answer } from "./client";
import type { Run } from "./types";

/** Thinned curves for the small pictures in the table of metrics. */
export const sparksQuery = (runId: string, keys: readonly string[], live: boolean) =>
  queryOptions({
    queryKey: ["sparks", runId, keys],
    queryFn: async ({ signal }) => {
      const body = { run_ids: [runId], keys: [...keys], max_points: 60 };
      return (await answer(api.POST("/api/v1/metrics/sample", { body, signal }))).series;
    },
    enabled: keys.length > 0,
    staleTime: 10_000,
    refetchInterval: live ? 10_000 : false,
  });

/** Registered versions that came from a run. */
export const runVersionsQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run-versions", runId],
    queryFn: async ({ signal }) => {
      const body = { filter: `run_id = ${quote(runId)}`, max_results: 100 };
      return (await answer(api.POST("/api/v1/model-versions/search", { body, signal }))).versions;
    },
    staleTime: 10_000,
  });

export async function registerVersion(
  name: string,
  version: { source: string; run_id: string; model_id: string; description: string },
): Promise<number> {
  const params = { path: { name } };
  return (await answer(api.POST("/api/v1/registered-models/{name}/versions", { params, body: version }))).version;
}

export async function createModel(name: string): Promise<void> {
  await answer(api.POST("/api/v1/registered-models", { body: { name } }));
}

/** Keys of the queries that tell of a run. */
const TOUCHED = [["run"], ["runs"], ["rows"], ["children"]] as const;

/** The changes that the page of a run makes; each says what was done, and can be taken back. */
export function useRunEdits(run: Run) {
  const edit = useEdit();
  const runId = run.run_id;

  const putTag = async (key: string, value: string | undefined) => {
    if (value === undefined) {
      await answer(api.DELETE("/api/v1/runs/{run_id}/tags/{key}", { params: { path: { run_id: runId, key } } }));
    } else {
      await answer(api.POST("/api/v1/runs/log", { body: { batches: [{ run_id: runId, tags: { [key]: value } }], journal_id: "", end: 0 } as never }));
    }
  };
  const putName = async (name: string) => {
    await answer(api.PATCH("/api/v1/runs/{run_id}", { params: { path: { run_id: runId } }, body: { run_name: name } }));
  };
  const putDeleted = async (deleted: boolean) => {
    const params = { path: { run_id: runId } };
    if (deleted) await answer(api.DELETE("/api/v1/runs/{run_id}", { params }));
    else await answer(api.POST("/api/v1/runs/{run_id}/restore", { params }));
  };
  /** Does it, says so, and says why where it fails; whether it was done. */
  const attempt = async (said: string, act: () => Promise<void>, undo: () => Promise<void>): Promise<boolean> => {
    try {
      await edit({ said, act, undo, touches: TOUCHED });
      return true;
    } catch (error) {
      notify({ text: messageOf(error), kind: "failed" });
      return false;
    }
  };

  return {
    /** Sets a tag, or removes it where there is no value. */
    setTag: (key: string, value: string | undefined, said: string) => {
      const before = run.tags[key];
      return attempt(said, () => putTag(key, value), () => putTag(key, before));
    },
    rename: (name: string) => attempt(`Renamed to ${name}.`, () => putName(name), () => putName(run.run_name)),
    remove: () => attempt("The run was deleted.", () => putDeleted(true), () => putDeleted(false)),
    restore: () => attempt("The run was restored.", () => putDeleted(false), () => putDeleted(true)),
  };
}
