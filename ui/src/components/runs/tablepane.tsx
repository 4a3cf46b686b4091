/** The table with what belongs to it: menus of its rows and columns, changes of runs, what stands below it. */

import { useNavigate } from "@tanstack/react-router";
import { lazy, type RefObject, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { NOTE_TAG } from "../../api/runs";
import { type ColumnId, moved, sortAfter, widthOf } from "../../lib/columns";
import { formatCount } from "../../lib/format";
import { draw, erase } from "../../lib/palette";
import type { Item, RunItem } from "../../lib/rowmodel";
import { EVERYTHING, NOTHING, type Selection, stateOf } from "../../lib/selection";
import type { WorkspaceView } from "../../lib/viewstate";
import { type RunActions, targetOf } from "./actions";
import { layOut } from "./layout";
import { Popup, type Entry, type Place } from "./popup";
import { headEntries, rowEntries, withWidth } from "./rowmenu";
import type { Look } from "./row";
import { RunsTable, type TableActions } from "./table";
import type { Table } from "./usetable";
import { useNarrow } from "./window";

const TagsDialog = lazy(() => import("./dialogs").then((module) => ({ default: module.TagsDialog })));
const NoteDialog = lazy(() => import("./dialogs").then((module) => ({ default: module.NoteDialog })));

interface Props {
  box: RefObject<HTMLDivElement | null>;
  table: Table;
  view: WorkspaceView;
  change: (part: Partial<WorkspaceView>) => void;
  pinned: readonly RunItem[];
  slots: readonly string[];
  groupSlots: readonly string[];
  selection: Selection;
  select: (selection: Selection) => void;
  look: Look;
  hovered: string | null;
  onHover: (runId: string | null) => void;
  actions: RunActions;
  onSight: (first: number, last: number) => void;
}

export function TablePane(props: Props) {
  const { box, table, view, change, pinned, slots, groupSlots, selection, select, look, hovered, onHover, actions } = props;
  const { columns, shown, keys, total, nested, grouped } = table;
  const rows = table.rows!;
  const { model } = rows;
  useSyncExternalStore(model.subscribe, model.state);
  const narrow = useNarrow();
  const navigate = useNavigate();
  const [menu, setMenu] = useState<{ label: string; at: Place; entries: Entry[] } | null>(null);
  const [editing, setEditing] = useState<{ key: string; column: string } | null>(null);
  const [dialog, setDialog] = useState<{ what: "tags" | "note"; item: RunItem } | null>(null);
  const visible = narrow ? telling(shown, view.sort) : shown;
  const layout = useMemo(
    () => layOut(visible, narrow ? [] : view.fixed, narrow ? { run_name: 176 } : view.widths, keys, grouped && view.aggregate === "mean"),
    [visible, narrow, view.fixed, view.widths, keys, grouped, view.aggregate],
  );
  const count = total ?? 0;

  const calls = {
    open: (item: RunItem, apart: boolean) => {
      if (apart) window.open(`/runs/${item.key}`, "_blank", "noopener");
      else void navigate({ to: "/runs/$runId", params: { runId: item.key } });
    },
    draw: (item: Item) => {
      const group = item.kind === "group";
      const held = group ? groupSlots : slots;
      const id = group ? item.name : item.key;
      const next = held.includes(id) ? erase(held, id) : draw(held, id);
      change(group ? { groups: next } : { runs: next });
    },
    edit: (item: RunItem, column: string) => {
      if (column === `tags.${NOTE_TAG}`) setDialog({ what: "note", item });
      else setEditing({ key: item.key, column });
    },
    editTags: (item: RunItem) => setDialog({ what: "tags", item }),
    editNote: (item: RunItem) => setDialog({ what: "note", item }),
    remove: (item: RunItem) => void actions.remove(targetOf(item)),
    restore: (item: RunItem) => void actions.restore(targetOf(item)),
  };
  const latest: TableActions = {
    ...calls,
    sort: (id, more) => change({ sort: sortAfter(view.sort, id, more) }),
    move: (from, to) => change({ cols: moved(columns, columns.indexOf(from), columns.indexOf(to)) }),
    shift: (id, by) => {
      const at = columns.indexOf(id);
      if (at >= 0 && at + by >= 0 && at + by < columns.length) change({ cols: moved(columns, at, at + by) });
    },
    width: (id, width) => {
      change({ widths: withWidth(view.widths, id, Number.isNaN(width) ? null : width) });
    },
    menu: (id, at) => {
      const width = layout.columns.find((column) => column.id === id)?.width ?? widthOf(id);
      setMenu({ label: "Options of the column", at, entries: headEntries(id, columns, view, change, width) });
    },
    selectAll: () => select(stateOf(selection, count) === "true" ? NOTHING : EVERYTHING),
    select,
    rowMenu: (item, column, index, at) => {
      const drawn = item.kind === "group" ? groupSlots.includes(item.name) : slots.includes(item.key);
      const entries = rowEntries(item, column, drawn, view, change, { ...calls, toggle: () => model.toggle(index) });
      setMenu({ label: `Options of ${item.name}`, at, entries });
    },
    edited: (item, column, text) => {
      setEditing(null);
      box.current?.querySelector<HTMLElement>(`[data-row] a[href="/runs/${item.key}"]`)?.focus();
      if (text === null || (column === "run_name" && text === "")) return;
      if (column === "run_name") {
        model.patch(item.key, (one) => ({ ...one, name: text }));
        void actions.rename(item, text);
        return;
      }
      model.patch(item.key, (one) => (one.kind === "run" ? { ...one, cells: { ...one.cells, [column]: text } } : one));
      const key = column.slice("tags.".length);
      if (text === "") void actions.deleteTags(targetOf(item), [key]);
      else void actions.setTags(targetOf(item), { [key]: text });
    },
    hover: onHover,
  };
  const on = useSteady(latest);
  const settled = (first: number, last: number) => {
    rows.settled(first, last);
    props.onSight(first, last);
  };

  const failed = model.error !== null && table.rows?.asked === model;
  return (
    <>
      <RunsTable
        box={box}
        model={model}
        settled={settled}
        pinned={pinned}
        layout={layout}
        sort={view.sort}
        density={view.density}
        nested={nested || grouped}
        total={count}
        slots={slots}
        groupSlots={groupSlots}
        selection={selection}
        look={look}
        dimmed={table.dimmed}
        hovered={hovered}
        editing={editing}
        on={on}
      />
      {model.behind && (
        <button
          type="button"
          className="button primary newer"
          onClick={() => {
            rows.renew(false);
            box.current?.scrollTo({ top: 0 });
          }}
        >
          {model.arrived > 0 ? `Show ${formatCount(model.arrived, "new run")}` : "Show the new order"}
        </button>
      )}
      {failed && (
        <div className="table-note" role="alert">
          Some rows could not be read.
          <button type="button" className="button" onClick={() => rows.renew(false)}>
            Try again
          </button>
        </div>
      )}
      {menu && <Popup {...menu} close={() => setMenu(null)} />}
      <Suspense fallback={null}>
        {dialog?.what === "tags" && <TagsDialog item={dialog.item} actions={actions} close={() => setDialog(null)} />}
        {dialog?.what === "note" && <NoteDialog item={dialog.item} actions={actions} close={() => setDialog(null)} />}
      </Suspense>
    </>
  );
}

/** Two columns for a phone: what the table is sorted by, or the first number, and the state. */
function telling(shown: readonly ColumnId[], sort: readonly string[]): ColumnId[] {
  const sorted = sort[0]?.replace(/^-/, "");
  const first = sorted !== undefined && shown.includes(sorted) ? sorted : (shown.find((id) => id.startsWith("metrics.")) ?? shown[1]);
  return [...new Set([first, ...shown])].filter((id) => id !== undefined).slice(0, 2);
}

/** Calls that stay the same while what they do changes, so that rows need not be drawn again. */
function useSteady(latest: TableActions): TableActions {
  const kept = useRef(latest);
  useEffect(() => {
    kept.current = latest;
  });
  const [steady] = useState<TableActions>(() => {
    const calls: TableActions = {
      open: (item, apart) => kept.current.open(item, apart),
      draw: (item) => kept.current.draw(item),
      select: (selection) => kept.current.select(selection),
      rowMenu: (item, column, index, at) => kept.current.rowMenu(item, column, index, at),
      edit: (item, column) => kept.current.edit(item, column),
      edited: (item, column, text) => kept.current.edited(item, column, text),
      hover: (runId) => kept.current.hover(runId),
      editTags: (item) => kept.current.editTags(item),
      sort: (id, more) => kept.current.sort(id, more),
      move: (id, to) => kept.current.move(id, to),
      shift: (id, by) => kept.current.shift(id, by),
      width: (id, width) => kept.current.width(id, width),
      menu: (id, at) => kept.current.menu(id, at),
      selectAll: () => kept.current.selectAll(),
    };
    return calls;
  });
  return steady;
}
