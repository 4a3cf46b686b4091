/** The charts that look at all runs that match, not at the drawn ones; their code comes with the first of them. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { fieldKeysQuery, rowsQuery } from "../../api/metrics";
import { complete, countText, type FieldColumn, type RunTable, runTable } from "../../lib/analysis";
import { direction } from "../../lib/columns";
import { formatNumber } from "../../lib/format";
import { numbersOf, type Panel, panelTitle, partsOf } from "../../lib/panels";
import { boxOf, categories, mean, rankCorrelation } from "../../lib/statistics";
import { Failure } from "../feedback";
import { contourOption } from "./contour";
import { EChart } from "./echart";
import { ParamImportance } from "./importance";
import { PlotSkeleton } from "./linecard";
import { boxOption, historyOption, scatterOption, type Slots } from "./options";
import { Parallel } from "./parallel";
import { RunsTable } from "./runstable";
import { type Bar, BarList } from "./singles";
import { useSettled, useShared } from "./state";

interface Props {
  panel: Panel;
  height: number;
  asTable: boolean;
  enabled: boolean;
  onPanel: (panel: Panel) => void;
  /** Gets what the panel shows as rows of a file. */
  onTable: (table: RunTable) => void;
}

/** Most bars of one chart, and most params whose importance is asked for. */
const MOST_BARS = 60;
const MOST_PARAMS = 40;
const MOST_BOXES = 24;
const NO_FIELDS: readonly string[] = [];

export default function Analysis({ panel, height, asTable, enabled, onPanel, onTable }: Props) {
  const { experimentIds, filter, version } = useShared();
  const settled = useSettled(version, 10_000);
  const params = useVarying(panel, enabled);
  const fields = useMemo(() => [...panel.fields, ...(params ?? NO_FIELDS)], [panel.fields, params]);
  const query = useQuery({ ...rowsQuery(experimentIds, filter, fields, settled), enabled: enabled && params !== null });
  // What came for other fields, while those of now are on their way, is not taken for them.
  const current = query.data?.columns.length === fields.length ? query.data : undefined;
  const table = useMemo(() => (current ? runTable(current, fields) : null), [current, fields]);
  if (query.isError && !table) {
    return <Failure what="The runs could not be read." error={query.error} retry={() => void query.refetch()} />;
  }
  if (!table) return <PlotSkeleton height={height} />;
  return <Shown {...{ panel, table, height, asTable, onPanel, onTable }} />;
}

function Shown({ panel, table, height, asTable, onPanel, onTable }: Omit<Props, "enabled"> & { table: RunTable }) {
  const rows = useMemo(() => complete(table, panel.kind === "importance" ? [0] : undefined), [table, panel.kind]);
  const summary = summaryOf(panel, table, rows);
  const foot = (
    <p className="panel-count">
      <span className="muted small ellipsis">{countText(rows.length, table)}</span>
      <button type="button" className="button quiet" onClick={() => onTable(table)}>
        CSV
      </button>
    </p>
  );
  const room = height - 24;
  const body = (): ReactNode => {
    if (rows.length === 0) {
      return (
        <p className="muted no-points" style={{ minHeight: room }}>
          No run that matches has {panel.fields.length > 1 ? "all of them" : "it"}.
        </p>
      );
    }
    if (asTable && panel.kind !== "importance") return <RunsTable table={table} rows={rows} height={room} title={panelTitle(panel)} />;
    return <Kind {...{ panel, table, rows, summary, onPanel }} height={room} />;
  };
  return (
    <>
      {body()}
      {foot}
    </>
  );
}

interface KindProps {
  panel: Panel;
  table: RunTable;
  rows: readonly number[];
  height: number;
  summary: string;
  onPanel: (panel: Panel) => void;
}

function Kind(props: KindProps) {
  const { panel, table, height, summary, onPanel } = props;
  switch (panel.kind) {
    case "bars":
      return <Bars {...props} />;
    case "parallel":
      return <Parallel {...{ panel, table, height, summary, onPanel }} />;
    case "importance":
      return <ParamImportance table={table} height={height} title={panelTitle(panel)} />;
    case "box":
      return <Boxes {...props} />;
    case "scatter":
    case "contour":
    case "history":
      return <Points {...props} />;
    case "lines":
      return null;
  }
}

function Points({ panel, table, rows, height, summary }: KindProps) {
  const { runs, onHover } = useShared();
  const navigate = useNavigate();
  const slots = useMemo<Slots>(() => new Map(runs.map((run) => [run.runId, run.slot])), [runs]);
  const option = useMemo(() => pointsOption(panel, table, rows, slots), [panel, table, rows, slots]);
  return (
    <EChart
      option={option}
      height={height}
      summary={summary}
      onPoint={onHover}
      onOpen={(runId) => void navigate({ to: "/runs/$runId", params: { runId } })}
    />
  );
}

function pointsOption(panel: Panel, table: RunTable, rows: readonly number[], slots: Slots) {
  if (panel.kind === "history") return historyOption(table, rows, slots, wayOf(panel));
  const log = [isLog(panel, table.columns[0], 0), isLog(panel, table.columns[1], 1)] as const;
  return panel.kind === "scatter" ? scatterOption(table, rows, slots, log) : contourOption(table, rows, log);
}

function Boxes({ panel, table, rows, height, summary }: KindProps) {
  const option = useMemo(() => {
    const [metric, by] = table.columns;
    return boxOption(boxesOf(table, rows).slice(0, MOST_BOXES), metric!, by!.title);
  }, [table, rows]);
  return <EChart key={panelTitle(panel)} option={option} height={height} summary={summary} />;
}

function Bars({ panel, table, rows, height }: KindProps) {
  const { runs, groups } = useShared();
  const bars = useMemo<Bar[]>(() => {
    const values = table.columns[0]!.values;
    if (groups.length === 0) {
      const slots = new Map(runs.map((run) => [run.runId, run.slot]));
      return rows.map((row) => {
        const id = table.runIds[row]!;
        return { id, name: table.names[row]!, slot: slots.get(id) ?? -1, value: values[row]! };
      });
    }
    const place = new Map(table.runIds.map((id, row) => [id, row]));
    return groups.flatMap(({ name, slot, runIds }) => {
      const known = runIds.map((id) => values[place.get(id) ?? -1] ?? NaN).filter(Number.isFinite);
      if (known.length === 0) return [];
      return [{ id: name, name, slot, value: mean(known), from: Math.min(...known), to: Math.max(...known) }];
    });
  }, [table, rows, runs, groups]);
  const way = directionOf(panel.fields[0]!);
  // Drawn runs are always among them, then the best.
  const shown = useMemo(
    () => [...bars].sort((a, b) => Number(b.slot >= 0) - Number(a.slot >= 0) || (way < 0 ? a.value - b.value : b.value - a.value)).slice(0, MOST_BARS),
    [bars, way],
  );
  return <BarList bars={shown} way={way} height={height} />;
}

/** Params that differ between runs, for the panel that looks at all of them; null until they are known. */
function useVarying(panel: Panel, enabled: boolean): readonly string[] | null {
  const { experimentIds } = useShared();
  const wanted = panel.kind === "importance";
  const keys = useQuery({ ...fieldKeysQuery(experimentIds), enabled: wanted && enabled });
  return useMemo(() => {
    if (!wanted) return NO_FIELDS;
    if (!keys.data) return null;
    const varying = keys.data.filter((item) => item.kind === "param" && item.distinct > 1);
    return varying.slice(0, MOST_PARAMS).map((item) => `params.${item.key}`);
  }, [wanted, keys.data]);
}

/** Whether an axis is logarithmic: what was chosen for it, or else what shows more. */
function isLog(panel: Panel, column: FieldColumn | undefined, axis: number): boolean {
  if (!column?.numeric || column.values.some((value) => value <= 0)) return false;
  return column.wide !== numbersOf(panel, "log").has(axis);
}

function boxesOf(table: RunTable, rows: readonly number[]) {
  const [metric, by] = table.columns;
  const words = by!.numeric ? categories(rows.map((row) => by!.cells[row]!)) : by!.words;
  return words.flatMap((name) => {
    const box = boxOf(rows.filter((row) => String(by!.cells[row]) === name).map((row) => metric!.values[row]!));
    return box ? [{ name, box }] : [];
  });
}

function directionOf(field: string): -1 | 0 | 1 {
  return direction(partsOf(field)?.key ?? "");
}

function wayOf(panel: Panel): -1 | 1 {
  if (panel.options.way) return panel.options.way === "min" ? -1 : 1;
  return directionOf(panel.fields[0]!) < 0 ? -1 : 1;
}

/** One sentence for people who do not see the chart. */
function summaryOf(panel: Panel, table: RunTable, rows: readonly number[]): string {
  const title = `${panelTitle(panel)}, ${countText(rows.length, table)}`;
  const at = (index: number) => rows.map((row) => table.columns[index]!.values[row]!);
  if (rows.length === 0) return `${title}.`;
  if (panel.kind === "scatter" && table.columns[0]!.numeric && table.columns[1]!.numeric) {
    const way = rankCorrelation(at(0), at(1));
    return `${title}; ${Number.isNaN(way) ? "no correlation" : `rank correlation ${way.toFixed(2)}`}.`;
  }
  if (panel.kind === "box") {
    const boxes = boxesOf(table, rows).slice(0, 5);
    return `${title}; medians: ${boxes.map(({ name, box }) => `${name} ${formatNumber(box.median)}`).join(", ")}.`;
  }
  const metric = panel.kind === "history" ? 0 : table.columns.length - 1;
  if (!table.columns[metric]!.numeric) return `${title}.`;
  const way = panel.kind === "history" ? wayOf(panel) : directionOf(panel.fields[metric]!);
  const values = at(metric);
  const best = values.reduce((kept, value, index) => ((way < 0 ? value < values[kept]! : value > values[kept]!) ? index : kept), 0);
  return `${title}; ${way === 0 ? "largest" : "best"} ${table.names[rows[best]!]} with ${formatNumber(values[best]!)}.`;
}
