/** Points of the small curves in the table: of the rows in sight alone, many runs and metrics in one request. */

import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import api, { answer } from "../../api/client";
import { columnOf, type ColumnId } from "../../lib/columns";
import { decodeLines } from "../../lib/lines";

const POINTS = 30;
/** Runs of one request; a list of so many begins at a fixed place, so that scrolling asks for each run once. */
const BATCH = 50;

const NO_CURVES: ReadonlyMap<string, ArrayLike<number>> = new Map();

/** By run and column, with a line break between. */
export function useCurves(
  batches: readonly (readonly string[])[],
  columns: readonly ColumnId[],
  version: string,
): ReadonlyMap<string, ArrayLike<number>> {
  const metrics = useMemo(() => columns.map(columnOf).filter((column) => column.figure === "line"), [columns]);
  const keys = metrics.map((column) => column.key);
  const found = useQueries({
    queries: (keys.length > 0 ? batches : []).map((ids) => ({
      queryKey: ["curves", ids, keys, version],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const body = { run_ids: [...ids], keys, x: "step" as const, points: POINTS };
        return decodeLines(await answer(api.POST("/api/v1/metrics/lines", { body, signal })));
      },
      staleTime: 60_000,
      retry: false,
    })),
    combine: (results) => results.map((result) => result.data),
  });
  return useMemo(() => {
    if (metrics.length === 0) return NO_CURVES;
    const curves = new Map<string, ArrayLike<number>>();
    for (const lines of found) {
      for (const line of lines ?? []) {
        const id = metrics.find((column) => column.key === line.key)?.id;
        if (id !== undefined) curves.set(`${line.runId}\n${id}`, line.last);
      }
    }
    return curves;
  }, [found, metrics]);
}

/** Which rows are in sight, in whole lists; it changes only where others are to be asked for. */
export function useStretch(): [Stretch, (first: number, last: number) => void] {
  const [stretch, setStretch] = useState<Stretch>({ first: 0, last: BATCH - 1 });
  const set = useCallback((first: number, last: number) => {
    const next = { first: Math.floor(Math.max(0, first) / BATCH) * BATCH, last: Math.ceil((last + 1) / BATCH) * BATCH - 1 };
    setStretch((now) => (now.first === next.first && now.last === next.last ? now : next));
  }, []);
  return [stretch, set];
}

interface Stretch {
  first: number;
  last: number;
}

/** The runs of a stretch, in the lists in which they are asked for. */
export function batchesOf({ first, last }: Stretch, keyAt: (index: number) => string | undefined): string[][] {
  const batches: string[][] = [];
  for (let start = first; start <= last; start += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, place) => keyAt(start + place)).filter((id) => id !== undefined);
    if (ids.length > 0) batches.push(ids);
  }
  return batches;
}
