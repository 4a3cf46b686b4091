/** What goes on beside every page: its title, the places that were visited, runs that end, the state of the line. */

import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useRouterState } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";
import { experimentQuery } from "../api/experiments";
import { runQuery } from "../api/runs";
import { serverQuery } from "../api/server";
import { follow, RETRY, useConnection } from "../lib/connection";
import { formatClock } from "../lib/format";
import { notify } from "../lib/notices";
import { addressOf, placeAt, visit } from "../lib/places";
import { usePreferences } from "../lib/preferences";
import { unwatch, useWatched, watch } from "../lib/watched";

/** Names the window after the page's heading; after going to another page the heading takes the focus. */
export function usePageHeading(main: RefObject<HTMLElement | null>): void {
  // The address changes before its page is there.
  const path = useRouterState({ select: (state) => (state.resolvedLocation ?? state.location).pathname });
  const before = useRef(path);
  const waits = useRef(false);
  useEffect(() => {
    const read = () => {
      const heading = main.current?.querySelector("h1");
      const text = heading?.textContent?.trim() ?? "";
      const title = text ? `${text} · Treering` : "Treering";
      if (document.title !== title) document.title = title;
      if (!waits.current || !heading || !text) return;
      waits.current = false;
      const active = document.activeElement;
      if (active?.closest("dialog") || (main.current?.contains(active) && active?.matches("input, textarea, select"))) return;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    };
    if (before.current !== path) {
      before.current = path;
      waits.current = true;
    }
    read();
    const observer = new MutationObserver(read);
    if (main.current) observer.observe(main.current, { subtree: true, childList: true, characterData: true });
    return () => observer.disconnect();
  }, [main, path]);
}

/** Remembers where the user is, once its name is known. */
export function useVisits(): void {
  const path = useLocation({ select: (location) => location.pathname });
  const { tellEnds } = usePreferences();
  const place = placeAt(path);
  const experiment = useQuery({ ...experimentQuery(place?.id ?? ""), enabled: place?.kind === "experiment", retry: false });
  const run = useQuery({ ...runQuery(place?.id ?? ""), enabled: place?.kind === "run", retry: false });
  let name = "";
  if (place?.kind === "experiment") name = experiment.data?.name ?? "";
  else if (place?.kind === "run") name = run.data ? run.data.run_name || run.data.run_id : "";
  else if (place?.kind === "version") name = place.id.replace(/\/(\d+)$/, " v$1");
  else if (place) name = place.id;
  const kind = place?.kind;
  const id = place?.id;
  useEffect(() => {
    if (kind && id && name) visit({ kind, id, name });
  }, [kind, id, name]);
  const runs = place?.kind === "run" && run.data?.status === "RUNNING";
  useEffect(() => {
    if (runs && tellEnds && id) watch(id);
  }, [runs, tellEnds, id]);
}

/** Says when a run ends that was looked at while it ran. */
export function RunEnds() {
  const { tellEnds } = usePreferences();
  const watched = useWatched();
  const runs = useQueries({
    queries: (tellEnds ? watched : []).map((runId) => ({
      ...runQuery(runId),
      refetchInterval: 10_000,
      refetchIntervalInBackground: true,
      retry: false,
    })),
    combine: (results) => results.flatMap((result) => (result.data ? [result.data] : [])),
  });
  useEffect(() => {
    for (const run of runs) {
      if (run.status === "RUNNING") continue;
      unwatch(run.run_id);
      const text = `${run.run_name || run.run_id}: ${run.status.toLowerCase()}`;
      notify({ text: `Run ${text}.`, kind: run.status === "FAILED" ? "failed" : "done" });
      if (typeof Notification === "undefined" || Notification.permission !== "granted") continue;
      const shown = new Notification(`Run ${text}`, { tag: run.run_id });
      shown.onclick = () => {
        window.focus();
        location.assign(addressOf({ kind: "run", id: run.run_id }));
      };
    }
  }, [runs]);
  return null;
}

/** To be called once: learns from all queries whether the server answers. */
export function useFollowedConnection(): void {
  const queries = useQueryClient();
  useEffect(
    () => follow(queries, () => queries.fetchQuery({ ...serverQuery, staleTime: 0, retry: false })),
    [queries],
  );
}

/** The line that says that the server is away; nothing while it answers. */
export function ConnectionLine() {
  const { lost, heard } = useConnection();
  return (
    <div role="status">
      {lost && (
        <div className="offline">
          Disconnected{heard > 0 ? ` – showing data from ${formatClock(heard)}` : ""}, retrying every {RETRY / 1000} s.
        </div>
      )}
    </div>
  );
}
