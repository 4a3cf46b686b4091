/** What can be done to a row, a column, or a selection: the entries of their menus. */

import { type ColumnId, columnOf, columnTitle, type Figure, fieldOf, idOf, moved, readableField, sortOf } from "../../lib/columns";
import { both } from "../../lib/conditions";
import { quote } from "../../lib/grammar";
import type { Item, RunItem } from "../../lib/rowmodel";
import type { WorkspaceView } from "../../lib/viewstate";
import type { Entry } from "./popup";

type Change = (part: Partial<WorkspaceView>) => void;

export interface RowCalls {
  open: (item: RunItem, apart: boolean) => void;
  draw: (item: Item) => void;
  edit: (item: RunItem, column: string) => void;
  editTags: (item: RunItem) => void;
  editNote: (item: RunItem) => void;
  remove: (item: RunItem) => void;
  restore: (item: RunItem) => void;
  toggle: () => void;
}

export function rowEntries(item: Item, column: string, drawn: boolean, view: WorkspaceView, change: Change, on: RowCalls): Entry[] {
  const draw: Entry = { label: drawn ? "Remove from the charts" : "Draw in the charts", hint: "Space", run: () => on.draw(item) };
  if (item.kind === "group") {
    return [
      { label: "Fold or unfold", run: on.toggle },
      draw,
      { label: "Only the runs of this group", run: () => change({ q: both(view.q, item.key), group: [], groups: null }) },
    ];
  }
  const pinned = view.pins.includes(item.key);
  const base = view.base === item.key;
  const condition = conditionOf(item, column);
  return [
    { label: "Open", hint: "Enter", run: () => on.open(item, false) },
    { label: "Open in a new tab", run: () => on.open(item, true) },
    draw,
    { label: pinned ? "Unpin" : "Pin on top", apart: true, run: () => change({ pins: pinned ? view.pins.filter((id) => id !== item.key) : [...view.pins, item.key] }) },
    { label: base ? "No longer the baseline" : "Compare others with it", run: () => change({ base: base ? "" : item.key }) },
    { label: "Hide", run: () => change({ hidden: [...view.hidden, item.key], pins: view.pins.filter((id) => id !== item.key) }) },
    ...(condition ? [{ label: `Only ${condition}`, run: () => change({ q: both(view.q, condition) }) }] : []),
    { label: "Rename", hint: "F2", apart: true, run: () => on.edit(item, "run_name") },
    { label: "Edit tags…", hint: "E", run: () => on.editTags(item) },
    { label: "Edit note…", run: () => on.editNote(item) },
    { label: "Copy id", run: () => void navigator.clipboard.writeText(item.key) },
    item.active
      ? { label: "Delete", danger: true, apart: true, run: () => on.remove(item) }
      : { label: "Restore", apart: true, run: () => on.restore(item) },
  ];
}

/** A condition that finds runs with the same value; none for what has no value that could be compared. */
export function conditionOf(item: RunItem, id: ColumnId): string | null {
  if (id === "status") return `status = ${quote(item.status)}`;
  if (id === "user_id") return `user_id = ${quote(item.user)}`;
  const { kind } = columnOf(id);
  if (kind !== "param" && kind !== "tag") return null;
  const cell = item.cells[id];
  if (cell === undefined) return null;
  return cell === null ? `${readableField(id)} IS NULL` : `${readableField(id)} = ${quote(String(cell))}`;
}

const FIGURES: Record<Figure, string> = { last: "Last value", min: "Least value", max: "Greatest value", count: "Number of points", line: "Curve" };

export function headEntries(id: ColumnId, columns: readonly ColumnId[], view: WorkspaceView, change: Change, width: number): Entry[] {
  const sorted = sortOf(view.sort, id);
  const others = view.sort.filter((term) => term.replace(/^-/, "") !== id);
  const sortable = fieldOf(id) !== null;
  const at = columns.indexOf(id);
  const fixed = view.fixed.includes(id);
  const own = at >= 0;
  const { kind, key, figure } = columnOf(id);
  const resize = (to: number | null) => change({ widths: withWidth(view.widths, id, to) });
  const entries: Entry[] = [];
  if (sortable) {
    entries.push(
      { label: "Sort ascending", checked: sorted === "ascending", run: () => change({ sort: [id] }) },
      { label: "Sort descending", checked: sorted === "descending", run: () => change({ sort: [`-${id}`] }) },
    );
    if (others.length > 0) entries.push({ label: "Sort by it as well", hint: "Shift", run: () => change({ sort: [...others, id] }) });
    if (sorted) entries.push({ label: "Do not sort by it", run: () => change({ sort: others }) });
  }
  if (kind === "metric") {
    for (const other of ["last", "min", "max", "count", "line"] as const) {
      const otherId = idOf("metric", key, other);
      entries.push({
        label: FIGURES[other],
        apart: other === "last",
        checked: columns.includes(otherId),
        run: () => {
          if (other === figure) return;
          change({ cols: columns.includes(otherId) ? columns.filter((one) => one !== otherId) : [...columns.slice(0, at + 1), otherId, ...columns.slice(at + 1)] });
        },
      });
    }
  }
  if (kind === "param" || kind === "tag" || id === "status" || id === "user_id") {
    entries.push({ label: "Group by it", checked: view.group.includes(id), apart: true, run: () => change({ group: view.group.includes(id) ? view.group.filter((one) => one !== id) : [...view.group, id], groups: null }) });
  }
  if (sortable && id !== "run_name") {
    const field = readableField(id);
    entries.push({ label: "Only runs that have it", run: () => change({ q: both(view.q, `${field} IS NOT NULL`) }) });
  }
  entries.push(
    { label: "Wider", hint: "Alt →", apart: true, run: () => resize(width + 32) },
    { label: "Narrower", hint: "Alt ←", run: () => resize(width - 32) },
    { label: "Its own width", disabled: view.widths[id] === undefined, run: () => resize(null) },
  );
  if (own) {
    entries.push(
      { label: "Keep at the left", checked: fixed, run: () => change({ fixed: fixed ? view.fixed.filter((one) => one !== id) : [...view.fixed, id] }) },
      { label: "Move to the left", hint: "Shift ←", disabled: at === 0, run: () => change({ cols: moved(columns, at, at - 1) }) },
      { label: "Move to the right", hint: "Shift →", disabled: at === columns.length - 1, run: () => change({ cols: moved(columns, at, at + 1) }) },
      { label: `Remove ${columnTitle(id)}`, apart: true, run: () => change({ cols: columns.filter((one) => one !== id) }) },
    );
  }
  return entries;
}

/** The widths with one changed; null for its own. */
export function withWidth(widths: Readonly<Record<string, number>>, id: ColumnId, width: number | null): Record<string, number> {
  const rest = Object.fromEntries(Object.entries(widths).filter(([other]) => other !== id));
  return width === null ? rest : { ...rest, [id]: Math.max(48, Math.round(width)) };
}
