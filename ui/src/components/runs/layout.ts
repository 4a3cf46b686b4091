/** Where the columns of the table stand: which stay at the left, how wide each is, which are in sight. */

import type { CSSProperties } from "react";
import type { RunKey } from "../../api/types";
import { columnOf, type ColumnId, columnTitle, isNumeric, NAME_WIDTH, widthOf } from "../../lib/columns";

export interface LaidColumn {
  id: ColumnId;
  title: string;
  numeric: boolean;
  fixed: boolean;
  /** Its place among all, from 0; the name of the run is 0. */
  at: number;
  width: number;
  /** Whether it is narrower than what usually stands in it, which is cut off then. */
  tight: boolean;
  /** From the left edge of the table, in px. */
  left: number;
  kind: "name" | "status" | "time" | "line" | "number" | "text";
}

export interface Layout {
  columns: readonly LaidColumn[];
  width: number;
}

const NAME = "run_name";
const WITH_DEVIATION = 124;
/** With no more columns than these all are drawn. */
const FEW = 24;

export function layOut(
  ids: readonly ColumnId[],
  fixed: readonly ColumnId[],
  widths: Readonly<Record<string, number>>,
  keys: readonly RunKey[],
  /** Whether numbers come with their deviation. */
  spread = false,
): Layout {
  const shown = ids.filter((id) => id !== NAME);
  const order = [NAME, ...fixed.filter((id) => shown.includes(id)), ...shown.filter((id) => !fixed.includes(id))];
  const columns: LaidColumn[] = [];
  let left = 0;
  for (const [at, id] of order.entries()) {
    const numeric = isNumeric(keys, id);
    const least = spread && numeric ? WITH_DEVIATION : 0;
    const usual = id === NAME ? NAME_WIDTH : Math.max(least, widthOf(id));
    const width = widths[id] ?? usual;
    const kind = kindOf(id, numeric);
    columns.push({ id, title: columnTitle(id), numeric, fixed: at === 0 || fixed.includes(id), at, width, tight: width < usual, left, kind });
    left += width;
  }
  return { columns, width: left };
}

function kindOf(id: ColumnId, numeric: boolean): LaidColumn["kind"] {
  if (id === NAME) return "name";
  if (id === "status") return "status";
  if (id === "start_time" || id === "end_time") return "time";
  const { kind, figure } = columnOf(id);
  if (kind === "metric") return figure === "line" ? "line" : "number";
  return numeric && kind === "param" ? "number" : "text";
}

export interface Drawn {
  columns: readonly LaidColumn[];
  /** The width of what is left out before those that scroll, and after them, in px. */
  before: number;
  after: number;
  /** Whether the first column takes what is left of the width. */
  stretch: boolean;
}

/** The columns in sight between two places, in px. */
export function inSight(layout: Layout, left: number, right: number): Drawn {
  const { columns } = layout;
  const stretch = columns.filter((column) => column.fixed).length === 1;
  if (columns.length <= FEW) return { columns, before: 0, after: 0, stretch };
  const shown = columns.filter((column) => column.fixed || (column.left + column.width > left && column.left < right));
  const loose = shown.filter((column) => !column.fixed);
  const start = columns.find((column) => !column.fixed)?.left ?? layout.width;
  const first = loose[0]?.left ?? start;
  const last = loose.at(-1);
  return { columns: shown, before: first - start, after: last ? layout.width - last.left - last.width : layout.width - start, stretch };
}

/** The widths as properties of the table; cells refer to them, so that dragging an edge redraws no cell. */
export function widthsStyle(layout: Layout, row: number): CSSProperties {
  const style: Record<string, string> = { "--row": `${row}px`, "--width": `${layout.width}px` };
  for (const column of layout.columns) style[`--c${column.at}`] = `${column.width}px`;
  return style as CSSProperties;
}

export function cellStyle(column: LaidColumn, stretch: boolean): CSSProperties {
  const style: CSSProperties = { width: `var(--c${column.at})` };
  if (column.at === 0 && stretch) style.flex = `1 0 var(--c0)`;
  if (column.fixed) {
    const before = Array.from({ length: column.at }, (_, at) => `var(--c${at})`);
    style.left = before.length === 0 ? 0 : `calc(${before.join(" + ")})`;
  }
  return style;
}
