/** The runs of an experiment: only the rows in sight are in the page, further ones are fetched while scrolling. */

import { Link } from "@tanstack/react-router";
import { type ColumnDef, getCoreRowModel, type Header, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Run } from "../api/queries";
import { bestValue, columnTitle, numericColumns, orderTerm } from "../lib/columns";
import { formatDuration, formatNumber, formatParam, toFloat } from "../lib/format";
import { slotOf } from "../lib/palette";
import { arrange, type RunRow } from "../lib/tree";
import { Icon } from "./icons";
import { Ago, State, Stroke } from "./marks";

interface Props {
  runs: readonly Run[];
  total: number;
  columns: readonly string[];
  sort: string;
  slots: readonly string[];
  dimmed: boolean;
  onSort: (sort: string) => void;
  onToggle: (runId: string) => void;
  onMore: () => void;
}

const ROW = 32;

export function RunsTable(props: Props) {
  const { runs, total, columns, sort, slots } = props;
  const complete = runs.length >= total;
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => arrange(runs, complete && sort === "", folded), [runs, complete, sort, folded]);
  const best = useBest(runs, columns, sort, complete);
  const numeric = useMemo(() => numericColumns(runs, columns), [runs, columns]);
  const definitions = useMemo<ColumnDef<RunRow>[]>(
    () => [
      { id: "run_name", size: 190, minSize: 120 },
      ...columns.map((id) => ({ id, size: widthOf(id), minSize: 48 })),
    ],
    [columns],
  );
  const table = useReactTable({
    data: rows,
    columns: definitions,
    getCoreRowModel: getCoreRowModel(),
    columnResizeMode: "onChange",
    manualSorting: true,
  });

  const scroller = useRef<HTMLDivElement>(null);
  const count = complete ? rows.length : Math.max(rows.length, total);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: ROW,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { onMore } = props;
  useEffect(() => {
    if (!complete && last >= rows.length - 40) onMore();
  }, [complete, last, rows.length, onMore]);

  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(row.dataset.row);
    const move = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (event.key === "x") props.onToggle(rows[index]!.run.run_id);
    else if (move !== undefined) focusRow(scroller.current, Math.min(rows.length - 1, Math.max(0, index + move)));
    else return;
    event.preventDefault();
  };

  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const width = table.getTotalSize();
  const template = headers
    .map((header, index) => (index === 0 ? `minmax(${header.getSize()}px, 1fr)` : `${header.getSize()}px`))
    .join(" ");
  const layout = { "--template": template, "--width": `${width}px` } as CSSProperties;

  return (
    <div className="runs" ref={scroller} style={layout}>
      <div role="table" aria-label="Runs" aria-rowcount={count + 1} aria-colcount={headers.length} onKeyDown={keys}>
        <div role="rowgroup" className="runs-head">
          <div role="row" className="runs-row" aria-rowindex={1}>
            {headers.map((header) => (
              <HeadCell key={header.id} header={header} numeric={numeric.has(header.column.id)} sort={sort} onSort={props.onSort} />
            ))}
          </div>
        </div>
        <div
          role="rowgroup"
          className={props.dimmed ? "runs-body dimmed" : "runs-body"}
          style={{ height: virtual.getTotalSize() }}
        >
          {items.map((item) => {
            const row = rows[item.index];
            const slot = row ? slotOf(slots, row.run.run_id) : -1;
            return (
              <div
                key={row?.run.run_id ?? item.index}
                role="row"
                className="runs-row"
                data-row={item.index}
                aria-rowindex={item.index + 2}
                data-drawn={slot >= 0 ? "" : undefined}
                style={{ transform: `translateY(${item.start - ROW}px)` }}
              >
                {row ? (
                  <>
                    <NameCell
                      row={row}
                      slot={slot}
                      folded={folded.has(row.run.run_id)}
                      onToggle={props.onToggle}
                      onFold={(id) => setFolded(toggled(folded, id))}
                    />
                    {columns.map((id) => (
                      <Cell key={id} run={row.run} column={id} numeric={numeric.has(id)} best={best[id]} />
                    ))}
                  </>
                ) : (
                  headers.map((header) => (
                    <span key={header.id} role="cell">
                      <span className="skeleton" style={{ width: "60%" }} />
                    </span>
                  ))
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeadProps {
  header: Header<RunRow, unknown>;
  numeric: boolean;
  sort: string;
  onSort: (sort: string) => void;
}

function HeadCell({ header, numeric, sort, onSort }: HeadProps) {
  const id = header.column.id;
  const way = sort === id ? "ascending" : sort === `-${id}` ? "descending" : undefined;
  const title = columnTitle(id);
  const next = way === "ascending" ? `-${id}` : way === "descending" ? "" : id;
  return (
    <div role="columnheader" className={numeric ? "num" : undefined} aria-sort={way}>
      {orderTerm(id) ? (
        <button type="button" className="head-button ellipsis" title={`Sort by ${id}`} onClick={() => onSort(next)}>
          {title}
          {way && <span aria-hidden="true">{way === "ascending" ? " ↑" : " ↓"}</span>}
        </button>
      ) : (
        <span className="ellipsis">{title}</span>
      )}
      <span
        className="resizer"
        aria-hidden="true"
        onPointerDown={header.getResizeHandler()}
        onDoubleClick={() => header.column.resetSize()}
      />
    </div>
  );
}

interface NameProps {
  row: RunRow;
  slot: number;
  folded: boolean;
  onToggle: (runId: string) => void;
  onFold: (runId: string) => void;
}

function NameCell({ row, slot, folded, onToggle, onFold }: NameProps) {
  const { run, depth, children, orphan } = row;
  const name = run.run_name || run.run_id;
  return (
    <div role="cell" className="name-cell" style={{ paddingLeft: 4 + depth * 16 }}>
      <button
        type="button"
        role="checkbox"
        className="draw"
        aria-checked={slot >= 0}
        aria-label={`Draw ${name}`}
        title={slot >= 0 ? "Remove from the charts (x)" : "Draw in the charts (x)"}
        onClick={() => onToggle(run.run_id)}
      >
        <Stroke slot={slot} />
      </button>
      {children > 0 && (
        <button
          type="button"
          className="fold"
          aria-expanded={!folded}
          aria-label={`Runs below ${name}`}
          onClick={() => onFold(run.run_id)}
        >
          <Icon name={folded ? "right" : "down"} size={12} />
        </button>
      )}
      {orphan && (
        <span className="muted" title="Has a parent run">
          <Icon name="child" size={12} />
        </span>
      )}
      <Link to="/runs/$runId" params={{ runId: run.run_id }} className="ellipsis" title={name}>
        {name}
      </Link>
      {folded && <span className="muted small">+{children}</span>}
    </div>
  );
}

interface CellProps {
  run: Run;
  column: string;
  numeric: boolean;
  best: number | undefined;
}

function Cell({ run, column, numeric, best }: CellProps) {
  if (column.startsWith("metrics.")) {
    const summary = run.metrics[column.slice(8)];
    if (!summary) return <span role="cell" className="num" />;
    const value = toFloat(summary.last);
    return (
      <span role="cell" className={value === best ? "num strong" : "num"} title={String(summary.last)}>
        {formatNumber(value)}
      </span>
    );
  }
  const [text, title] = textOf(run, column);
  return (
    <span role="cell" className={numeric ? "num" : "ellipsis"} title={title}>
      {column === "status" ? <State status={run.status} /> : column === "start_time" ? <Ago time={run.start_time} /> : text}
    </span>
  );
}

function textOf(run: Run, column: string): [string, string | undefined] {
  if (column.startsWith("params.")) {
    const value = run.params[column.slice(7)] ?? "";
    return [formatParam(value), value];
  }
  if (column.startsWith("tags.")) {
    const value = run.tags[column.slice(5)] ?? "";
    return [value, value];
  }
  if (column === "user_id") return [run.user_id, run.user_id];
  if (column === "duration") {
    const text = run.end_time === null ? "" : formatDuration(run.end_time - run.start_time);
    return [text, undefined];
  }
  return ["", undefined];
}

/** The best value stands in bold where it is certain: all runs are there, or the table is sorted by it. */
function useBest(runs: readonly Run[], columns: readonly string[], sort: string, complete: boolean) {
  return useMemo(() => {
    const best: Record<string, number> = {};
    for (const id of columns) {
      if (!id.startsWith("metrics.") || runs.length < 2) continue;
      if (complete || sort.replace(/^-/, "") === id) best[id] = bestValue(runs, id.slice(8));
    }
    return best;
  }, [runs, columns, sort, complete]);
}

function widthOf(id: string): number {
  if (id === "status") return 80;
  if (id === "start_time" || id === "duration" || id === "user_id") return 88;
  return Math.min(140, Math.max(id.startsWith("metrics.") ? 80 : 64, columnTitle(id).length * 7 + 18));
}

function focusRow(scroller: HTMLElement | null, index: number): void {
  const row = scroller?.querySelector<HTMLElement>(`[data-row="${index}"]`);
  row?.querySelector<HTMLElement>("a")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
