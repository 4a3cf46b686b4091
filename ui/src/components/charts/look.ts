/** How uPlot draws: axes, strokes, bands, and what is painted over the lines. */

import uPlot from "uplot";
import type { ChartData, DrawnLine, SeriesRole } from "../../lib/chartdata";
import { lineTitle } from "../../lib/chartdata";
import type { ChartView } from "../../lib/chartstate";
import { formatDuration, formatNumber, formatTicks, formatTime } from "../../lib/format";
import { colourVariable, isDashed } from "../../lib/palette";
import { logSplits, type Range } from "../../lib/zoom";

export type Axes = Pick<ChartView, "x" | "logX" | "logY">;

/** What hooks read while they draw; it changes without a new chart. */
export interface Drawn {
  readonly data: ChartData;
  readonly zoom: Range | null;
  readonly labels: boolean;
}

const DAY = 86_400;
/** The part of the axis at its end where no label has room. */
const EDGE = 0.06;
const GHOST = 0.28;
const FAINT = 0.16;
const LABEL_ROOM = 96;
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 3, 2, 3], [1, 4], [12, 4]];

/** The colours of the page around an element. */
export function colours(element: Element): (name: string) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}

/** A stroke for a run, and where a chart has several metrics for the metric. */
export function dashOf(line: Pick<DrawnLine, "slot" | "place">, metrics: number): number[] {
  if (metrics > 1) return [...(DASHES[line.place % DASHES.length] ?? [])];
  return isDashed(line.slot) ? [6, 4] : [];
}

export function metricsOf(lines: readonly DrawnLine[]): number {
  return new Set(lines.map((line) => line.place)).size;
}

/** What makes one chart unlike another, so that it must be made anew; points alone do not. */
export function shapeOf(data: ChartData): string {
  const lines = data.lines.map((line) => [line.slot, line.place]);
  return JSON.stringify([lines, data.series.map(({ line, role }) => [line, role])]);
}

export function seriesOf(data: ChartData, colour: (name: string) => string): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const metrics = metricsOf(data.lines);
  const bands: uPlot.Band[] = [];
  const series = data.series.map(({ line, role }, index): uPlot.Series => {
    const drawn = data.lines[line]!;
    const stroke = colour(colourVariable(drawn.slot));
    if (role === "high") bands.push({ series: [index + 1, index + 2], fill: thin(stroke) });
    if (role === "high" || role === "low") return { width: 0, points: { show: false } };
    const dash = dashOf(drawn, metrics);
    if (role === "ghost") return { stroke, width: 1, alpha: GHOST, points: { show: false } };
    return { stroke, width: 1.75, points: { show: isAlone, size: 6, fill: stroke }, ...(dash.length > 0 ? { dash } : {}) };
  });
  return { series: [{}, ...series], bands };
}

export function axesOf(element: HTMLElement, axes: Axes): uPlot.Axis[] {
  const colour = colours(element);
  const common = { stroke: colour("--text3"), font: `11px ${getComputedStyle(element).fontFamily}`, ticks: { show: false } };
  const logarithmic = {
    splits: (_: uPlot, __: number, low: number, high: number) => logSplits(low, high),
    filter: (_: uPlot, splits: number[]) => splits,
    values: (_: uPlot, splits: number[]) => splits.map((split) => shortNumber(split)),
  };
  const across = axes.logX ? logarithmic : axes.x === "time" ? { values: timesOf } : { values: ticksOf(axes.x) };
  const up = axes.logY ? logarithmic : { values: (_: uPlot, ticks: number[]) => formatTicks(ticks) };
  return [
    { ...common, size: 24, gap: 4, grid: { show: false }, ...across },
    { ...common, size: 48, gap: 4, grid: { stroke: colour("--border"), width: 1 }, ...up },
  ];
}

export function scalesOf(axes: Axes, drawn: () => Drawn): uPlot.Scales {
  return {
    x: {
      time: axes.x === "time",
      distr: axes.logX ? 3 : 1,
      range: (_, low, high) => {
        const { zoom } = drawn();
        if (zoom) return [zoom[0], zoom[1]];
        if (low === null || high === null) return axes.logX ? [1, 10] : [0, 1];
        if (low < high) return [low, high];
        return axes.logX ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
      },
    },
    y: {
      distr: axes.logY ? 3 : 1,
      range: (_, low, high) => {
        const { y } = drawn().data;
        if (y) return axes.logY ? [y[0], y[1]] : uPlot.rangeNum(y[0], y[1], 0.05, true);
        if (low === null || high === null) return axes.logY ? [1, 10] : [0, 1];
        return axes.logY ? uPlot.rangeLog(low, high, 10, false) : uPlot.rangeNum(low, high, 0.1, true);
      },
    },
  };
}

/** Room at the right for the names of lines. */
export function paddingOf(drawn: () => Drawn): uPlot.Padding {
  return [8, () => (drawn().labels ? LABEL_ROOM : 10), 0, 0];
}

/** Makes the lines of one run stand out, or of none. */
export function emphasise(plot: uPlot, data: ChartData, id: string | null): void {
  const known = id !== null && data.lines.some((line) => line.id === id);
  data.series.forEach(({ line, role }, index) => {
    const series = plot.series[index + 1];
    if (!series) return;
    const usual = role === "ghost" ? GHOST : 1;
    series.alpha = known && data.lines[line]!.id !== id ? usual * FAINT : usual;
  });
  plot.redraw(false, false);
}

/** Values that are no numbers, the ends of lines, and their names; called when the lines are drawn. */
export function paintOver(plot: uPlot, drawn: Drawn, colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  paintMarks(plot, drawn.data, colour, ratio);
  if (drawn.labels) paintEnds(plot, drawn.data, colour, ratio, bbox.left + bbox.width);
  ctx.restore();
}

function paintMarks(plot: uPlot, data: ChartData, colour: (name: string) => string, ratio: number): void {
  const { ctx, bbox } = plot;
  const size = 3.5 * ratio;
  ctx.lineWidth = 1.5 * ratio;
  for (const mark of data.marks) {
    const x = plot.valToPos(mark.x, "x", true);
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    const line = data.lines[mark.line]!;
    ctx.strokeStyle = ctx.fillStyle = colour(colourVariable(line.slot));
    ctx.globalAlpha = alphaOf(plot, data, mark.line);
    const up = mark.kind === "high" ? -1 : 1;
    const y = mark.kind === "high" ? bbox.top + size * 1.5 : bbox.top + bbox.height - size * 1.5;
    ctx.beginPath();
    if (mark.kind === "nan") {
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x - size, y + size);
      ctx.lineTo(x + size, y - size);
      ctx.stroke();
    } else {
      ctx.moveTo(x, y + up * size);
      ctx.lineTo(x - size, y - up * size);
      ctx.lineTo(x + size, y - up * size);
      ctx.fill();
    }
  }
  ctx.globalAlpha = 1;
}

/** A marker at the end of each line and its name beside it; names keep a line's height between them. */
function paintEnds(plot: uPlot, data: ChartData, colour: (name: string) => string, ratio: number, right: number): void {
  const { ctx, bbox } = plot;
  const height = 14 * ratio;
  const ends = data.lines.flatMap((line, index) => {
    const at = lastShown(plot, line);
    if (at < 0) return [];
    const y = plot.valToPos(line.curve.last[at]!, "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) return [];
    return [{ line, index, x: plot.valToPos(line.curve.x[at]!, "x", true), y, place: y }];
  });
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, index) => {
    end.place = index === 0 ? Math.max(end.y, bbox.top + height / 2) : Math.max(end.y, ends[index - 1]!.place + height);
  });
  for (let index = ends.length - 1; index >= 0; index--) {
    const limit = index === ends.length - 1 ? bbox.top + bbox.height : ends[index + 1]!.place - height;
    ends[index]!.place = Math.min(ends[index]!.place, limit);
  }
  ctx.font = `${11 * ratio}px ${getComputedStyle(plot.root).fontFamily}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { line, index, x, y, place } of ends) {
    ctx.globalAlpha = alphaOf(plot, data, index);
    ctx.fillStyle = ctx.strokeStyle = colour(colourVariable(line.slot));
    paintMarker(ctx, line.slot, x, y, 3.5 * ratio);
    ctx.fillStyle = colour("--text2");
    ctx.fillText(fitting(ctx, lineTitle(line, data.lines), (LABEL_ROOM - 14) * ratio), right + 10 * ratio, place);
  }
}

/** Five shapes, hollow for slots that are dashed, so that a marker tells a run without its colour. */
function paintMarker(ctx: CanvasRenderingContext2D, slot: number, x: number, y: number, size: number): void {
  const corners: Record<number, readonly (readonly [number, number])[]> = {
    1: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    2: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
    3: [[0, -1.2], [1.2, 1], [-1.2, 1]],
    4: [[0, 1.2], [1.2, -1], [-1.2, -1]],
  };
  ctx.beginPath();
  const shape = corners[slot % 5];
  if (!shape) ctx.arc(x, y, size, 0, 2 * Math.PI);
  else shape.forEach(([dx, dy]) => ctx.lineTo(x + dx * size, y + dy * size));
  ctx.closePath();
  if (isDashed(slot)) ctx.stroke();
  else ctx.fill();
}

function alphaOf(plot: uPlot, data: ChartData, line: number): number {
  const index = data.series.findIndex((series: SeriesRole) => series.line === line && series.role === "main");
  return plot.series[index + 1]?.alpha ?? 1;
}

function lastShown(plot: uPlot, line: DrawnLine): number {
  const high = plot.scales.x?.max ?? Infinity;
  for (let at = line.curve.x.length - 1; at >= 0; at--) {
    if (line.curve.x[at]! <= high && Number.isFinite(line.curve.last[at]!)) return at;
  }
  return -1;
}

function fitting(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}

/** A line of one point would not be seen without its marker. */
function isAlone(plot: uPlot, series: number): boolean {
  let seen = 0;
  for (const value of plot.data[series] ?? []) if (value != null && ++seen > 1) return false;
  return seen === 1;
}

function ticksOf(x: ChartView["x"]) {
  return (_: uPlot, ticks: number[]) =>
    x === "relative" ? ticks.map((tick) => (tick === 0 ? "0" : formatDuration(tick * 1000))) : formatTicks(ticks);
}

/** Times as fine as their distances: days, or the hour of the day; once each, and none that the edge would cut off. */
function timesOf(plot: uPlot, ticks: number[], _: number, __: number, apart: number): string[] {
  const [from, to] = apart >= DAY ? [5, 10] : [11, apart >= 60 ? 16 : 19];
  const { min, max } = plot.scales.x ?? {};
  const last = min == null || max == null ? Infinity : max - (max - min) * EDGE;
  const texts = ticks.map((tick) => (tick > last ? "" : formatTime(tick * 1000).slice(from, to)));
  return texts.map((text, index) => (text === texts[index - 1] ? "" : text));
}

function shortNumber(value: number): string {
  return formatNumber(Number(value.toPrecision(2))).replace(/\.?0+$/, (zeros) => (zeros.startsWith(".") ? "" : zeros));
}

/** A colour of the tokens, such that what lies behind is seen. */
function thin(colour: string): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}2b` : colour;
}
