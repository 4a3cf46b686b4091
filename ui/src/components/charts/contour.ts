/** A metric over two fields: a surface between the runs where both are numbers, else a cell for each pair. */

import type { RunTable } from "../../lib/analysis";
import { formatNumber } from "../../lib/format";
import { mean, shareOf, surface } from "../../lib/statistics";
import type { Look, Option } from "./echart";
import { axisOf, rowText, tooltipOf } from "./options";

const SIZE = 40;

export function contourOption(table: RunTable, rows: readonly number[], log: readonly [boolean, boolean]) {
  const [across, up] = table.columns;
  return across!.numeric && up!.numeric ? surfaceOption(table, rows, log) : cellsOption(table, rows);
}

function surfaceOption(table: RunTable, rows: readonly number[], log: readonly [boolean, boolean]) {
  return (look: Look): Option => {
    const [across, up, metric] = table.columns;
    const ends = (values: readonly number[]): [number, number] => {
      const known = rows.map((row) => values[row]!);
      return [Math.min(...known), Math.max(...known)];
    };
    const [wide, high] = [ends(across!.values), ends(up!.values)];
    const cells = surface(
      rows.map((row) => ({
        x: shareOf(across!.values[row]!, wide, log[0]),
        y: shareOf(up!.values[row]!, high, log[1]),
        value: metric!.values[row]!,
      })),
      SIZE,
    );
    const ticks = Array.from({ length: SIZE }, (_, index) => index);
    const hidden = { type: "category", show: false, data: ticks };
    const axis = (column: typeof across, [min, max]: [number, number], isLog: boolean, gap: number) =>
      axisOf(column!, isLog, look, { nameGap: gap, min, max: max > min ? max : min + 1, splitLine: { show: false }, position: gap > 30 ? "left" : "bottom" });
    return {
      ...tooltipOf(look, (item) => rowText(table, [0, 1, 2], item.data.row)),
      grid: { left: 60, right: 74, top: 12, bottom: 44 },
      xAxis: [hidden, axis(across, wide, log[0], 26)],
      yAxis: [hidden, axis(up, high, log[1], 46)],
      visualMap: scaleOf(rows.map((row) => metric!.values[row]!), 2, look),
      series: [
        {
          type: "heatmap",
          silent: true,
          tooltip: { show: false },
          itemStyle: { borderWidth: 0 },
          data: cells.flatMap((row, y) => row.flatMap((value, x) => (value === null ? [] : [[x, y, value]]))),
        },
        {
          type: "scatter",
          xAxisIndex: 1,
          yAxisIndex: 1,
          symbolSize: 8,
          itemStyle: { borderColor: look.ground, borderWidth: 1.5 },
          data: rows.map((row) => ({
            row,
            runId: table.runIds[row]!,
            value: [across!.values[row]!, up!.values[row]!, metric!.values[row]!],
          })),
        },
      ],
    };
  };
}

/** The mean of the runs with the same pair of values. */
function cellsOption(table: RunTable, rows: readonly number[]) {
  return (look: Look): Option => {
    const [across, up, metric] = table.columns;
    const [columns, lines] = [wordsOf(across!, rows), wordsOf(up!, rows)];
    const gathered = new Map<string, number[]>();
    for (const row of rows) {
      const place = `${columns.indexOf(textOf(across!, row))},${lines.indexOf(textOf(up!, row))}`;
      gathered.set(place, [...(gathered.get(place) ?? []), metric!.values[row]!]);
    }
    const data = [...gathered].map(([place, values]) => [...place.split(",").map(Number), mean(values), values.length]);
    const words = (column: typeof across, list: string[], gap: number) =>
      axisOf({ ...column!, numeric: false, words: list }, false, look, { nameGap: gap, splitArea: { show: false } });
    return {
      tooltip: {
        ...(tooltipOf(look, () => "").tooltip as Option),
        formatter: ({ value }: { value: [number, number, number, number] }) =>
          `${across!.title}: ${columns[value[0]]!}\n${up!.title}: ${lines[value[1]]!}\n${metric!.title}: ${formatNumber(value[2])}, mean of ${value[3]}`,
      },
      grid: { left: 80, right: 74, top: 12, bottom: 44 },
      xAxis: words(across, columns, 26),
      yAxis: words(up, lines, 64),
      visualMap: scaleOf(data.map((cell) => cell[2]!), 2, look),
      series: [{ type: "heatmap", itemStyle: { borderColor: look.ground, borderWidth: 2 }, data }],
    };
  };
}

function wordsOf(column: RunTable["columns"][number], rows: readonly number[]): string[] {
  if (!column.numeric) return [...column.words];
  const numbers = [...new Set(rows.map((row) => column.values[row]!))].sort((a, b) => a - b);
  return numbers.map(String);
}

function textOf(column: RunTable["columns"][number], row: number): string {
  return column.numeric ? String(column.values[row]!) : String(column.cells[row]);
}

function scaleOf(values: readonly number[], dimension: number, look: Look): Option {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return {
    type: "continuous",
    dimension,
    min: low,
    max: high > low ? high : low + 1,
    right: 0,
    top: "middle",
    itemHeight: 100,
    itemWidth: 10,
    text: [formatNumber(high), formatNumber(low)],
    textStyle: { color: look.quiet, fontSize: 11 },
    inRange: { color: [...look.sequential] },
  };
}
