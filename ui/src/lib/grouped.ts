/** Lines of a group of runs as one: its mean, and how far they lie apart. */

import type { Curve } from "./lines";
import { quantile } from "./lines";

/** A group over a common x; where no line reaches, all but `count` are NaN. */
export interface GroupedLine {
  readonly x: Float64Array;
  /** How many lines have a value there. */
  readonly count: Int32Array;
  readonly mean: Float64Array;
  readonly median: Float64Array;
  /** The extremes of all lines and of the points that were thinned away; so `maximum`. */
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  /** Of the sample; 0 where there is one line. */
  readonly deviation: Float64Array;
}

export type Band = "none" | "range" | "deviation" | "error";

/**
 * What the lines are together. They are joined on the x that they have where those are at most `most`, else on an even
 * grid; between its points a line is taken to be straight, beyond its ends it has no value.
 */
export function groupLines(lines: readonly Curve[], most = 800): GroupedLine {
  const x = gridOf(lines, most);
  const rows = lines.map((line) => resampled(x, line));
  const size = x.length;
  const [mean, median, minimum, maximum, deviation] = Array.from({ length: 5 }, () => new Float64Array(size).fill(NaN));
  const count = new Int32Array(size);
  const here: number[] = [];
  for (let at = 0; at < size; at++) {
    here.length = 0;
    let low = NaN;
    let high = NaN;
    for (const row of rows) {
      const value = row.last[at]!;
      if (!Number.isNaN(value)) here.push(value);
      low = lesser(low, row.minimum[at]!);
      high = greater(high, row.maximum[at]!);
    }
    count[at] = here.length;
    minimum![at] = low;
    maximum![at] = high;
    if (here.length === 0) continue;
    const middle = here.reduce((sum, value) => sum + value, 0) / here.length;
    const squares = here.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    mean![at] = middle;
    deviation![at] = here.length > 1 ? Math.sqrt(squares / (here.length - 1)) : 0;
    median![at] = quantile(here.sort((a, b) => a - b), 0.5);
  }
  return { x, count, mean: mean!, median: median!, minimum: minimum!, maximum: maximum!, deviation: deviation! };
}

/** A group as something to draw: its mean or median with a band around it, which for `none` has no height. */
export function groupCurve(group: GroupedLine, band: Band, middle: "mean" | "median" = "mean"): Curve {
  const { x, count, deviation } = group;
  const last = group[middle];
  if (band === "range") return { x, last, minimum: group.minimum, maximum: group.maximum };
  if (band === "none") return { x, last, minimum: last, maximum: last };
  const far = deviation.map((value, at) => (band === "error" ? value / Math.sqrt(count[at]!) : value));
  return { x, last, minimum: last.map((value, at) => value - far[at]!), maximum: last.map((value, at) => value + far[at]!) };
}

function gridOf(lines: readonly Curve[], most: number): Float64Array {
  const distinct = [...new Set(lines.map((line) => line.x))];
  const all = Float64Array.from([...new Set(distinct.flatMap((column) => Array.from(column)))]).sort();
  if (all.length <= most) return all;
  const first = all[0]!;
  const width = (all[all.length - 1]! - first) / (most - 1);
  return Float64Array.from({ length: most }, (_, index) => (index === most - 1 ? all[all.length - 1]! : first + index * width));
}

function resampled(x: Float64Array, line: Curve): Omit<Curve, "x"> {
  const last = straight(x, line.x, line.last);
  const minimum = straight(x, line.x, line.minimum);
  const maximum = line.maximum === line.minimum ? minimum.slice() : straight(x, line.x, line.maximum);
  // What lies between two x of the grid counts at the nearer one, so that no spike is lost.
  let at = 0;
  line.x.forEach((value, index) => {
    while (at + 1 < x.length && Math.abs(x[at + 1]! - value) <= Math.abs(x[at]! - value)) at++;
    minimum[at] = lesser(minimum[at]!, finite(line.minimum[index]!));
    maximum[at] = greater(maximum[at]!, finite(line.maximum[index]!));
  });
  return { last, minimum, maximum };
}

/** The values of a line at each of `x`, which is in order as the line is; NaN beyond its ends. */
function straight(x: Float64Array, own: Float64Array, values: Float64Array): Float64Array {
  const known = Array.from(own.keys()).filter((index) => Number.isFinite(values[index]!));
  const found = new Float64Array(x.length).fill(NaN);
  let next = 0;
  x.forEach((value, at) => {
    while (next < known.length && own[known[next]!]! <= value) next++;
    if (next === 0) return;
    const left = known[next - 1]!;
    if (own[left] === value) found[at] = values[left]!;
    else if (next < known.length) {
      const right = known[next]!;
      const share = (value - own[left]!) / (own[right]! - own[left]!);
      found[at] = values[left]! + (values[right]! - values[left]!) * share;
    }
  });
  return found;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : NaN;
}

function lesser(known: number, value: number): number {
  return Number.isNaN(value) || known <= value ? known : value;
}

function greater(known: number, value: number): number {
  return Number.isNaN(value) || known >= value ? known : value;
}
