/** Runs that were looked at while they ran, to say when they end. */

import { stored, useStored } from "./stored";

const MOST = 20;

const watched = stored("watched", (found): readonly string[] =>
  Array.isArray(found) ? (found as unknown[]).filter((id) => typeof id === "string").slice(0, MOST) : [],
);

export function useWatched(): readonly string[] {
  return useStored(watched);
}

export function watch(runId: string): void {
  if (!watched.get().includes(runId)) watched.set([runId, ...watched.get()].slice(0, MOST));
}

export function unwatch(runId: string): void {
  if (watched.get().includes(runId)) watched.set(watched.get().filter((other) => other !== runId));
}
