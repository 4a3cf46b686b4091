/** Whether the server answers: learned from all that the pages ask, so that one line can say it for all of them. */

import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ApiError } from "../api/client";

export interface Connection {
  lost: boolean;
  /** When an answer came last, in ms; 0 before the first. */
  heard: number;
}

/** How often a server that is away is asked again, in ms. */
export const RETRY = 5000;

/** No answer at all, and what a gateway says for a server that is away. */
const AWAY = [0, 502, 503, 504];

let state: Connection = { lost: false, heard: 0 };
const listeners = new Set<() => void>();

/** Notes an answer (`error` is null) or a failure; a refusal is an answer. */
export function hear(error: unknown, at: number): void {
  if (error !== null && !(error instanceof ApiError)) return;
  const away = error !== null && AWAY.includes(error.status);
  const next = away ? { lost: true, heard: state.heard } : { lost: false, heard: at };
  const changed = next.lost !== state.lost;
  state = changed ? next : { ...state, heard: next.heard };
  if (changed) for (const listener of listeners) listener();
}

/** Follows what `queries` learn, and asks again while the server is away. To be called once. */
export function follow(queries: QueryClient, ask: () => Promise<unknown>): () => void {
  const stop = queries.getQueryCache().subscribe((event) => {
    if (event.type !== "updated") return;
    // An answer that was on its way when the network went says nothing of the network.
    if (event.action.type === "success" && navigator.onLine) hear(null, Date.now());
    else if (event.action.type === "error" || event.action.type === "failed") hear(event.action.error, Date.now());
  });
  const again = async () => {
    if (!state.lost) return;
    try {
      await ask();
    } catch {
      return;
    }
    hear(null, Date.now());
    await queries.invalidateQueries();
  };
  const timer = setInterval(() => void again(), RETRY);
  const online = () => void again();
  const offline = () => hear(new ApiError(0, "OFFLINE", "The network is down."), Date.now());
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  return () => {
    stop();
    clearInterval(timer);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
  };
}

export function connection(): Connection {
  return state;
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
