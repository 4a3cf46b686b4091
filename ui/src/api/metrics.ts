/** What charts ask about metrics and about many runs, with the keys under which answers are cached. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import type { XKind } from "../lib/chartstate";
import { quote } from "../lib/grammar";
import { decodeLines, type Line } from "../lib/lines";
import { fieldTerm } from "../lib/panels";
import api, { answer } from "./client";
import { keysQuery } from "./runs";

export type RunRows = components["schemas"]["RunRowsBody"];

/** Over which x, in which range of it, how finely. */
export interface LinesAsk {
  readonly x: XKind;
  readonly xKey: string;
  readonly zoom: readonly [number, number] | null;
  readonly points: number;
}

/** Most runs, and most keys, of one request. */
const MOST = 100;
/** Most runs that a panel looks at. */
export const MOST_ROWS = 5000;

interface Batch {
  readonly keys: Set<string>;
  readonly askers: Set<AbortSignal>;
  readonly controller: AbortController;
  readonly lines: Promise<Map<string, Line[]>>;
}

const gathering = new Map<string, Batch>();

/** Lines of one metric. Charts that ask in one turn for the same runs and the same range share one request. */
export const linesQuery = (runIds: readonly string[], key: string, ask: LinesAsk, version: string) =>
  queryOptions({
    queryKey: ["lines", key, ask.x, ask.xKey, runIds, ask.zoom, ask.points, version],
    queryFn: async ({ signal }) => (await gather(runIds, key, ask, signal)).get(key) ?? [],
    enabled: runIds.length > 0,
    staleTime: Infinity,
    gcTime: 30_000,
  });

/** Which fields a panel can be made of. */
export const fieldKeysQuery = (experimentIds: readonly string[]) => ({
  ...keysQuery(experimentIds),
  enabled: experimentIds.length > 0,
});

/** Some fields of the runs that match, column by column, the newest runs first. */
export const rowsQuery = (experimentIds: readonly string[], filter: string, fields: readonly string[], version: string) =>
  queryOptions({
    queryKey: ["fields-of-runs", experimentIds, filter, fields, version],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/rows", {
          body: { experiment_ids: [...experimentIds], filter, columns: fields.map(fieldTerm), limit: MOST_ROWS },
          signal,
        }),
      ),
    enabled: experimentIds.length > 0,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });

/** How many points each of some runs has of each metric; null where it has none. */
export const countsQuery = (experimentIds: readonly string[], runIds: readonly string[], keys: readonly string[], version: string) =>
  queryOptions({
    queryKey: ["point-counts", runIds, keys, version],
    queryFn: async ({ signal }) => {
      const body = {
        experiment_ids: [...experimentIds],
        filter: `attributes.run_id IN (${runIds.map(quote).join(", ")})`,
        view: "ALL" as const,
        columns: keys.map((key) => `${fieldTerm(`metrics.${key}`)}.count`),
        limit: runIds.length,
      };
      const rows = await answer(api.POST("/api/v1/runs/rows", { body, signal }));
      return new Map(keys.map((key, index) => [key, Math.max(0, ...(rows.columns[index] ?? []).map(Number))]));
    },
    enabled: runIds.length > 0 && keys.length > 0,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });

async function gather(runIds: readonly string[], key: string, ask: LinesAsk, signal: AbortSignal): Promise<Map<string, Line[]>> {
  const name = JSON.stringify([runIds, ask]);
  let batch = gathering.get(name);
  if (!batch || batch.keys.size >= MOST) {
    const keys = new Set<string>();
    const controller = new AbortController();
    const lines = new Promise((turn) => setTimeout(turn)).then(() => {
      if (gathering.get(name)?.keys === keys) gathering.delete(name);
      return fetchLines(runIds, [...keys], ask, controller.signal);
    });
    batch = { keys, askers: new Set(), controller, lines };
    gathering.set(name, batch);
  }
  const { keys, askers, controller, lines } = batch;
  keys.add(key);
  askers.add(signal);
  signal.addEventListener("abort", () => {
    if ([...askers].every((asker) => asker.aborted)) controller.abort();
  });
  return lines;
}

async function fetchLines(runIds: readonly string[], keys: string[], ask: LinesAsk, signal: AbortSignal): Promise<Map<string, Line[]>> {
  const parts: string[][] = [];
  for (let start = 0; start < runIds.length; start += MOST) parts.push(runIds.slice(start, start + MOST));
  const answers = await Promise.all(
    parts.map((part) => {
      const [first = null, last = null] = ask.zoom ?? [];
      const body = { run_ids: part, keys, x: ask.x, x_key: ask.xKey, first, last, points: ask.points };
      return answer(api.POST("/api/v1/metrics/lines", { body, signal }));
    }),
  );
  const found = new Map<string, Line[]>(keys.map((key) => [key, []]));
  for (const line of answers.flatMap(decodeLines)) found.get(line.key)?.push(line);
  return found;
}
