/** Figures about the values of many runs, for the panels that look at all of them. */

import { quantile } from "./lines";

/** A cell of the runs' table as a number; NaN where it states none. */
export function numberOf(cell: string | number | null | undefined): number {
  if (typeof cell === "number") return cell;
  if (cell === null || cell === undefined || cell.trim() === "") return NaN;
  if (cell === "Infinity" || cell === "inf") return Infinity;
  if (cell === "-Infinity" || cell === "-inf") return -Infinity;
  return Number(cell);
}

/** Whether all cells that say something state a number, and at least one does. */
export function isNumeric(cells: readonly (string | number | null)[]): boolean {
  const said = cells.filter((cell) => cell !== null && cell !== "");
  return said.length > 0 && said.every((cell) => !Number.isNaN(numberOf(cell)) || cell === "NaN" || cell === "nan");
}

/** Distinct texts of cells: numbers by size, then words by the alphabet. */
export function categories(cells: readonly (string | number | null)[]): string[] {
  const texts = [...new Set(cells.filter((cell) => cell !== null).map(String))];
  return texts.sort((a, b) => {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.localeCompare(b) : x - y;
  });
}

/** Spearman's rank correlation of the pairs where both are numbers; NaN where it does not exist. */
export function rankCorrelation(xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const pairs = Array.from(xs, (x, index) => [x, ys[index]!] as const).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  return correlation(ranks(pairs.map(([x]) => x)), ranks(pairs.map(([, y]) => y)));
}

/** Pearson's correlation; NaN where one of the two does not vary. */
export function correlation(xs: readonly number[], ys: readonly number[]): number {
  const [mx, my] = [mean(xs), mean(ys)];
  let [sxy, sxx, syy] = [0, 0, 0];
  xs.forEach((x, index) => {
    const [dx, dy] = [x - mx, ys[index]! - my];
    sxy += dx * dy;
    sxx += dx * dx;
    syy += dy * dy;
  });
  return sxx > 0 && syy > 0 ? sxy / Math.sqrt(sxx * syy) : NaN;
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) found[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface Box {
  readonly count: number;
  /** The outermost values within one and a half times the box from it. */
  readonly low: number;
  readonly first: number;
  readonly median: number;
  readonly third: number;
  readonly high: number;
  readonly outliers: readonly number[];
}

/** A box plot's figures, as Tukey drew them; null without a finite value. */
export function boxOf(values: readonly number[]): Box | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const [first, median, third] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share)) as [number, number, number];
  const reach = 1.5 * (third - first);
  const inside = sorted.filter((value) => value >= first - reach && value <= third + reach);
  const outliers = sorted.filter((value) => value < first - reach || value > third + reach);
  return { count: sorted.length, low: inside[0]!, first, median, third, high: inside.at(-1)!, outliers };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/**
 * The value over a grid of `size` x `size` cells that covers the unit square, from points within it: the mean of the
 * points near each cell, weighted by the inverse square of their distance; null where there is none within `reach`.
 */
export function surface(points: readonly Point[], size: number, reach = 0.25): (number | null)[][] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      const [x, y] = [(column + 0.5) / size, (row + 0.5) / size];
      let [sum, weights] = [0, 0];
      for (const point of points) {
        const far = (point.x - x) ** 2 + (point.y - y) ** 2;
        if (far > reach * reach) continue;
        const weight = 1 / (far + 1e-6);
        sum += point.value * weight;
        weights += weight;
      }
      return weights > 0 ? sum / weights : null;
    }),
  );
}

/** Where `value` lies between two ends, 0 to 1, on a plain or a logarithmic scale. */
export function shareOf(value: number, [low, high]: readonly [number, number], log = false): number {
  if (low === high) return 0.5;
  if (!log) return (value - low) / (high - low);
  return Math.log(value / low) / Math.log(high / low);
}

/** Whether numbers are spread over orders of magnitude, as learning rates are, so that a logarithmic axis shows more. */
export function spreadsWide(values: readonly number[]): boolean {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return known.length > 1 && low > 0 && high / low >= 100;
}
