/** The runs of an experiment: only the rows in sight are in the page, and only their blocks are asked for. */

import { type KeyboardEvent, type MouseEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useCommands } from "../../lib/commands";
import { slotOf } from "../../lib/palette";
import type { Item, RowModel, RunItem } from "../../lib/rowmodel";
import { between, isSelected, type Selection, stateOf, withIds } from "../../lib/selection";
import type { Density } from "../../lib/viewstate";
import { type HeadActions, TableHead } from "./head";
import { inSight, type Layout, widthsStyle } from "./layout";
import { Places } from "./places";
import type { Place } from "./popup";
import { type Look, TableRow } from "./row";
import { useSight } from "./window";

export interface TableActions extends HeadActions {
  open: (item: RunItem, apart: boolean) => void;
  draw: (item: Item) => void;
  select: (selection: Selection) => void;
  rowMenu: (item: Item, column: string, index: number, at: Place) => void;
  edit: (item: RunItem, column: string) => void;
  edited: (item: RunItem, column: string, text: string | null) => void;
  hover: (runId: string | null) => void;
  editTags: (item: RunItem) => void;
}

interface Props {
  box: RefObject<HTMLDivElement | null>;
  model: RowModel;
  settled: (first: number, last: number) => void;
  pinned: readonly RunItem[];
  layout: Layout;
  sort: readonly string[];
  density: Density;
  nested: boolean;
  /** How many runs match. */
  total: number;
  slots: readonly string[];
  groupSlots: readonly string[];
  selection: Selection;
  look: Look;
  dimmed: boolean;
  hovered: string | null;
  editing: { key: string; column: string } | null;
  on: TableActions;
}

export const ROWS: Record<Density, number> = { compact: 28, normal: 32, comfortable: 40 };

export function RunsTable(props: Props) {
  const { box, model, pinned, layout, sort, nested, total, slots, groupSlots, selection, look, hovered, editing, on } = props;
  useSyncExternalStore(model.subscribe, model.state);
  const row = ROWS[props.density];
  const size = model.size;
  const pins = pinned.length;
  const sight = useSight(box, row, size, props.settled);
  const drawn = useMemo(() => inSight(layout, sight.left, sight.right), [layout, sight.left, sight.right]);
  const [places] = useState(() => new Places());
  const [active, setActive] = useState({ row: 0, col: 0 });
  const wanted = useRef(false);
  const anchor = useRef<number | null>(null);
  const style = useMemo(() => widthsStyle(layout, row), [layout, row]);
  const at = Math.min(active.row, size - 1);

  useLayoutEffect(() => {
    if (!wanted.current) return;
    const line = box.current?.querySelector(`[data-row="${at}"]`);
    const cell = line?.querySelector<HTMLElement>(`[aria-colindex="${active.col + 1}"]`);
    if (!cell) return;
    wanted.current = false;
    (active.col === 0 ? (cell.querySelector<HTMLElement>("a, .group-name") ?? cell) : cell).focus({ preventScroll: true });
  });
  useEffect(() => {
    box.current?.scrollTo({ top: 0 });
    anchor.current = null;
  }, [box, model]);

  const itemAt = useCallback(
    (index: number): Item | undefined => (index < 0 ? pinned[pins + index] : model.row(index).item),
    [model, pinned, pins],
  );
  const go = (to: number, col = active.col) => {
    const next = { row: Math.max(-pins, Math.min(size - 1, to)), col: Math.max(0, Math.min(layout.columns.length - 1, col)) };
    wanted.current = true;
    setActive(next);
    reveal(box.current, next.row, row, layout, next.col);
  };
  const run = (): RunItem | null => {
    const item = itemAt(at);
    return item?.kind === "run" ? item : null;
  };
  const inGrid = () => box.current?.contains(document.activeElement) ?? false;
  const step = (by: number) => go(inGrid() ? at + by : at);
  const pick = (index: number, range: boolean) => {
    const item = itemAt(index);
    if (item?.kind !== "run") return;
    const selected = !isSelected(selection, item.key);
    const from = range && anchor.current !== null ? anchor.current : index;
    const keys = between(from, index).flatMap((other) => {
      const found = itemAt(other);
      return found?.kind === "run" ? [found.key] : [];
    });
    on.select(withIds(selection, keys, range ? true : selected));
    if (!range) anchor.current = index;
  };
  const edit = (column: string) => {
    const item = run();
    if (item) on.edit(item, column.startsWith("tags.") ? column : "run_name");
  };

  useCommands([
    { id: "next-row", label: "Next run", group: "Runs", keys: "j", hidden: true, run: () => step(1) },
    { id: "previous-row", label: "Run before", group: "Runs", keys: "k", hidden: true, run: () => step(-1) },
    { id: "select-row", label: "Select the run, or not", group: "Runs", keys: "x", hidden: true, run: () => pick(at, false) },
    { id: "select-range", label: "Select to here", group: "Runs", keys: "shift+x", hidden: true, run: () => pick(at, true) },
    { id: "draw-row", label: "Draw the run, or not", group: "Runs", keys: "Space", hidden: true, run: () => withItem(itemAt(at), on.draw) },
    { id: "open-row", label: "Open the run", group: "Runs", keys: "↵", hidden: true, run: () => withItem(run(), (item) => on.open(item, false)) },
    { id: "cells", label: "From cell to cell", group: "Runs", keys: "Arrows", hidden: true, run: () => go(at) },
    { id: "rename-row", label: "Rename the run, or edit its tag", group: "Runs", keys: "F2", hidden: true, run: () => edit(layout.columns[active.col]?.id ?? "") },
    { id: "tag-row", label: "Edit the tags of the run", group: "Runs", keys: "e", hidden: true, run: () => withItem(run(), on.editTags) },
  ]);

  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const line = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (!line || event.altKey || event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
    const item = itemAt(at);
    const control = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 400) / row) - 2);
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const to = at + (key === "ArrowDown" ? 1 : -1);
      if (event.shiftKey) {
        anchor.current ??= at;
        go(to);
        pick(Math.max(-pins, Math.min(size - 1, to)), true);
      } else go(to);
    } else if (key === "PageDown" || key === "PageUp") go(at + (key === "PageDown" ? page : -page));
    else if (key === "Home") go(control ? -pins : at, 0);
    else if (key === "End") go(control ? size - 1 : at, layout.columns.length - 1);
    else if (key === "ArrowRight" || key === "ArrowLeft") {
      const right = key === "ArrowRight";
      const open = model.row(Math.max(0, at)).open;
      const folds = nested && at >= 0 && item && (item.kind === "group" || item.children > 0);
      if (active.col === 0 && folds && open !== right) model.toggle(at, right);
      else go(at, active.col + (right ? 1 : -1));
    } else if (key === " ") withItem(item, on.draw);
    else if (key === "Enter" && active.col > 0) {
      const column = layout.columns[active.col]?.id ?? "";
      if (item?.kind === "group") model.toggle(at);
      else if (column.startsWith("tags.")) edit(column);
      else withItem(run(), (found) => on.open(found, control));
    } else if (key === "a" && control) on.selectAll();
    else if (key === "Escape") on.select({ all: false, ids: new Set() });
    else if (item && (key === "ContextMenu" || (key === "F10" && event.shiftKey))) {
      const place = (document.activeElement ?? line).getBoundingClientRect();
      on.rowMenu(item, layout.columns[active.col]?.id ?? "run_name", at, { x: place.left + 12, y: place.bottom });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const click = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const line = target.closest<HTMLElement>("[data-row]");
    if (!line) return;
    const index = Number(line.dataset.row);
    const item = itemAt(index);
    const act = target.closest<HTMLElement>("[data-act]")?.dataset.act;
    if (!item) return;
    if (act === "draw") on.draw(item);
    else if (act === "select") pick(index, event.shiftKey);
    else if (act === "fold") model.toggle(index);
    else if (act === undefined && !(target instanceof HTMLInputElement)) {
      wanted.current = true;
      setActive({ row: index, col: columnAt(target) });
    } else if (act === "open" && item.kind === "run" && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      on.open(item, false);
    }
  };
  const menu = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const index = target.closest<HTMLElement>("[data-row]")?.dataset.row;
    const item = index === undefined ? undefined : itemAt(Number(index));
    if (!item || target instanceof HTMLInputElement && target.type !== "checkbox") return;
    event.preventDefault();
    const column = target.closest<HTMLElement>("[data-column]")?.dataset.column ?? "run_name";
    on.rowMenu(item, column, Number(index), { x: event.clientX, y: event.clientY });
  };
  const doubled = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const item = itemAt(Number(target.closest<HTMLElement>("[data-row]")?.dataset.row));
    const column = target.closest<HTMLElement>("[data-column]")?.dataset.column;
    if (item?.kind === "run" && column?.startsWith("tags.")) on.edit(item, column);
  };
  const hoverOver = (event: MouseEvent<HTMLDivElement>) => {
    const index = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset.row;
    const item = index === undefined ? undefined : itemAt(Number(index));
    on.hover(item?.kind === "run" ? item.key : null);
  };
  const focused = (event: React.FocusEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const line = target.closest<HTMLElement>("[data-row]");
    if (!line) return;
    const to = { row: Number(line.dataset.row), col: columnAt(target) };
    if (to.row !== active.row || to.col !== active.col) setActive(to);
  };

  const lineOf = (key: number, index: number, item: Item | undefined, depth: number, open: boolean, top: number | null) => {
    const slot = !item ? -1 : item.kind === "run" ? slotOf(slots, item.key) : slotOf(groupSlots, item.name);
    return (
      <TableRow
        key={key}
        index={index}
        top={top}
        ariaIndex={index + 2 + pins}
        item={item}
        depth={depth}
        open={open}
        nested={nested && index >= 0}
        slot={slot}
        selected={item?.kind === "run" && isSelected(selection, item.key)}
        pinned={index < 0}
        hovered={hovered !== null && item?.key === hovered}
        active={index === at ? active.col : -1}
        editing={editing !== null && editing.key === item?.key ? editing.column : ""}
        drawn={drawn}
        look={look}
        edited={on.edited}
      />
    );
  };
  const indices = Array.from({ length: Math.max(0, sight.last - sight.first + 1) }, (_, place) => sight.first + place);
  if (at >= 0 && at < sight.first) indices.unshift(at);
  else if (at > sight.last) indices.push(at);
  const lines = places.of(indices);
  // While rows move along they stay where they are in the page and show other runs; at rest they stand in their order.
  if (sight.moving) lines.sort((a, b) => a.place - b.place);

  return (
    <div className="runs" ref={box} style={style} data-selecting={stateOf(selection, total) === "false" ? undefined : ""} data-tinted={look.heat ? "" : undefined}>
      <div
        role={nested ? "treegrid" : "grid"}
        aria-label="Runs"
        aria-rowcount={size + pins + 1}
        aria-colcount={layout.columns.length}
        aria-multiselectable="true"
        aria-busy={props.dimmed}
        onKeyDown={keys}
        onClick={click}
        onContextMenu={menu}
        onDoubleClick={doubled}
        onFocus={focused}
        onMouseOver={hoverOver}
        onMouseLeave={() => on.hover(null)}
      >
        <div role="rowgroup" className="runs-head">
          <TableHead drawn={drawn} sort={sort} picked={stateOf(selection, total)} on={on} />
          {pinned.map((item, place) => lineOf(place, place - pins, item, 0, false, null))}
        </div>
        <div
          role="rowgroup"
          className={props.dimmed ? "runs-body dimmed" : "runs-body"}
          data-moving={sight.moving ? "" : undefined}
          style={{ height: size * row }}
        >
          {lines.map(({ index, place }) => {
            const { item, depth, open } = model.row(index);
            return lineOf(place, index, item, depth, open, index * row);
          })}
        </div>
      </div>
    </div>
  );
}

function withItem<T>(item: T | null | undefined, act: (item: T) => void): void {
  if (item !== null && item !== undefined) act(item);
}

/** The place of the column that something is in, from 0. */
function columnAt(target: Element): number {
  return Number(target.closest("[aria-colindex]")?.getAttribute("aria-colindex") ?? 1) - 1;
}

/** Scrolls so far that a cell is in sight. */
function reveal(box: HTMLElement | null, index: number, row: number, layout: Layout, col: number): void {
  if (!box) return;
  const head = box.querySelector<HTMLElement>(".runs-head")?.offsetHeight ?? 32;
  if (index >= 0) {
    const top = index * row;
    if (box.scrollTop > top) box.scrollTop = top;
    else if (box.scrollTop + box.clientHeight < head + top + row) box.scrollTop = head + top + row - box.clientHeight;
  }
  const column = layout.columns[col];
  if (!column || column.fixed) {
    if (col === 0) box.scrollLeft = 0;
    return;
  }
  const fixed = layout.columns.filter((other) => other.fixed).reduce((sum, other) => sum + other.width, 0);
  if (box.scrollLeft > column.left - fixed) box.scrollLeft = column.left - fixed;
  else if (box.scrollLeft + box.clientWidth < column.left + column.width) box.scrollLeft = column.left + column.width - box.clientWidth;
}
