/** One row of the table: a run, a group of runs, or the place of a row that is on its way. */

import { type FocusEvent, type KeyboardEvent, memo, type ReactNode } from "react";
import { columnOf } from "../../lib/columns";
import { formatAgo, formatDuration, formatNumber, formatParam, formatTime, toFloat } from "../../lib/format";
import type { Cell, GroupItem, Item, RunItem } from "../../lib/rowmodel";
import { Icon } from "../icons";
import { State, Stroke } from "../marks";
import { cellStyle, type Drawn, type LaidColumn } from "./layout";

/** What cells are seen by; it changes seldom. */
export interface Look {
  /** The best value of a metric's column. */
  best: Readonly<Record<string, number>>;
  /** The least and the greatest value of a column, where grounds show them. */
  heat: Readonly<Record<string, readonly [number, number]>> | null;
  /** The run that others are compared with. */
  base: RunItem | null;
  aggregate: "mean" | "median" | "min" | "max";
  /** Points of small curves, by run and column. */
  curves: ReadonlyMap<string, ArrayLike<number>>;
  experiments: Readonly<Record<string, string>>;
  now: number;
}

export interface RowProps {
  index: number;
  /** Its distance from the top in px; null where it stands in the flow. */
  top: number | null;
  ariaIndex: number;
  item: Item | undefined;
  depth: number;
  open: boolean;
  nested: boolean;
  slot: number;
  selected: boolean;
  pinned: boolean;
  hovered: boolean;
  /** The place of the column that the keyboard is at, or -1. */
  active: number;
  /** The column whose text is being changed, or "". */
  editing: string;
  drawn: Drawn;
  look: Look;
  edited: (item: RunItem, column: string, text: string | null) => void;
}

export const TableRow = memo(function TableRow(props: RowProps) {
  const { index, top, ariaIndex, item, depth, open, nested, slot, selected, pinned, hovered, active, drawn } = props;
  const folds = item !== undefined && (item.kind === "group" || item.children > 0) && nested;
  const { columns, before, after } = drawn;
  const firstLoose = columns.find((column) => !column.fixed)?.at;
  return (
    <div
      role="row"
      className={item?.kind === "group" ? "runs-row group-row" : "runs-row"}
      data-row={index}
      aria-rowindex={ariaIndex}
      aria-selected={item?.kind === "run" ? selected : undefined}
      aria-level={nested ? depth + 1 : undefined}
      aria-expanded={folds ? open : undefined}
      data-drawn={slot >= 0 ? "" : undefined}
      data-hovered={hovered ? "" : undefined}
      data-deleted={item?.kind === "run" && !item.active ? "" : undefined}
      style={top === null ? undefined : { top }}
    >
      {columns.map((column) => {
        const name = column.kind === "name";
        const style = cellStyle(column, drawn.stretch);
        return (
          <div
            key={column.id}
            role={name ? "rowheader" : "gridcell"}
            className={cellClass(column)}
            aria-colindex={column.at + 1}
            data-column={column.id}
            tabIndex={active === column.at && !name ? 0 : undefined}
            style={column.at === firstLoose && before > 0 ? { ...style, marginLeft: before } : style}
          >
            {item === undefined ? (
              <span className="skeleton" style={{ width: column.at === 0 ? "60%" : "70%" }} />
            ) : name ? (
              <Name {...props} item={item} folds={folds} open={open} slot={slot} selected={selected} pinned={pinned} depth={depth} active={active === 0} />
            ) : item.kind === "group" ? (
              groupCell(item, column, props.look)
            ) : props.editing === column.id ? (
              <Edit label={column.title} text={String(item.cells[column.id] ?? "")} done={(text) => props.edited(item, column.id, text)} />
            ) : (
              runCell(item, column, props.look)
            )}
          </div>
        );
      })}
      {after > 0 && <span className="gap" style={{ width: after }} />}
    </div>
  );
});

function cellClass(column: LaidColumn): string {
  const classes = ["grid-cell", column.numeric ? "num" : "", column.fixed ? "fixed" : "", column.tight ? "tight" : "", column.kind === "name" ? "name-cell" : ""];
  return classes.filter(Boolean).join(" ");
}

type NameProps = Omit<RowProps, "item" | "active"> & { item: Item; folds: boolean; active: boolean };

function Name({ item, folds, open, slot, selected, pinned, depth, nested, active, editing, look, edited }: NameProps) {
  const { name } = item;
  return (
    <>
      {item.kind === "run" && (
        <input
          type="checkbox"
          className="pick"
          data-act="select"
          aria-label={`Select ${name}`}
          checked={selected}
          readOnly
          tabIndex={-1}
        />
      )}
      {depth > 0 && <span className="indent" style={{ width: depth * 16 }} />}
      {folds ? (
        <button type="button" className="fold" data-act="fold" tabIndex={-1} aria-label={open ? `Fold ${name}` : `Unfold ${name}`}>
          <Icon name={open ? "down" : "right"} size={12} />
        </button>
      ) : (
        nested && depth > 0 && <span className="fold" />
      )}
      <button
        type="button"
        role="checkbox"
        className="draw"
        data-act="draw"
        tabIndex={-1}
        aria-checked={slot >= 0}
        aria-label={`Draw ${name}`}
        title={slot >= 0 ? "Remove from the charts (Space)" : "Draw in the charts (Space)"}
      >
        <Stroke slot={slot} />
      </button>
      {item.kind === "run" && item.parent !== "" && !nested && (
        <span className="muted" title="Has a parent run">
          <Icon name="child" size={12} />
        </span>
      )}
      {item.kind === "run" && editing === "run_name" ? (
        <Edit label="Name" text={name} done={(text) => edited(item, "run_name", text)} />
      ) : item.kind === "run" ? (
        <a href={`/runs/${item.key}`} className="ellipsis" data-act="open" title={name} tabIndex={active ? 0 : -1}>
          {name}
        </a>
      ) : (
        <button type="button" className="group-name ellipsis" data-act="fold" title={name} tabIndex={active ? 0 : -1}>
          {name}
        </button>
      )}
      {pinned && <span className="tag-note">{look.base?.key === item.key ? "Baseline" : "Pinned"}</span>}
      {item.kind === "group" && <span className="muted small push">{item.count.toLocaleString("en")}</span>}
      {item.kind === "run" && folds && !open && <span className="muted small">+{item.children}</span>}
      {item.kind === "run" && !item.active && <span className="tag-note">Deleted</span>}
    </>
  );
}

// What stands in a cell is made by plain functions: a table has a thousand cells, and a component of its own for each
// makes scrolling half as slow again.

function runCell(item: RunItem, column: LaidColumn, look: Look): ReactNode {
  const { id, kind } = column;
  if (kind === "status") return <State status={item.status} />;
  if (kind === "time") {
    const time = id === "end_time" ? item.end : item.start;
    if (time === null) return null;
    return (
      <time dateTime={new Date(time).toISOString()} title={formatTime(time)}>
        {formatAgo(time, look.now)}
      </time>
    );
  }
  if (kind === "line") return <Spark points={look.curves.get(`${item.key}\n${id}`)} />;
  const cell = ownText(item, id, look) ?? item.cells[id];
  if (cell === undefined) return <span className="skeleton" style={{ width: "70%" }} />;
  if (cell === null || cell === "") return null;
  if (kind !== "number") {
    return (
      <span className="ellipsis" title={String(cell)}>
        {String(cell)}
      </span>
    );
  }
  return numberCell(cell, column, look, look.base && look.base.key !== item.key ? look.base.cells[id] : undefined);
}

function numberCell(cell: string | number, column: LaidColumn, look: Look, base: Cell | undefined): ReactNode {
  const { kind } = columnOf(column.id);
  const value = kind === "param" ? Number(cell) : toFloat(cell);
  const heat = look.heat?.[column.id];
  const share = heat && heat[1] > heat[0] ? Math.min(1, Math.max(0, (value - heat[0]) / (heat[1] - heat[0]))) : null;
  const delta = base === undefined || base === null || kind === "param" ? null : value - toFloat(base);
  return (
    <>
      {share !== null && !Number.isNaN(share) && <span className="heat" style={{ opacity: 0.04 + share * 0.2 }} aria-hidden="true" />}
      {delta !== null && Number.isFinite(delta) && (
        <span className="delta" title={`${formatNumber(delta)} from the baseline`}>
          {delta > 0 ? "+" : ""}
          {formatNumber(delta)}
        </span>
      )}
      <span className={value === look.best[column.id] ? "value strong" : "value"} title={String(cell)}>
        {kind === "param" ? formatParam(String(cell)) : formatNumber(value)}
      </span>
    </>
  );
}

/** What a row says of itself as text; null where it says nothing, undefined for what stands in its cells. */
function ownText(item: RunItem, id: string, look: Look): string | null | undefined {
  if (id === "user_id") return item.user;
  if (id === "run_id") return item.key;
  if (id === "experiment_id") return look.experiments[item.experimentId] ?? item.experimentId;
  if (id === "duration") return item.end === null ? null : formatDuration(item.end - item.start);
  return undefined;
}

function groupCell(item: GroupItem, column: LaidColumn, look: Look): ReactNode {
  const figures = item.figures[column.id];
  if (!figures) return null;
  const aggregate = look.aggregate;
  const value = toFloat({ mean: figures.mean, median: figures.median, min: figures.minimum, max: figures.maximum }[aggregate]);
  const deviation = figures.deviation === null ? NaN : toFloat(figures.deviation);
  const all = `mean ${formatNumber(toFloat(figures.mean))}, median ${formatNumber(toFloat(figures.median))}, min ${formatNumber(
    toFloat(figures.minimum),
  )}, max ${formatNumber(toFloat(figures.maximum))}, ${figures.count} runs`;
  return (
    <span className="value" title={all}>
      {formatNumber(value)}
      {aggregate === "mean" && deviation > 0 && <span className="muted small"> ±{formatNumber(Number(deviation.toPrecision(2)))}</span>}
    </span>
  );
}

/** A curve in small. */
function Spark({ points }: { points: ArrayLike<number> | undefined }) {
  if (!points) return null;
  const known = Array.from(points).filter((value) => Number.isFinite(value));
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const path = known.map((value, index) => `${((index / (known.length - 1)) * 94 + 1).toFixed(1)},${(17 - ((value - low) / span) * 14).toFixed(1)}`);
  const summary = `From ${formatNumber(known[0]!)} to ${formatNumber(known.at(-1)!)}`;
  return (
    <svg className="row-spark" viewBox="0 0 96 20" role="img" aria-label={summary}>
      <polyline points={path.join(" ")} />
    </svg>
  );
}

/** A field in the place of a text; Enter and leaving keep what is written, Escape does not. */
function Edit({ label, text, done }: { label: string; text: string; done: (text: string | null) => void }) {
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation();
    if (event.key === "Enter") event.currentTarget.blur();
    else if (event.key === "Escape") {
      event.currentTarget.value = text;
      event.currentTarget.blur();
    }
  };
  const left = (event: FocusEvent<HTMLInputElement>) => {
    const written = event.currentTarget.value.trim();
    done(written === text ? null : written);
  };
  return (
    <input
      className="cell-edit"
      aria-label={label}
      defaultValue={text}
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onKeyDown={keys}
      onBlur={left}
    />
  );
}
