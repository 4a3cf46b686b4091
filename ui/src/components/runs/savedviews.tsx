/** Saved views of an experiment: open, save, rename, delete, and which one the experiment opens with. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { SavedView } from "../../api/types";
import { createView, deleteView, updateView, viewsQuery } from "../../api/views";
import { useCommands } from "../../lib/commands";
import { notify } from "../../lib/notices";
import { canonical, EMPTY_VIEW, readView, type WorkspaceView } from "../../lib/viewstate";
import { Menu } from "../menu";

const NameDialog = lazy(() => import("./dialogs").then((module) => ({ default: module.NameDialog })));
const PAGE = "workspace";

interface Props {
  experimentId: string;
  view: WorkspaceView;
  /** Shows another view. */
  open: (view: WorkspaceView) => void;
}

/** The view that a saved one describes. */
export function viewOf(saved: SavedView): WorkspaceView {
  return { ...readView(Object.fromEntries(new URLSearchParams(saved.search))), view: saved.view_id };
}

export function ViewsMenu({ experimentId, view, open }: Props) {
  const views = useQuery(viewsQuery(experimentId, PAGE));
  const queries = useQueryClient();
  const [naming, setNaming] = useState<"new" | SavedView | null>(null);
  const current = views.data?.find((saved) => saved.view_id === view.view);
  const changed = current !== undefined && canonical(viewOf(current)) !== canonical(view);
  useCommands([{ id: "new-view", label: "Save the view under a name", group: "Runs", keys: "n", run: () => setNaming("new") }]);

  const attempt = async (work: () => Promise<unknown>, text: string, undo?: () => Promise<unknown>) => {
    const renew = () => queries.invalidateQueries({ queryKey: ["views", experimentId, PAGE] });
    try {
      await work();
      notify({ kind: "done", text, undo: undo && (() => undo().then(renew)) });
    } catch (error) {
      notify({ kind: "failed", text: error instanceof Error ? error.message : String(error) });
    }
    await renew();
  };
  const create = (name: string) =>
    attempt(async () => {
      const made = await createView({ experimentId, page: PAGE, name, search: canonical(view), isDefault: false });
      open({ ...view, view: made.view_id });
    }, `Saved the view ${name}`);
  const remove = (saved: SavedView) => {
    const again = () =>
      createView({ experimentId: saved.experiment_id, page: PAGE, name: saved.name, search: saved.search, isDefault: saved.is_default });
    void attempt(() => deleteView(saved.view_id), `Deleted the view ${saved.name}`, again);
    open({ ...view, view: "" });
  };
  const update = (saved: SavedView) => {
    const before = saved.search;
    const back = () => updateView(saved.view_id, { search: before });
    void attempt(() => updateView(saved.view_id, { search: canonical(view) }), `Updated the view ${saved.name}`, back);
  };

  return (
    <>
      <Menu label={<span className="ellipsis group-label">{current ? `${current.name}${changed ? " •" : ""}` : "Views"}</span>}>
        <div className="menu-list">
          {changed && <p className="muted small pad-line">The view has unsaved changes.</p>}
          {current && changed && (
            <>
              <button type="button" onClick={() => update(current)}>
                Save the changes
              </button>
              <button type="button" onClick={() => open(viewOf(current))}>
                Discard the changes
              </button>
            </>
          )}
          <button type="button" onClick={() => setNaming("new")}>
            Save as a new view…
          </button>
          {current && (
            <>
              <button type="button" onClick={() => setNaming(current)}>
                Rename…
              </button>
              <button
                type="button"
                onClick={() =>
                  void attempt(
                    () => updateView(current.view_id, { is_default: !current.is_default }),
                    current.is_default ? "The experiment opens without a view" : `The experiment opens with ${current.name}`,
                  )
                }
              >
                {current.is_default ? "No longer open with it" : "Open the experiment with it"}
              </button>
              <button type="button" className="danger" onClick={() => remove(current)}>
                Delete the view
              </button>
            </>
          )}
          <p className="menu-title">Saved views</p>
          {views.data?.length === 0 && <p className="muted small pad-line">None yet. A view keeps filter, columns, groups and charts.</p>}
          {views.isError && <p className="small pad-line">The views could not be read.</p>}
          {views.data?.map((saved) => (
            <button key={saved.view_id} type="button" aria-current={saved.view_id === view.view} onClick={() => open(viewOf(saved))}>
              <span className="ellipsis">{saved.name}</span>
              {saved.is_default && <span className="muted small push">default</span>}
            </button>
          ))}
          <button type="button" onClick={() => open({ ...EMPTY_VIEW, view: "none" })}>
            Without a view
          </button>
        </div>
      </Menu>
      {naming !== null && (
        <Suspense fallback={null}>
          <NameDialog
            title={naming === "new" ? "Save the view" : "Rename the view"}
            name={naming === "new" ? "" : naming.name}
            close={() => setNaming(null)}
            save={(name) => {
              if (naming === "new") void create(name);
              else void attempt(() => updateView(naming.view_id, { name }), `Renamed the view to ${name}`);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
