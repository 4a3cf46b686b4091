/** A table of many rows: only those on the screen are drawn; sorted and filtered where they are. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { arrangeRows, cellText, type Column, type Order, type Table } from "../../lib/tables";

const ROW = 28;
const MOST_COLUMNS = 200;
const LONGEST = 300;

interface Props {
  table: Table;
  label: string;
  /** What is said of the rows that are not here. */
  note?: ReactNode;
  /** Shows a cell that is a picture. */
  picture?: (value: unknown) => ReactNode;
}

export function Grid({ table, label, note, picture }: Props) {
  const [order, setOrder] = useState<Order | null>(null);
  const [text, setText] = useState("");
  const scroller = useRef<HTMLDivElement>(null);
  const columns = table.columns.slice(0, MOST_COLUMNS);
  const places = useMemo(() => arrangeRows(table, order, text), [table, order, text]);
  const widths = useMemo(() => widthsOf(table), [table]);
  const rowHeight = columns.some((column) => column.type === "picture") ? 72 : ROW;
  const rows = useVirtualizer({
    count: places.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1000, height: 600 },
  });
  const drawn = rows.getVirtualItems();
  const above = drawn[0]?.start ?? 0;
  const below = rows.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  const sort = (column: number) =>
    setOrder(order?.column !== column ? { column, descending: false } : order.descending ? null : { column, descending: true });

  return (
    <>
      <div className="preview-bar">
        <input
          className="field"
          type="search"
          placeholder="Filter rows"
          aria-label="Filter rows"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="muted small" role="status">
          {text ? `${places.length.toLocaleString("en")} of ` : ""}
          {table.rows.length.toLocaleString("en")} {table.rows.length === 1 ? "row" : "rows"}, {table.columns.length.toLocaleString("en")}{" "}
          {table.columns.length === 1 ? "column" : "columns"}
          {table.columns.length > MOST_COLUMNS && `, of which the first ${MOST_COLUMNS} are shown`}
        </span>
        <span className="push">{note}</span>
      </div>
      <div className="file-table" ref={scroller} tabIndex={0} role="region" aria-label={label}>
        <table className="list compact fixed" aria-rowcount={places.length + 1}>
          <colgroup>
            {columns.map((_, at) => (
              <col key={at} style={{ width: widths[at] }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column, at) => (
                <th
                  key={at}
                  scope="col"
                  className={column.type === "number" ? "num" : undefined}
                  aria-sort={order?.column === at ? (order.descending ? "descending" : "ascending") : undefined}
                >
                  <button type="button" className="head-button ellipsis" title={title(column)} onClick={() => sort(at)}>
                    {column.name || <span className="hidden-text">Column {at + 1}</span>}
                    {order?.column === at && (order.descending ? " ↓" : " ↑")}
                    {column.said && <span className="column-type">{column.said}</span>}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && <Space height={above} columns={columns.length} />}
            {drawn.map(({ index }) => {
              const row = table.rows[places[index]!]!;
              return (
                <tr key={places[index]} aria-rowindex={index + 2} style={{ height: rowHeight }}>
                  {columns.map((column, at) => (
                    <Cell key={at} value={row[at]} column={column} picture={picture} />
                  ))}
                </tr>
              );
            })}
            {below > 0 && <Space height={below} columns={columns.length} />}
          </tbody>
        </table>
        {places.length === 0 && <p className="muted pad">{text ? "No row holds this text." : "The table has no rows."}</p>}
      </div>
    </>
  );
}

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true" className="space">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function Cell({ value, column, picture }: { value: unknown; column: Column; picture?: Props["picture"] }) {
  if (value === null || value === undefined) return <td className="muted ellipsis">{value === null ? "null" : ""}</td>;
  if (column.type === "picture" && picture) return <td>{picture(value)}</td>;
  const text = cellText(value);
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return (
    <td className={column.type === "number" ? "num ellipsis" : "ellipsis"} title={text.length > 12 ? text.slice(0, 5000) : undefined}>
      {shown}
    </td>
  );
}

function title(column: Column): string {
  return [column.name, column.said || column.type].filter(Boolean).join(" · ");
}

/** Widths in pixels that fit most of the first rows; fixed, so that nothing moves while rows come and go. */
function widthsOf(table: Table): number[] {
  return table.columns.slice(0, MOST_COLUMNS).map((column, at) => {
    if (column.type === "picture") return 120;
    const lengths = table.rows.slice(0, 100).map((row) => cellText(row[at]).length);
    lengths.sort((a, b) => a - b);
    const most = lengths[Math.floor(lengths.length * 0.95)] ?? 0;
    const head = column.name.length + (column.said ? column.said.length + 2 : 0) + 2;
    return Math.round(Math.min(420, Math.max(64, 28 + 7.4 * Math.max(most, head))));
  });
}
