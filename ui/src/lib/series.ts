/** From sampled series to the columns that a chart draws. */

import type { SampledSeries } from "../api/queries";
import { toFloat } from "./format";
import type { XAxis } from "./viewstate";

export interface Line {
  runId: string;
  name: string;
  slot: number;
  series: SampledSeries;
}

/**
 * One x column and one y column for each line. Where a line has no point at an x it is undefined, which is drawn
 * across; what cannot be drawn (NaN, infinities, on a log axis what is not positive) is null, which is a gap.
 */
export type Columns = [number[], ...(number | null | undefined)[][]];

export function chartColumns(lines: readonly Line[], x: XAxis, smooth: number, log = false): Columns {
  const xs = lines.map((line) => xValues(line.series, x));
  const all = [...new Set(xs.flat())].sort((a, b) => a - b);
  const place = new Map(all.map((value, index) => [value, index]));
  const columns: Columns = [all];
  lines.forEach((line, index) => {
    const column = new Array<number | null | undefined>(all.length).fill(undefined);
    const values = smoothed(line.series.last.map(toFloat), smooth);
    xs[index]!.forEach((value, point) => {
      const y = values[point]!;
      column[place.get(value)!] = Number.isFinite(y) && !(log && y <= 0) ? y : null;
    });
    columns.push(column);
  });
  return columns;
}

/** An exponential moving average that starts unbiased; NaN neither counts nor spreads. */
export function smoothed(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let mean = 0;
  let debias = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = mean * weight + (1 - weight) * value;
    debias = debias * weight + (1 - weight);
    return mean / debias;
  });
}

/** One sentence for people who do not see the chart. */
export function summarise(key: string, lines: readonly Line[], way: -1 | 0 | 1): string {
  const drawn = lines.filter((line) => line.series.last.length > 0);
  if (drawn.length === 0) return `${key}: no points yet.`;
  const ends = drawn.map((line) => ({ name: line.name, ...extreme(line.series, way) }));
  const best = ends.reduce((a, b) => ((way >= 0 ? b.value > a.value : b.value < a.value) ? b : a));
  const word = way === 0 ? "largest" : "best";
  const runs = drawn.length === 1 ? "1 run" : `${drawn.length} runs`;
  return `${key} of ${runs}; ${word} ${best.name} with ${best.value} at step ${best.step}.`;
}

/** The extreme of a series on its better side, from the extremes of the buckets. */
export function extreme(series: SampledSeries, way: -1 | 0 | 1): { value: number; step: number } {
  const side = way < 0 ? series.minimum : series.maximum;
  let found = { value: NaN, step: 0 };
  side.forEach((item, index) => {
    const value = toFloat(item);
    const better = way < 0 ? value < found.value : value > found.value;
    if (Number.isNaN(found.value) || better) found = { value, step: series.steps[index] ?? 0 };
  });
  return found;
}

function xValues(series: SampledSeries, x: XAxis): number[] {
  if (x === "step") return series.steps;
  const first = series.timestamps[0] ?? 0;
  return series.timestamps.map((time) => (x === "time" ? time / 1000 : (time - first) / 1000));
}
