/** Parallel coordinates: each run a line through its fields; ranges that are brushed become a condition of the table's filter. */

import { useMemo, useState } from "react";
import { complete, type FieldColumn, type RunTable } from "../../lib/analysis";
import { type Choice, conditionOf } from "../../lib/brush";
import { numbersOf, type Panel, withOption } from "../../lib/panels";
import { Dialog } from "../dialog";
import { EChart, type Look, type Option } from "./echart";
import { colourMap, rowText, tickText, tooltipOf } from "./options";
import { useShared } from "./state";

type Interval = readonly [number, number];
type Brushes = readonly (readonly Interval[])[];

interface Props {
  panel: Panel;
  table: RunTable;
  height: number;
  summary: string;
  onPanel: (panel: Panel) => void;
}

export function Parallel({ panel, table, height, summary, onPanel }: Props) {
  const { onFilter, onHover } = useShared();
  const [brushes, setBrushes] = useState<Brushes>([]);
  const [arranging, setArranging] = useState(false);
  const rows = useMemo(() => complete(table), [table]);
  const logs = useMemo(() => numbersOf(panel, "log"), [panel]);
  const flips = useMemo(() => numbersOf(panel, "flip"), [panel]);
  const option = useMemo(() => parallelOption(table, rows, logs, flips), [table, rows, logs, flips]);
  const condition = conditionOf(brushes.flatMap((intervals, axis) => choicesOf(table.columns[axis], intervals)));
  const within = rows.filter((row) => isWithin(table, brushes, row)).length;
  const set = (axis: number, intervals: readonly Interval[]) =>
    setBrushes((now) => table.columns.map((_, index) => (index === axis ? intervals : (now[index] ?? []))));
  return (
    <>
      <EChart option={option} height={height - 32} summary={summary} onPoint={onHover} onBrush={set} />
      <div className="panel-foot">
        <button type="button" className="button" onClick={() => setArranging(true)}>
          Axes
        </button>
        {condition === "" ? (
          <span className="muted small">Drag along an axis to choose runs.</span>
        ) : (
          <>
            <span className="small" role="status">
              {within.toLocaleString("en")} of {rows.length.toLocaleString("en")} chosen
            </span>
            {onFilter && (
              <button type="button" className="button primary" title={condition} onClick={() => onFilter(condition)}>
                Filter by them
              </button>
            )}
          </>
        )}
      </div>
      {arranging && (
        <Axes
          {...{ panel, table, brushes, onPanel }}
          close={() => setArranging(false)}
          onMoved={() => setBrushes([])}
          onFilter={onFilter}
        />
      )}
    </>
  );
}

interface AxesProps {
  panel: Panel;
  table: RunTable;
  brushes: Brushes;
  onPanel: (panel: Panel) => void;
  onMoved: () => void;
  onFilter: ((condition: string) => void) | null;
  close: () => void;
}

/** Order, scale and direction of the axes; and a range for each, for those who cannot drag. */
function Axes({ panel, table, brushes, onPanel, onMoved, onFilter, close }: AxesProps) {
  const [ranges, setRanges] = useState<Record<string, { from: string; to: string }>>(() =>
    Object.fromEntries(
      table.columns.map(({ field, numeric }, axis) => {
        const [from, to] = (numeric && brushes[axis]?.[0]) || [];
        return [field, { from: from === undefined ? "" : String(Number(from.toPrecision(4))), to: to === undefined ? "" : String(Number(to.toPrecision(4))) }];
      }),
    ),
  );
  const turn = (name: "log" | "flip", axis: number) => {
    const now = new Set(numbersOf(panel, name));
    if (!now.delete(axis)) now.add(axis);
    onPanel(withOption(panel, name, now));
  };
  const swap = (axis: number) => {
    const order = panel.fields.map((_, index) => (index === axis ? axis - 1 : index === axis - 1 ? axis : index));
    const moved = (name: string) => [...numbersOf(panel, name)].map((index) => order.indexOf(index));
    onMoved();
    const fields = order.map((index) => panel.fields[index]!);
    onPanel(withOption(withOption({ ...panel, fields }, "log", moved("log")), "flip", moved("flip")));
  };
  const number = (text: string) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));
  const condition = conditionOf(
    Object.entries(ranges).map(([field, { from, to }]) => ({ field, from: number(from), to: number(to) })),
  );
  const columnOf = (field: string) => table.columns.find((column) => column.field === field);
  return (
    <Dialog
      title="Axes"
      close={close}
      wide
      onSubmit={() => {
        if (onFilter && condition !== "") onFilter(condition);
        close();
      }}
      actions={
        <button type="submit" className="button primary">
          {onFilter && condition !== "" ? "Filter by these ranges" : "Done"}
        </button>
      }
    >
      <table className="list compact axes">
        <thead>
          <tr>
            <th scope="col">Axis</th>
            <th scope="col">Logarithmic</th>
            <th scope="col">Turned over</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Order</th>
          </tr>
        </thead>
        <tbody>
          {panel.fields.map((field, axis) => {
            const { title = field, numeric = false, values = [] } = columnOf(field) ?? {};
            return (
              <tr key={field}>
                <th scope="row">{title}</th>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`${title}: logarithmic`}
                    checked={numbersOf(panel, "log").has(axis)}
                    disabled={!numeric || values.some((value) => value <= 0)}
                    onChange={() => turn("log", axis)}
                  />
                </td>
                <td>
                  <input type="checkbox" aria-label={`${title}: turned over`} checked={numbersOf(panel, "flip").has(axis)} onChange={() => turn("flip", axis)} />
                </td>
                {(["from", "to"] as const).map((end) => (
                  <td key={end}>
                    {numeric && (
                      <input
                        className="field"
                        inputMode="decimal"
                        aria-label={`${title}: ${end}`}
                        value={ranges[field]?.[end] ?? ""}
                        onChange={(event) => setRanges({ ...ranges, [field]: { from: "", to: "", ...ranges[field], [end]: event.target.value } })}
                      />
                    )}
                  </td>
                ))}
                <td>
                  <button type="button" className="button" aria-label={`${title}: move to the left`} disabled={axis === 0} onClick={() => swap(axis)}>
                    ←
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Dialog>
  );
}

function parallelOption(table: RunTable, rows: readonly number[], logs: ReadonlySet<number>, flips: ReadonlySet<number>) {
  return (look: Look): Option => {
    const last = table.columns.length - 1;
    const dense = rows.length > 400;
    return {
      ...tooltipOf(look, (item) => rowText(table, table.columns.map((_, index) => index), item.data.row)),
      parallel: {
        left: 36,
        right: table.columns[last]!.numeric ? 128 : 64,
        top: 34,
        bottom: 20,
        axisExpandable: false,
        parallelAxisDefault: { areaSelectStyle: { width: 18, borderColor: look.accent, color: look.accent, opacity: 0.25 } },
      },
      parallelAxis: table.columns.map((column, axis) => ({
        id: String(axis),
        dim: axis,
        name: column.title,
        nameTextStyle: { color: look.text, fontSize: 11, width: 110, overflow: "truncate" },
        nameTruncate: { maxWidth: 110 },
        inverse: flips.has(axis),
        axisLine: { lineStyle: { color: look.quiet } },
        axisTick: { lineStyle: { color: look.quiet } },
        axisLabel: { color: look.quiet, fontSize: 11, ...(column.numeric ? { formatter: (value: number) => tickText(value, column.field) } : {}) },
        ...(column.numeric
          ? { type: logs.has(axis) ? "log" : "value", scale: true }
          : { type: "category", data: [...column.words] }),
      })),
      visualMap: colourMap(table.columns[last]!, last, rows, look),
      series: [
        {
          type: "parallel",
          lineStyle: { width: dense ? 1 : 1.5, opacity: dense ? 0.35 : 0.75 },
          inactiveOpacity: 0.05,
          activeOpacity: dense ? 0.5 : 0.9,
          emphasis: { lineStyle: { width: 3, opacity: 1 } },
          progressive: 500,
          data: rows.map((row) => ({
            row,
            runId: table.runIds[row]!,
            value: table.columns.map((column) => (column.numeric ? column.values[row]! : String(column.cells[row]))),
          })),
        },
      ],
    };
  };
}

/** What some intervals on an axis mean; of several intervals on an axis of numbers what lies between them as well. */
function choicesOf(column: FieldColumn | undefined, intervals: readonly Interval[]): Choice[] {
  if (!column || intervals.length === 0) return [];
  const sorted = intervals.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  if (column.numeric) return [{ field: column.field, from: Math.min(...sorted.map(([low]) => low)), to: Math.max(...sorted.map(([, high]) => high)) }];
  return [{ field: column.field, texts: column.words.filter((_, place) => sorted.some(([low, high]) => place >= low && place <= high)) }];
}

function isWithin(table: RunTable, brushes: Brushes, row: number): boolean {
  return brushes.every((intervals, axis) => {
    const value = table.columns[axis]?.values[row] ?? NaN;
    return intervals.length === 0 || intervals.some(([a, b]) => value >= Math.min(a, b) && value <= Math.max(a, b));
  });
}
