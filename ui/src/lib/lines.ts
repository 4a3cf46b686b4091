/** Lines of charts: from the server's compact answer to typed arrays, and from lines of many runs to a chart's columns. */

import type { components } from "../../generated/schema";

type Answer = components["schemas"]["Lines"];
type XColumn = components["schemas"]["XColumn"];

/**
 * One series of one run, thinned. A bucket has its last point and the extremes of all its points; where every bucket
 * has one point the three are the same array. Lines that have one x share it.
 */
export interface Line {
  readonly runId: string;
  readonly key: string;
  readonly x: Float64Array;
  readonly last: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  /** Whether every point is there by itself. */
  readonly exact: boolean;
  /** Points in the range that was asked for; the line may have one more beyond each of its ends. */
  readonly total: number;
}

/** What can be drawn: a line, or what was made of one or of several. */
export type Curve = Pick<Line, "x" | "last" | "minimum" | "maximum">;

/** One y column of a chart: undefined where the line has no point (drawn across), null where it cannot be drawn (a gap). */
export type Column = (number | null | undefined)[];

export interface Aligned {
  readonly x: Float64Array;
  readonly last: Column[];
  /** Empty without `bands`; so `maximum`. */
  readonly minimum: Column[];
  readonly maximum: Column[];
}

export interface AlignOptions {
  /** Also the extremes of the buckets. */
  readonly bands?: boolean;
  /** What is not positive cannot be drawn. */
  readonly log?: boolean;
  /** Most x of the chart; where there are more, those that lie closer together than could be seen become one. */
  readonly most?: number;
}

const MOST = 8000;

/** The lines of an answer, in its order. */
export function decodeLines(answer: Answer): Line[] {
  const xs = answer.xs.map(decodeX);
  return answer.lines.map((line) => {
    const last = Float64Array.from(new Float32Array(itemsOf(line.last, 4).buffer));
    const exact = line.below === "";
    const level = exact ? last : finiteSoFar(last);
    return {
      runId: line.run_id,
      key: line.key,
      x: xs[line.x]!,
      last,
      minimum: exact ? last : distances(line.below).map((below, index) => level[index]! - below),
      maximum: exact ? last : distances(line.above).map((above, index) => level[index]! + above),
      exact,
      total: line.total,
    };
  });
}

/** The points in order of x, for lines over another metric, which may go back and forth. */
export function inOrderOfX<T extends Curve>(line: T): T {
  const { x } = line;
  if (x.every((value, index) => index === 0 || x[index - 1]! <= value)) return line;
  const order = Array.from(x.keys()).sort((a, b) => x[a]! - x[b]! || a - b);
  const moved = (column: Float64Array) => Float64Array.from(order, (place) => column[place]!);
  const last = moved(line.last);
  const bands = line.minimum === line.last ? { minimum: last, maximum: last } : null;
  return { ...line, x: moved(x), last, ...(bands ?? { minimum: moved(line.minimum), maximum: moved(line.maximum) }) };
}

/**
 * One x column for all lines, and for each line its columns over it. Every line must be in order of x. Where a line
 * has several points at one x, the last of them stands, with the extremes of all.
 */
export function alignLines(lines: readonly Curve[], options: AlignOptions = {}): Aligned {
  const { bands = false, log = false, most = MOST } = options;
  const x = commonX([...new Set(lines.map((line) => line.x))], most);
  const places = new Map<Float64Array, Int32Array | null>();
  const placesOf = (column: Float64Array) => {
    let found = places.get(column);
    if (found === undefined) places.set(column, (found = placesIn(x, column)));
    return found;
  };
  const drawn = (value: number) => (Number.isFinite(value) && !(log && value <= 0) ? value : null);
  const put = (line: Curve, values: Float64Array, choose: (known: number, value: number) => number): Column => {
    const place = placesOf(line.x);
    if (place === null) return Array.from(values, drawn);
    const column = new Array<number | null | undefined>(x.length).fill(undefined);
    for (let index = 0; index < values.length; index++) {
      const at = place[index]!;
      const value = drawn(values[index]!);
      const known = column[at];
      if (known == null) column[at] = value;
      else if (value !== null) column[at] = choose(known, value);
    }
    return column;
  };
  return {
    x,
    last: lines.map((line) => put(line, line.last, (_, value) => value)),
    minimum: bands ? lines.map((line) => put(line, line.minimum, Math.min)) : [],
    maximum: bands ? lines.map((line) => put(line, line.maximum, Math.max)) : [],
  };
}

/** The smallest and greatest finite value of some columns; null where there is none. On a log axis only positive ones. */
export function rangeOf(columns: Iterable<ArrayLike<number>>, log = false): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (let index = 0; index < column.length; index++) {
      const value = column[index]!;
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * A range that leaves outliers outside: that of all but `share` of the values at each end, with half of its span more
 * on either side, so that curves without outliers are shown whole. Columns of few values are shown whole, too.
 */
export function rangeWithoutOutliers(
  columns: Iterable<ArrayLike<number>>,
  { share = 0.05, log = false }: { share?: number; log?: boolean } = {},
): [number, number] | null {
  const kept = Array.from(columns);
  const whole = rangeOf(kept, log);
  const values = Float64Array.from(
    kept.flatMap((column) => Array.from(column).filter((value) => Number.isFinite(value) && !(log && value <= 0))),
    log ? Math.log10 : (value) => value,
  ).sort();
  if (whole === null || values.length < 20) return whole;
  const low = quantile(values, share);
  const high = quantile(values, 1 - share);
  const margin = (high - low) / 2;
  if (margin === 0) return whole;
  const back = log ? (value: number) => 10 ** value : (value: number) => value;
  return [Math.max(whole[0], back(low - margin)), Math.min(whole[1], back(high + margin))];
}

/** The best value up to each point, for the extremes of buckets on the better side; NaN until there is a number. */
export function bestSoFar(values: ArrayLike<number>, way: -1 | 1): Float64Array {
  let best = NaN;
  return Float64Array.from(values, (value) => {
    if (!Number.isNaN(value) && (Number.isNaN(best) || (value - best) * way > 0)) best = value;
    return best;
  });
}

/** A value of sorted numbers, of which there is at least one, with `share` of them below it; between two it is interpolated. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const value = sorted[low]!;
  return low + 1 < sorted.length ? value + (sorted[low + 1]! - value) * (at - low) : value;
}

function decodeX(column: XColumn): Float64Array {
  if (column.values) return new Float64Array(itemsOf(column.values, 8).buffer);
  const gaps = new Uint32Array(itemsOf(column.gaps, 4).buffer);
  const x = new Float64Array(gaps.length + 1);
  let number = column.first;
  x[0] = number / column.per;
  for (let index = 0; index < gaps.length; index++) {
    number += gaps[index]!;
    x[index + 1] = number / column.per;
  }
  return x;
}

/** Items whose bytes the server put in planes, back in their own order: little-endian, as all browsers' machines are. */
function itemsOf(planes: string, width: number): Uint8Array<ArrayBuffer> {
  const text = atob(planes);
  const count = text.length / width;
  const items = new Uint8Array(text.length);
  for (let plane = 0, from = 0; plane < width; plane++) {
    for (let to = plane; to < items.length; to += width) items[to] = text.charCodeAt(from++);
  }
  if (!Number.isInteger(count)) throw new RangeError(`A column of ${text.length} bytes has no items of ${width} bytes.`);
  return items;
}

/** The upper halves of 32-bit floats. */
function distances(planes: string): Float64Array {
  const halves = new Uint16Array(itemsOf(planes, 2).buffer);
  return Float64Array.from(new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer));
}

function finiteSoFar(values: Float64Array): Float64Array {
  let level = 0;
  return values.map((value) => (level = Number.isFinite(value) ? value : level));
}

function commonX(columns: readonly Float64Array[], most: number): Float64Array {
  if (columns.length === 1 && isStrictlyRising(columns[0]!)) return columns[0]!;
  const all = new Float64Array(columns.reduce((count, column) => count + column.length, 0));
  let end = 0;
  for (const column of columns) {
    all.set(column, end);
    end += column.length;
  }
  all.sort();
  const distinct = all.filter((value, index) => index === 0 || value !== all[index - 1]);
  if (distinct.length <= most) return distinct;
  const width = (distinct[distinct.length - 1]! - distinct[0]!) / most;
  let start = -Infinity;
  return distinct.filter((value) => {
    if (value - start < width) return false;
    start = value;
    return true;
  });
}

/** For each of `column` the greatest of `x` that is not greater; null where they are one. */
function placesIn(x: Float64Array, column: Float64Array): Int32Array | null {
  if (x === column) return null;
  const places = new Int32Array(column.length);
  let at = 0;
  for (let index = 0; index < column.length; index++) {
    while (at + 1 < x.length && x[at + 1]! <= column[index]!) at++;
    places[index] = at;
  }
  return places;
}

function isStrictlyRising(column: Float64Array): boolean {
  for (let index = 1; index < column.length; index++) if (!(column[index]! > column[index - 1]!)) return false;
  return true;
}
