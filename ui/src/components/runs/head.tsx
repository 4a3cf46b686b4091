/** The heads of the columns: a click sorts, dragging moves, the edge changes the width; keys and a menu do the same. */

import { type DragEvent, type KeyboardEvent, type MouseEvent, memo, type PointerEvent, useState } from "react";
import { type ColumnId, fieldOf, sortOf } from "../../lib/columns";
import { Icon } from "../icons";
import { cellStyle, type Drawn, type LaidColumn } from "./layout";
import type { Place } from "./popup";

export interface HeadActions {
  sort: (id: ColumnId, more: boolean) => void;
  move: (id: ColumnId, to: ColumnId) => void;
  /** By one place to the left (-1) or right (1). */
  shift: (id: ColumnId, by: -1 | 1) => void;
  width: (id: ColumnId, width: number) => void;
  menu: (id: ColumnId, at: Place) => void;
  selectAll: () => void;
}

interface Props {
  drawn: Drawn;
  sort: readonly string[];
  /** Whether all that match are selected. */
  picked: "true" | "false" | "mixed";
  on: HeadActions;
}

const LEAST = 48;

export const TableHead = memo(function TableHead({ drawn, sort, picked, on }: Props) {
  const [over, setOver] = useState<ColumnId | null>(null);
  const firstLoose = drawn.columns.find((column) => !column.fixed)?.at;
  return (
    <div role="row" className="runs-row" aria-rowindex={1}>
      {drawn.columns.map((column) => (
        <HeadCell
          key={column.id}
          column={column}
          stretch={drawn.stretch}
          gap={column.at === firstLoose ? drawn.before : 0}
          sort={sort}
          picked={picked}
          over={over === column.id}
          setOver={setOver}
          on={on}
        />
      ))}
      {drawn.after > 0 && <span className="gap" style={{ width: drawn.after }} />}
    </div>
  );
});

interface CellProps extends Omit<Props, "drawn"> {
  column: LaidColumn;
  stretch: boolean;
  gap: number;
  over: boolean;
  setOver: (id: ColumnId | null) => void;
}

const KIND = "application/x-treering-column";

function HeadCell({ column, stretch, gap, sort, picked, over, setOver, on }: CellProps) {
  const { id, title, numeric, fixed } = column;
  const name = column.kind === "name";
  const way = sortOf(sort, id);
  const place = sort.length > 1 ? sort.findIndex((term) => term.replace(/^-/, "") === id) + 1 : 0;
  const style = cellStyle(column, stretch);

  const keys = (event: KeyboardEvent<HTMLButtonElement>) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by !== 0 && event.altKey) on.width(id, Math.max(LEAST, column.width + by * 16));
    else if (by !== 0 && event.shiftKey && !name) on.shift(id, by);
    else if (by !== 0) neighbour(event.currentTarget, by);
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) on.menu(id, below(event.currentTarget));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drop = (event: DragEvent) => {
    const from = event.dataTransfer.getData(KIND);
    setOver(null);
    if (!from || from === id) return;
    event.preventDefault();
    on.move(from, id);
  };

  return (
    <div
      role="columnheader"
      className={["grid-cell", numeric ? "num" : "", fixed ? "fixed" : "", name ? "name-head" : ""].filter(Boolean).join(" ")}
      aria-sort={way}
      aria-colindex={column.at + 1}
      data-column={id}
      data-over={over ? "" : undefined}
      style={gap > 0 ? { ...style, marginLeft: gap } : style}
      draggable={!name}
      onDragStart={(event) => event.dataTransfer.setData(KIND, id)}
      onDragOver={(event) => {
        if (name || !event.dataTransfer.types.includes(KIND)) return;
        event.preventDefault();
        setOver(id);
      }}
      onDragLeave={() => setOver(null)}
      onDrop={drop}
      onContextMenu={(event: MouseEvent) => {
        event.preventDefault();
        on.menu(id, { x: event.clientX, y: event.clientY });
      }}
    >
      {name && (
        <input
          type="checkbox"
          className="pick"
          aria-label="Select all that match"
          checked={picked === "true"}
          ref={(element) => {
            if (element) element.indeterminate = picked === "mixed";
          }}
          onChange={on.selectAll}
        />
      )}
      {fieldOf(id) !== null ? (
        <button
          type="button"
          className="head-button ellipsis"
          title={`Sort by ${title}`}
          onKeyDown={keys}
          onClick={(event) => on.sort(id, event.shiftKey)}
        >
          {title}
          {way && <span aria-hidden="true">{way === "ascending" ? " ↑" : " ↓"}</span>}
          {way && place > 0 && <sub aria-hidden="true">{place}</sub>}
        </button>
      ) : (
        <span className="ellipsis">{title}</span>
      )}
      <button
        type="button"
        className="head-menu"
        aria-haspopup="menu"
        aria-label="Column options"
        title={`Options of ${title}`}
        onKeyDown={keys}
        onClick={(event) => on.menu(id, below(event.currentTarget))}
      >
        <Icon name="down" size={12} />
      </button>
      <Edge column={column} on={on} />
    </div>
  );
}

/** The right edge of a column. While it is dragged only a property of the table changes. */
function Edge({ column, on }: { column: LaidColumn; on: HeadActions }) {
  const [drag, setDrag] = useState<{ from: number; width: number } | null>(null);
  const widthAt = (event: PointerEvent) => Math.max(LEAST, Math.round(drag!.width + event.clientX - drag!.from));
  return (
    <span
      className="resizer"
      aria-hidden="true"
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const cell = event.currentTarget.parentElement!;
        setDrag({ from: event.clientX, width: cell.getBoundingClientRect().width });
      }}
      onPointerMove={(event) => {
        if (!drag) return;
        const table = event.currentTarget.closest<HTMLElement>(".runs");
        table?.style.setProperty(`--c${column.at}`, `${widthAt(event)}px`);
      }}
      onPointerUp={(event) => {
        if (!drag) return;
        setDrag(null);
        on.width(column.id, widthAt(event));
      }}
      onDoubleClick={() => on.width(column.id, NaN)}
    />
  );
}

function below(element: Element): Place {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 2 };
}

function neighbour(button: Element, by: number): void {
  const row = button.closest("[role=row]");
  const all = [...(row?.querySelectorAll<HTMLElement>(".head-button, .head-menu") ?? [])];
  all[all.indexOf(button as HTMLElement) + by]?.focus();
}
