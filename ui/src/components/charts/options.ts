/** What ECharts is told to draw for scatter, history and box plots. */

import type { FieldColumn, RunTable } from "../../lib/analysis";
import { formatNumber, formatTicks, formatTime } from "../../lib/format";
import { bestSoFar } from "../../lib/lines";
import type { Box } from "../../lib/statistics";
import type { Look, Option } from "./echart";

/** The slots of the drawn runs, by their ids. */
export type Slots = ReadonlyMap<string, number>;

const SYMBOLS = ["circle", "rect", "diamond", "triangle", "pin"];

export function axisOf(column: FieldColumn, log: boolean, look: Look, more: Option = {}): Option {
  const common = {
    name: column.title,
    nameLocation: "middle" as const,
    nameTextStyle: { color: look.text, fontSize: 11 },
    axisLine: { lineStyle: { color: look.rule } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: look.rule } },
  };
  if (!column.numeric) {
    return { ...common, type: "category", data: [...column.words], axisLabel: { color: look.quiet, fontSize: 11, width: 90, overflow: "truncate" }, ...more };
  }
  return {
    ...common,
    type: log ? "log" : "value",
    scale: true,
    axisLabel: { color: look.quiet, fontSize: 11, hideOverlap: true, formatter: (value: number) => tickText(value, column.field) },
    ...more,
  };
}

export function tooltipOf(look: Look, text: (item: { data: { row: number } }) => string): Option {
  return {
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: look.ground,
      borderColor: look.rule,
      textStyle: { color: look.text, fontSize: 12, fontFamily: look.font },
      formatter: text,
    },
  };
}

/** A run and its values of some columns, line by line. */
export function rowText(table: RunTable, columns: readonly number[], row: number): string {
  const lines = columns.map((index) => {
    const { title, cells, field } = table.columns[index]!;
    return `${title}: ${cellText(cells[row] ?? null, field)}`;
  });
  return [table.names[row]!, ...lines].join("\n");
}

export function cellText(cell: string | number | null, field: string): string {
  if (cell === null) return "–";
  if (/^attributes\.(start|end)_time$/.test(field)) return formatTime(Number(cell));
  return typeof cell === "number" ? formatNumber(cell) : cell;
}

export function scatterOption(table: RunTable, rows: readonly number[], slots: Slots, log: readonly [boolean, boolean]) {
  return (look: Look): Option => {
    const [across, up, colour] = table.columns;
    const point = (row: number) => ({
      row,
      runId: table.runIds[row]!,
      value: [across!.values[row]!, up!.values[row]!, ...(colour ? [colour.values[row]!] : [])],
      ...(colour ? {} : dotOf(slots.get(table.runIds[row]!), look)),
    });
    // Drawn runs lie on top of the others.
    const ordered = colour ? rows : [...rows].sort((a, b) => Number(slots.has(table.runIds[a]!)) - Number(slots.has(table.runIds[b]!)));
    return {
      ...tooltipOf(look, (item) => rowText(table, table.columns.map((_, index) => index), item.data.row)),
      grid: { left: 60, right: colour?.numeric ? 70 : 16, top: 12, bottom: 44 },
      xAxis: axisOf(across!, log[0], look, { nameGap: 26 }),
      yAxis: axisOf(up!, log[1], look, { nameGap: 46 }),
      ...(colour ? { visualMap: colourMap(colour, 2, rows, look) } : {}),
      series: [{ type: "scatter", symbolSize: rows.length > 1000 ? 5 : 8, data: ordered.map(point), emphasis: { scale: 1.4 } }],
    };
  };
}

/** Colours for a column of the points: a scale for numbers, the runs' colours for words. */
export function colourMap(column: FieldColumn, dimension: number, rows: readonly number[], look: Look): Option {
  const values = rows.map((row) => column.values[row]!).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!column.numeric) {
    return { show: false, dimension, min: 0, max: 9, inRange: { color: [...look.runs] } };
  }
  const around = low < 0 && high > 0 ? Math.max(-low, high) : null;
  return {
    type: "continuous",
    dimension,
    min: around === null ? low : -around,
    max: around === null ? (high > low ? high : low + 1) : around,
    right: 0,
    top: "middle",
    itemHeight: 100,
    itemWidth: 10,
    text: [formatNumber(around ?? high), formatNumber(around === null ? low : -around)],
    textStyle: { color: look.quiet, fontSize: 11 },
    inRange: { color: [...(around === null ? look.sequential : look.diverging)] },
  };
}

export function historyOption(table: RunTable, rows: readonly number[], slots: Slots, way: -1 | 1) {
  return (look: Look): Option => {
    const column = table.columns[0]!;
    const ordered = [...rows].sort((a, b) => table.starts[a]! - table.starts[b]!);
    const best = bestSoFar(ordered.map((row) => column.values[row]!), way);
    return {
      ...tooltipOf(look, (item) => `${rowText(table, [0], item.data.row)}\n${formatTime(table.starts[item.data.row]!)}`),
      grid: { left: 60, right: 16, top: 12, bottom: 44 },
      xAxis: {
        type: "value",
        name: "Runs in the order of their start",
        nameLocation: "middle",
        nameGap: 26,
        nameTextStyle: { color: look.text, fontSize: 11 },
        min: 1,
        max: Math.max(2, ordered.length),
        minInterval: 1,
        axisLabel: { color: look.quiet, fontSize: 11 },
        splitLine: { show: false },
        axisLine: { lineStyle: { color: look.rule } },
        axisTick: { show: false },
      },
      yAxis: axisOf(column, false, look, { nameGap: 46 }),
      series: [
        {
          type: "scatter",
          symbolSize: 7,
          data: ordered.map((row, index) => ({
            row,
            runId: table.runIds[row]!,
            value: [index + 1, column.values[row]!],
            ...dotOf(slots.get(table.runIds[row]!), look),
          })),
        },
        {
          type: "line",
          step: "end",
          silent: true,
          symbol: "none",
          tooltip: { show: false },
          lineStyle: { color: look.accent, width: 2 },
          data: Array.from(best, (value, index) => [index + 1, value]),
        },
      ],
    };
  };
}

export interface NamedBox {
  readonly name: string;
  readonly box: Box;
}

export function boxOption(boxes: readonly NamedBox[], column: FieldColumn, by: string) {
  return (look: Look): Option => ({
    tooltip: {
      ...(tooltipOf(look, () => "").tooltip as Option),
      formatter: (item: { dataIndex: number; seriesType: string; value: unknown[] }) => {
        if (item.seriesType === "scatter") return `${boxes[Number(item.value[0])]!.name}: ${formatNumber(Number(item.value[1]))}`;
        const { name, box } = boxes[item.dataIndex]!;
        const { high, third, median, first, low } = box;
        const lines = Object.entries({ Upper: high, "75 %": third, Median: median, "25 %": first, Lower: low });
        return [`${name}, ${box.count} ${box.count === 1 ? "run" : "runs"}`, ...lines.map(([word, value]) => `${word}: ${formatNumber(value)}`)].join("\n");
      },
    },
    grid: { left: 60, right: 16, top: 12, bottom: 44 },
    xAxis: {
      type: "category",
      name: by,
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: { color: look.text, fontSize: 11 },
      data: boxes.map(({ name }) => name),
      axisLabel: { color: look.quiet, fontSize: 11 },
      axisLine: { lineStyle: { color: look.rule } },
      axisTick: { show: false },
    },
    yAxis: axisOf(column, false, look, { nameGap: 46 }),
    series: [
      {
        type: "boxplot",
        itemStyle: { color: look.rule, borderColor: look.accent, borderWidth: 1.5 },
        boxWidth: [8, 48],
        data: boxes.map(({ box }) => [box.low, box.first, box.median, box.third, box.high]),
      },
      {
        type: "scatter",
        symbolSize: 5,
        itemStyle: { color: look.accent },
        data: boxes.flatMap(({ box }, index) => box.outliers.map((value) => [index, value])),
      },
    ],
  });
}

function dotOf(slot: number | undefined, look: Look): Option {
  if (slot === undefined) return { itemStyle: { color: look.quiet, opacity: 0.55 } };
  const colour = look.runs[slot % 10]!;
  const hollow = slot >= 10;
  return {
    symbol: SYMBOLS[slot % 5],
    symbolSize: 11,
    itemStyle: hollow ? { color: look.ground, borderColor: colour, borderWidth: 2 } : { color: colour, opacity: 1 },
  };
}

export function tickText(value: number, field: string): string {
  if (/^attributes\.(start|end)_time$/.test(field)) return formatTime(value).slice(5, 16);
  return formatTicks([value, 0])[0]!;
}
