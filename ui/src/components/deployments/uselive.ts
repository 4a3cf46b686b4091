/** What goes on in a deployment now, with the last minutes of it and a colour for each variant. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { deploymentQuery, type Live, liveQuery } from "../../api/deployments";
import { drawnSamples, remember, type Sample, slotsFor } from "../../lib/livetraffic";

/** How often it is asked, in ms: more often while a canary moves. */
const MOVING = 2000;
const STEADY = 4000;

export interface Traffic {
  readonly live: Live | undefined;
  /** When the page heard that, in ms of its own clock. */
  readonly heard: number;
  readonly samples: readonly Sample[];
  readonly slots: ReadonlyMap<string, number>;
  /** Why nothing is known; null where something is. */
  readonly error: unknown;
}

interface Kept {
  readonly live: Live | undefined;
  readonly seen: readonly Sample[];
  readonly slots: ReadonlyMap<string, number>;
}

const FIRST: Kept = { live: undefined, seen: [], slots: new Map() };
const ORDER = ["current", "candidate", "shadow"];

export function useLive(name: string, enabled: boolean): Traffic {
  const [kept, keep] = useState(FIRST);
  const moving = kept.live?.state === "CANARY" || kept.live?.canary?.state === "RUNNING";
  const query = useQuery({ ...liveQuery(name, moving ? MOVING : STEADY), enabled });
  const live = query.data;
  if (live && live !== kept.live) {
    keep({ live, seen: remember(kept.seen, live), slots: slotsFor(kept.slots, namesOf(live)) });
  }
  useFollowing(name, live);
  return {
    live,
    heard: query.dataUpdatedAt,
    samples: drawnSamples(kept.seen, live),
    slots: kept.slots,
    error: live ? null : query.error,
  };
}

/** All that has a line, the current one first. */
function namesOf({ variants, series }: Live): string[] {
  const rank = (role: string) => (ORDER.includes(role) ? ORDER.indexOf(role) : ORDER.length);
  const listed = [...variants].sort((a, b) => rank(a.role) - rank(b.role)).map((item) => item.variant);
  return [...new Set([...listed, ...Object.keys(series?.variants ?? {})])];
}

/** What the router decides by itself changes the record and adds to the history: both are read again then. */
function useFollowing(name: string, live: Live | undefined): void {
  const queries = useQueryClient();
  const before = useRef("");
  const now = live ? JSON.stringify([live.state, live.canary?.state, live.canary?.step, live.variants.map((item) => [item.variant, item.role])]) : "";
  useEffect(() => {
    if (before.current && now && before.current !== now) {
      void queries.invalidateQueries({ queryKey: deploymentQuery(name).queryKey, exact: true });
      void queries.invalidateQueries({ queryKey: ["deployment", name, "history"] });
    }
    if (now) before.current = now;
  }, [name, now, queries]);
}
