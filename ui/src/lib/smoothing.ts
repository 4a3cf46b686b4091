/** Smoothing of lines. Values that are not finite neither count nor spread: they stay what and where they are. */

export type Smoothing = "none" | "exponential" | "time-weighted" | "running" | "gaussian";

/** From which to which amount each makes sense. */
export const SMOOTHING_AMOUNTS: Record<Exclude<Smoothing, "none">, readonly [number, number]> = {
  exponential: [0, 0.999],
  "time-weighted": [0, 0.999],
  running: [1, 200],
  gaussian: [0.5, 100],
};

// As wide a chart is taken to be: how strongly a weight smooths does not depend on how many points there are.
const CHART_WIDTH = 1000;
// Beyond so many standard deviations a point weighs less than a thousandth.
const REACH = 3.7;

export interface SmoothingChoice {
  readonly kind: Smoothing;
  readonly amount: number;
  /** The span of x that the chart shows, for `time-weighted`; by default that of the line. */
  readonly span?: number;
}

/** The values as they were asked to be smoothed; the same array where nothing is to be done. */
export function smooth(x: Float64Array, values: Float64Array, choice: SmoothingChoice): Float64Array {
  switch (choice.kind) {
    case "exponential":
      return choice.amount > 0 ? exponentialAverage(values, choice.amount) : values;
    case "time-weighted":
      return choice.amount > 0 ? timeWeightedAverage(x, values, choice.amount, choice.span) : values;
    case "running":
      return choice.amount > 1 ? runningAverage(values, choice.amount) : values;
    case "gaussian":
      return choice.amount > 0 ? gaussianAverage(values, choice.amount) : values;
    case "none":
      return values;
  }
}

/** An exponential moving average that is not biased towards 0 at its start, as TensorBoard has it; weight 0 to 1. */
export function exponentialAverage(values: Float64Array, weight: number): Float64Array {
  let sum = 0;
  let weights = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + (1 - weight) * value;
    weights = weights * weight + (1 - weight);
    return sum / weights;
  });
}

/**
 * An exponential moving average whose weight fades with the distance in x and not from point to point, as Weights &
 * Biases has it: lines that were logged more or less often, or are thinned, look equally smooth.
 */
export function timeWeightedAverage(
  x: Float64Array,
  values: Float64Array,
  weight: number,
  span = x.length > 1 ? x[x.length - 1]! - x[0]! : 0,
): Float64Array {
  const base = Math.min(Math.sqrt(weight), 0.999);
  let sum = 0;
  let weights = 0;
  let before = NaN;
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value;
    const at = x[index]!;
    const moved = span > 0 && !Number.isNaN(before) ? (Math.abs(at - before) / span) * CHART_WIDTH : 0;
    const kept = span > 0 ? base ** moved : base;
    before = at;
    sum = sum * kept + value;
    weights = weights * kept + 1;
    return sum / weights;
  });
}

/** The mean of `window` points around each point; at the ends of those that are there. */
export function runningAverage(values: Float64Array, window: number): Float64Array {
  const before = Math.floor((window - 1) / 2);
  const after = Math.ceil((window - 1) / 2);
  const sums = new Float64Array(values.length + 1);
  const counts = new Int32Array(values.length + 1);
  values.forEach((value, index) => {
    const counted = Number.isFinite(value);
    sums[index + 1] = sums[index]! + (counted ? value : 0);
    counts[index + 1] = counts[index]! + (counted ? 1 : 0);
  });
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value;
    const start = Math.max(0, index - before);
    const end = Math.min(values.length, index + after + 1);
    return (sums[end]! - sums[start]!) / (counts[end]! - counts[start]!);
  });
}

/** The mean of the points around each point, weighted by a normal distribution; `deviation` in points. */
export function gaussianAverage(values: Float64Array, deviation: number): Float64Array {
  const reach = Math.ceil(deviation * REACH);
  const weights = Float64Array.from({ length: reach + 1 }, (_, far) => Math.exp(-0.5 * (far / deviation) ** 2));
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value;
    let sum = 0;
    let total = 0;
    const end = Math.min(values.length - 1, index + reach);
    for (let other = Math.max(0, index - reach); other <= end; other++) {
      const near = values[other]!;
      if (!Number.isFinite(near)) continue;
      const share = weights[Math.abs(other - index)]!;
      sum += near * share;
      total += share;
    }
    return sum / total;
  });
}
