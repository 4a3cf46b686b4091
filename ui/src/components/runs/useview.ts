/** The view in the address: what changes it, what takes a change back, and the view that an experiment opens with. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { viewsQuery } from "../../api/views";
import { useCommands } from "../../lib/commands";
import { type History, NO_HISTORY, redone, stepped, undone } from "../../lib/history";
import { undoLast } from "../../lib/notices";
import { canonical, readView, type WorkspaceView, writeView } from "../../lib/viewstate";
import { viewOf } from "./savedviews";

export interface ViewState {
  view: WorkspaceView;
  change: (part: Partial<WorkspaceView>) => void;
  open: (view: WorkspaceView) => void;
  /** Whether it is known which view the experiment opens with. */
  settled: boolean;
}

type Search = Record<string, string>;

/** These are steps of the browser too, so that "back" leads to what was asked before. */
const ASKED: readonly (keyof WorkspaceView)[] = ["q", "sort", "group", "view", "shown"];

export function useView(experimentId: string): ViewState {
  const search = useSearch({ from: "/experiments/$experimentId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId" });
  const view = useMemo(() => readView(search), [search]);
  const history = useRef<History<Search>>(NO_HISTORY);
  const latest = useRef(view);
  useEffect(() => {
    latest.current = view;
  });

  const show = useCallback(
    (next: WorkspaceView, replace: boolean) => {
      latest.current = next;
      void navigate({ search: writeView(next), replace });
    },
    [navigate],
  );
  const change = useCallback(
    (part: Partial<WorkspaceView>) => {
      const now = latest.current;
      const next = { ...now, ...part };
      if (canonical(next) === canonical(now) && next.view === now.view) return;
      history.current = stepped(history.current, writeView(now));
      show(next, !ASKED.some((key) => key in part));
    },
    [show],
  );
  const open = useCallback((next: WorkspaceView) => change(next), [change]);
  const step = useCallback(
    (way: typeof undone<Search>) => {
      const found = way(history.current, writeView(latest.current));
      if (!found) return false;
      history.current = found.history;
      show(readView(found.state), false);
      return true;
    },
    [show],
  );
  useCommands([
    { id: "undo-view", label: "Undo what changed the view", group: "View", keys: "mod+z", hidden: true, run: () => void step(undone) },
    { id: "redo-view", label: "Redo what changed the view", group: "View", keys: "mod+shift+z", run: () => void step(redone) },
  ]);
  useEffect(() => {
    // Before the frame's own command for this key: what was done to runs is taken back first, then what changed the view.
    const down = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]")) return;
      event.preventDefault();
      event.stopPropagation();
      if (!undoLast()) step(undone);
    };
    document.addEventListener("keydown", down, true);
    return () => document.removeEventListener("keydown", down, true);
  }, [step]);

  const plain = Object.keys(search).length === 0;
  const single = !experimentId.includes(",");
  const views = useQuery({ ...viewsQuery(experimentId, "workspace"), enabled: single });
  const first = useRef(true);
  const opening = plain && single ? views.data?.find((saved) => saved.is_default) : undefined;
  useEffect(() => {
    if (!views.isFetched || !first.current) return;
    first.current = false;
    if (opening) show(viewOf(opening), true);
  }, [views.isFetched, opening, show]);
  useEffect(() => {
    first.current = true;
    history.current = NO_HISTORY;
  }, [experimentId]);

  return { view, change, open, settled: !plain || !single || views.isFetched };
}
