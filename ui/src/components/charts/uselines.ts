/** The lines of a chart: read for the runs that are drawn, at the fineness and range that are shown. */

import { useQueries, type UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { linesQuery } from "../../api/metrics";
import { type ChartData, chartData, type Strand } from "../../lib/chartdata";
import type { Line } from "../../lib/lines";
import { type DrawnGroup, type DrawnRun, useSettled, useShared } from "./state";

/** How often charts of running runs, and those of others, are read again while their data change, in ms. */
const LIVE = 2000;
const STILL = 30_000;

export interface ReadLines {
  readonly data: ChartData;
  /** Whether nothing has come yet. */
  readonly pending: boolean;
  readonly error: unknown;
  readonly retry: () => void;
}

/** Lines of some metrics, drawn as the page's view says; read while `enabled`. */
export function useLines(metrics: readonly string[], enabled: boolean, points: number): ReadLines {
  const { runs, groups, version, view, asked } = useShared();
  const { x, xKey, zoom } = view;
  const live = useSettled(version, LIVE);
  const still = useSettled(version, STILL);
  const ids = useMemo(() => drawnIds(runs, groups), [runs, groups]);
  const ask = { x, xKey, zoom: asked, points };
  // A page that does not say when its data change is asked again by the clock.
  const again: number | false = version === "" ? LIVE * 2 : false;
  const queries = metrics.flatMap((metric) => [
    { ...linesQuery(ids.still, metric, ask, still), enabled: enabled && ids.still.length > 0 },
    { ...linesQuery(ids.live, metric, ask, live), enabled: enabled && ids.live.length > 0, refetchInterval: again },
  ]);
  const { lines: read, ...state } = useQueries({ queries, combine });
  const lines = useKept(read, state.pending, `${x} ${xKey}`);
  const data = useMemo(
    () => chartData(strandsOf(metrics, runs, groups, lines), view),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- of the view only what draws lines, not what arranges cards
    [metrics, runs, groups, lines, x, xKey, zoom, view.logX, view.logY, view.smoothing, view.amount, view.clip, view.band, view.middle],
  );
  return { data, ...state, pending: state.pending && data.lines.length === 0 };
}

/** While finer points, or those of other runs, are on their way, what is there stays; over another axis it means nothing. */
function useKept(read: readonly Line[], pending: boolean, axis: string): readonly Line[] {
  const [kept, keep] = useState({ axis, lines: read });
  const now = pending && kept.axis === axis ? [...new Map([...kept.lines, ...read].map((line) => [`${line.runId} ${line.key}`, line])).values()] : read;
  const lines = useSame(now);
  if (lines !== kept.lines || axis !== kept.axis) keep({ axis, lines });
  return lines;
}

/** The array that was given before where it has the same items. */
function useSame<T>(items: readonly T[]): readonly T[] {
  const [same, put] = useState(items);
  if (same === items || (same.length === items.length && same.every((item, index) => item === items[index]))) return same;
  put(items);
  return items;
}

function combine(results: UseQueryResult<Line[]>[]) {
  const asked = results.filter((result) => result.isEnabled);
  const failed = asked.find((result) => result.isError);
  return {
    lines: results.flatMap((result) => result.data ?? []),
    pending: asked.length === 0 || asked.some((result) => result.isPending),
    error: failed?.error ?? null,
    retry: () => results.forEach((result) => void (result.isError && result.refetch())),
  };
}

/** The runs that are asked for, apart by whether they may grow; in an order that does not follow the colours. */
function drawnIds(runs: readonly DrawnRun[], groups: readonly DrawnGroup[]): { live: string[]; still: string[] } {
  const growing = new Set(runs.filter((run) => run.live).map((run) => run.runId));
  const all = groups.length > 0 ? groups.flatMap((group) => group.runIds) : runs.map((run) => run.runId);
  const distinct = [...new Set(all)].sort();
  return { live: distinct.filter((id) => growing.has(id)), still: distinct.filter((id) => !growing.has(id)) };
}

function strandsOf(
  metrics: readonly string[],
  runs: readonly DrawnRun[],
  groups: readonly DrawnGroup[],
  lines: readonly Line[],
): Strand[] {
  const known = new Map(lines.map((line) => [`${line.runId} ${line.key}`, line]));
  const found = (ids: readonly string[], metric: string) => ids.flatMap((id) => known.get(`${id} ${metric}`) ?? []);
  // One run with several metrics is told apart by colours, several runs have theirs already.
  const alone = runs.length === 1 && groups.length === 0 && metrics.length > 1;
  return metrics.flatMap((metric, place): Strand[] => {
    if (groups.length > 0) {
      return groups.map(({ name, slot, runIds }) => ({ id: name, name, slot, metric, place, grouped: true, lines: found(runIds, metric) }));
    }
    return runs.map(({ runId, name, slot }) => ({
      id: alone ? metric : runId,
      name,
      slot: alone ? place : slot,
      metric,
      place: alone ? 0 : place,
      grouped: false,
      lines: found([runId], metric),
    }));
  });
}
