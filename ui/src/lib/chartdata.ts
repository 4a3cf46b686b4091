/** From the lines of runs, and of groups of runs, to what a chart draws and says. */

import type { ChartView } from "./chartstate";
import { formatDuration, formatNumber, formatTime } from "./format";
import { groupCurve, groupLines } from "./grouped";
import { alignLines, type Column, type Curve, inOrderOfX, type Line, rangeWithoutOutliers } from "./lines";
import { smooth } from "./smoothing";

/** What becomes one line: a run, or all runs of a group. */
export interface Strand {
  /** Of the run, or of the group; with several metrics in one chart it is not unique. */
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  readonly metric: string;
  /** Which of the chart's metrics, 0 for the first. */
  readonly place: number;
  readonly grouped: boolean;
  readonly lines: readonly Line[];
}

export interface DrawnLine extends Omit<Strand, "lines"> {
  /** As it is drawn: smoothed where that was asked for. */
  readonly curve: Curve;
  /** As it was measured. */
  readonly raw: Curve;
  /** How many points, or for a group how many runs, it stands for. */
  readonly total: number;
}

export interface SeriesRole {
  /** Index of its line. */
  readonly line: number;
  readonly role: "main" | "ghost" | "high" | "low";
}

/** Where a line has a value that is no number: it is marked at the edge. */
export interface Mark {
  readonly line: number;
  readonly x: number;
  readonly kind: "nan" | "high" | "low";
}

export interface ChartData {
  readonly lines: readonly DrawnLine[];
  readonly x: Float64Array;
  readonly columns: readonly Column[];
  readonly series: readonly SeriesRole[];
  readonly marks: readonly Mark[];
  /** What the vertical axis shows where outliers are left outside; else null. */
  readonly y: readonly [number, number] | null;
}

export type Drawing = Pick<
  ChartView,
  "x" | "xKey" | "logX" | "logY" | "smoothing" | "amount" | "clip" | "band" | "middle" | "zoom"
>;

const MOST_MARKS = 200;

export function chartData(strands: readonly Strand[], view: Drawing): ChartData {
  const lines = strands.filter((strand) => strand.lines.some((line) => line.x.length > 0)).map((strand) => drawnLine(strand, view));
  const smoothed = view.smoothing !== "none";
  const bands = lines.map((line) => (line.grouped ? view.band !== "none" : line.raw.minimum !== line.raw.last));
  const main = alignLines(
    lines.map((line) => line.curve),
    { bands: bands.some(Boolean), log: view.logY },
  );
  const ghosts = smoothed ? alignLines(lines.map((line) => line.raw), { log: view.logY }).last : [];
  const series: SeriesRole[] = [];
  const columns: Column[] = [];
  const add = (role: SeriesRole["role"], line: number, column: Column) => {
    series.push({ line, role });
    columns.push(column);
  };
  // The order is that of drawing: what matters most comes last and lies on top.
  lines.forEach((_, line) => {
    if (!bands[line]) return;
    add("high", line, main.maximum[line]!);
    add("low", line, main.minimum[line]!);
  });
  lines.forEach((line, index) => {
    if (smoothed && !line.grouped) add("ghost", index, ghosts[index]!);
  });
  lines.forEach((_, line) => add("main", line, main.last[line]!));
  return {
    lines,
    x: main.x,
    columns,
    series,
    marks: lines.flatMap(marksOf),
    y: view.clip ? rangeWithoutOutliers(lines.flatMap((line) => shown(line.raw, view.zoom)), { log: view.logY }) : null,
  };
}

/** The index of the last point of a curve that is not beyond `x`; -1 where it begins later. */
export function pointAt(curve: Curve, x: number): number {
  let low = 0;
  let high = curve.x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.x[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Extreme {
  readonly value: number;
  readonly x: number;
}

/** The extreme of a curve on its better side; NaN where it has no number. */
export function extreme(curve: Curve, way: -1 | 0 | 1): Extreme {
  const side = way < 0 ? curve.minimum : curve.maximum;
  let found: Extreme = { value: NaN, x: 0 };
  side.forEach((value, index) => {
    if (Number.isNaN(value)) return;
    if (Number.isNaN(found.value) || (way < 0 ? value < found.value : value > found.value)) found = { value, x: curve.x[index]! };
  });
  return found;
}

/** The line whose extreme is the best of all, with it; null where no line has a number. */
export function bestLine(lines: readonly DrawnLine[], way: -1 | 0 | 1): (Extreme & { line: DrawnLine }) | null {
  const ends = lines.map((line) => ({ line, ...extreme(line.raw, way) })).filter((end) => !Number.isNaN(end.value));
  if (ends.length === 0) return null;
  return ends.reduce((a, b) => ((way < 0 ? b.value < a.value : b.value > a.value) ? b : a));
}

/** One sentence for people who do not see the chart. */
export function summarise(title: string, lines: readonly DrawnLine[], way: -1 | 0 | 1, view: Pick<ChartView, "x" | "xKey">): string {
  if (lines.length === 0) return `${title}: no points yet.`;
  const best = bestLine(lines, way);
  const things = lines[0]!.grouped ? "group" : "run";
  const count = new Set(lines.map((line) => line.id)).size;
  const whose = `${title} of ${count === 1 ? `1 ${things}` : `${count} ${things}s`}`;
  if (!best) return `${whose}; none of the values is a number.`;
  const word = way === 0 ? "largest" : "best";
  return `${whose}; ${word} ${best.line.name} with ${formatNumber(best.value)} at ${placeOf(best.x, view)}.`;
}

/** A place on the horizontal axis in words. */
export function placeOf(x: number, view: Pick<ChartView, "x" | "xKey">): string {
  switch (view.x) {
    case "step":
      return `step ${Number.isInteger(x) ? x.toLocaleString("en") : formatNumber(x)}`;
    case "time":
      return formatTime(x * 1000);
    case "relative":
      return formatDuration(x * 1000);
    case "metric":
      return `${view.xKey} ${formatNumber(x)}`;
  }
}

/** The points of the lines as a table: one row for each x, one column for each line. */
export function pointRows(data: ChartData, title: string): (string | number)[][] {
  const mains = data.series.flatMap((series, index) => (series.role === "main" ? [{ series, column: data.columns[index]! }] : []));
  const head = [title, ...mains.map(({ series }) => lineTitle(data.lines[series.line]!, data.lines))];
  const rows = Array.from(data.x, (x, at) => [x, ...mains.map(({ column }) => (column[at] === null ? "NaN" : (column[at] ?? "")))]);
  return [head, ...rows];
}

/** The name of a line, with its metric where the chart has several. */
export function lineTitle(line: Pick<DrawnLine, "name" | "metric">, all: readonly DrawnLine[]): string {
  return new Set(all.map((other) => other.metric)).size > 1 ? `${line.name} ${line.metric}` : line.name;
}

function drawnLine(strand: Strand, view: Drawing): DrawnLine {
  const { lines, ...rest } = strand;
  const ready = lines.filter((line) => line.x.length > 0).map((line) => fit(line, view));
  const whole = (raw: Curve, total: number): DrawnLine => ({ ...rest, raw, curve: softened(raw, strand.grouped, view), total });
  if (!strand.grouped) return whole(ready[0]!, ready[0]!.total);
  return whole(groupCurve(groupLines(ready), view.band, view.middle), ready.length);
}

/** In order of x, and without what a logarithmic axis cannot show. */
function fit(line: Line, view: Drawing): Line {
  const ordered = view.x === "metric" ? inOrderOfX(line) : line;
  if (!view.logX) return ordered;
  const start = ordered.x.findIndex((x) => x > 0);
  if (start === 0) return ordered;
  const from = start < 0 ? ordered.x.length : start;
  const last = ordered.last.subarray(from);
  const same = ordered.minimum === ordered.last;
  return {
    ...ordered,
    x: ordered.x.subarray(from),
    last,
    minimum: same ? last : ordered.minimum.subarray(from),
    maximum: same ? last : ordered.maximum.subarray(from),
  };
}

function softened(raw: Curve, grouped: boolean, { smoothing, amount, zoom }: Drawing): Curve {
  if (smoothing === "none") return raw;
  const span = zoom ? zoom[1] - zoom[0] : undefined;
  const soft = (values: Float64Array) => smooth(raw.x, values, { kind: smoothing, amount, span });
  const last = soft(raw.last);
  if (!grouped) return { ...raw, last };
  return { x: raw.x, last, minimum: soft(raw.minimum), maximum: soft(raw.maximum) };
}

function marksOf(drawn: DrawnLine, line: number): Mark[] {
  if (drawn.grouped) return [];
  const found: Mark[] = [];
  drawn.raw.last.forEach((value, index) => {
    if (Number.isFinite(value) || found.length >= MOST_MARKS) return;
    found.push({ line, x: drawn.raw.x[index]!, kind: Number.isNaN(value) ? "nan" : value > 0 ? "high" : "low" });
  });
  return found;
}

/** The columns of a curve within a range of x. */
function shown(curve: Curve, zoom: readonly [number, number] | null): Float64Array[] {
  const columns = curve.minimum === curve.last ? [curve.last] : [curve.minimum, curve.maximum];
  if (!zoom) return columns;
  const from = Math.max(0, pointAt(curve, zoom[0]));
  const to = pointAt(curve, zoom[1]) + 1;
  return columns.map((column) => column.subarray(from, to));
}
