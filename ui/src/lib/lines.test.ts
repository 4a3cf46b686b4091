import { describe, expect, it } from "vitest";
import { groupCurve, groupLines } from "./grouped";
import type { Curve } from "./lines";
import {
  alignLines,
  bestSoFar,
  decodeLines,
  inOrderOfX,
  quantile,
  rangeOf,
  rangeWithoutOutliers,
} from "./lines";
import { exponentialAverage, gaussianAverage, runningAverage, smooth, timeWeightedAverage } from "./smoothing";

const of = (...values: number[]) => Float64Array.from(values);

function curve(x: number[], last: number[], minimum = last, maximum = last): Curve {
  return { x: of(...x), last: of(...last), minimum: of(...minimum), maximum: of(...maximum) };
}

/** Bytes as the server puts them: in planes, as base64. */
function planes(items: Float32Array | Float64Array | Uint32Array | Uint16Array): string {
  const bytes = new Uint8Array(items.buffer);
  const width = items.BYTES_PER_ELEMENT;
  const turned = bytes.map((_, at) => bytes[(at % items.length) * width + Math.floor(at / items.length)]!);
  return btoa(String.fromCharCode(...turned));
}

const halves = (...values: number[]) =>
  planes(Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16));

describe("the server's answer", () => {
  const answer = {
    xs: [
      { first: -2, per: 1, gaps: planes(Uint32Array.of(1, 70_000)), values: "" },
      { first: 1_700_000_000_123, per: 1000, gaps: "", values: "" },
      { first: 0, per: 1, gaps: "", values: planes(Float64Array.of(0.5, 0.25)) },
    ],
    lines: [
      { run_id: "a", key: "loss", x: 0, last: planes(Float32Array.of(1, NaN, 3)), below: halves(0, 0.5, NaN), above: halves(2, -0.25, NaN), total: 9 },
      { run_id: "b", key: "loss", x: 0, last: planes(Float32Array.of(1, Infinity, -3)), below: "", above: "", total: 3 },
      { run_id: "b", key: "time", x: 1, last: planes(Float32Array.of(7)), below: "", above: "", total: 1 },
      { run_id: "b", key: "other", x: 2, last: planes(Float32Array.of(7, 8)), below: "", above: "", total: 2 },
    ],
  };

  it("becomes arrays, and lines share their x", () => {
    const [thinned, whole, timed, other] = decodeLines(answer);
    expect(thinned!.x).toEqual(of(-2, -1, 69_999));
    expect(whole!.x).toBe(thinned!.x);
    expect(timed!.x).toEqual(of(1_700_000_000.123));
    expect(other!.x).toEqual(of(0.5, 0.25));
    expect(whole!.last).toEqual(of(1, Infinity, -3));
    expect([whole!.exact, whole!.minimum === whole!.last, whole!.total]).toEqual([true, true, 3]);
  });

  it("has extremes relative to the last finite value", () => {
    const [thinned] = decodeLines(answer);
    expect(thinned!.exact).toBe(false);
    expect(thinned!.minimum).toEqual(of(1, 0.5, NaN));
    expect(thinned!.maximum).toEqual(of(3, 0.75, NaN));
  });

  it("is refused where bytes are missing", () => {
    const broken = { xs: answer.xs, lines: [{ ...answer.lines[1]!, last: btoa("abc") }] };
    expect(() => decodeLines(broken)).toThrow(RangeError);
  });
});

describe("columns of a chart", () => {
  it("are the line's own where all lines share their x", () => {
    const x = of(0, 1, 2);
    const found = alignLines([
      { x, last: of(1, 2, 3), minimum: of(0, 1, 2), maximum: of(2, 3, 4) },
      { x, last: of(4, NaN, 6), minimum: of(4, NaN, 6), maximum: of(4, NaN, 6) },
    ], { bands: true });
    expect(found.x).toBe(x);
    expect(found.last).toEqual([[1, 2, 3], [4, null, 6]]);
    expect(found.minimum[0]).toEqual([0, 1, 2]);
    expect(found.maximum[1]).toEqual([4, null, 6]);
  });

  it("tell where a line has no point from where it cannot be drawn", () => {
    const found = alignLines([curve([0, 2, 4], [1, NaN, 3]), curve([1, 2], [Infinity, -5])], { log: true });
    expect(Array.from(found.x)).toEqual([0, 1, 2, 4]);
    expect(found.last).toEqual([[1, undefined, null, 3], [undefined, null, null, undefined]]);
    expect(found.minimum).toEqual([]);
  });

  it("keep the extremes of points that share an x", () => {
    const found = alignLines([curve([1, 1, 1, 2], [5, 9, 7, 1], [4, 8, 6, 1], [6, 10, 8, 1])], { bands: true });
    expect([found.last[0], found.minimum[0], found.maximum[0]]).toEqual([[7, 1], [4, 1], [10, 1]]);
  });

  it("stay few where lines have x of their own, without losing a spike", () => {
    const lines = Array.from({ length: 100 }, (_, run) => {
      const x = Array.from({ length: 800 }, (_, index) => index + run / 100);
      const last = x.map((_, index) => (index === 400 ? 1000 + run : 1));
      return curve(x, last);
    });
    const found = alignLines(lines, { bands: true, most: 4000 });
    expect(found.x.length).toBeLessThanOrEqual(4000);
    expect(found.maximum.map((column) => Math.max(...column.map((value) => value ?? 0)))).toEqual(
      lines.map((_, run) => 1000 + run),
    );
    expect(alignLines([], {}).x).toEqual(of());
  });

  it("need points in order of x, which a metric as x may not have", () => {
    const sorted = inOrderOfX(curve([3, 1, 2, 1], [30, 10, 20, 11]));
    expect([sorted.x, sorted.last]).toEqual([of(1, 1, 2, 3), of(10, 11, 20, 30)]);
    expect(sorted.minimum).toEqual(sorted.last);
    const already = curve([1, 1, 2], [1, 2, 3]);
    expect(inOrderOfX(already)).toBe(already);
  });
});

describe("ranges", () => {
  it("leave aside what is not finite, and on a log axis what is not positive", () => {
    expect(rangeOf([of(NaN, 3, -1), of(Infinity, 7)])).toEqual([-1, 7]);
    expect(rangeOf([of(NaN, 3, -1), of(0, 7)], true)).toEqual([3, 7]);
    expect(rangeOf([of(NaN)])).toBeNull();
  });

  it("leave outliers outside, and are whole where there are none", () => {
    const even = Float64Array.from({ length: 100 }, (_, index) => index);
    expect(rangeWithoutOutliers([even])).toEqual([0, 99]);
    const [low, high] = rangeWithoutOutliers([even, of(1e9, NaN)])!;
    expect(low).toBe(0);
    expect(high).toBeLessThan(200);
    expect(rangeWithoutOutliers([of(1, 2, 1e9)])).toEqual([1, 1e9]);
    expect(rangeWithoutOutliers([new Float64Array(50).fill(3), of(4)])).toEqual([3, 4]);
    const decay = Float64Array.from({ length: 100 }, (_, index) => 10 ** (-index / 20));
    expect(rangeWithoutOutliers([decay], { log: true })![0]).toBeCloseTo(decay[99]!, 12);
  });

  it("know quantiles", () => {
    expect([quantile([5], 0.3), quantile([0, 10], 0.25), quantile([1, 2, 3], 1)]).toEqual([5, 2.5, 3]);
  });

  it("know the best so far", () => {
    expect(bestSoFar([NaN, 3, 5, NaN, 1], -1)).toEqual(of(NaN, 3, 3, 3, 1));
    expect(bestSoFar([2, 5, 1, Infinity], 1)).toEqual(of(2, 5, 5, Infinity));
  });
});

describe("smoothing", () => {
  const noisy = Float64Array.from({ length: 200 }, (_, index) => (index % 2 ? 1 : -1) + 10);

  it.each([
    ["exponential", 0.9],
    ["time-weighted", 0.99],
    ["running", 11],
    ["gaussian", 5],
  ] as const)("%s keeps a constant, calms what is noisy, and leaves NaN where it is", (kind, amount) => {
    const x = Float64Array.from(noisy.keys());
    const flat = new Float64Array(200).fill(3);
    smooth(x, flat, { kind, amount }).forEach((value) => expect(value).toBeCloseTo(3, 10));
    const calm = smooth(x, noisy, { kind, amount });
    expect(Math.max(...calm.slice(50, 150)) - Math.min(...calm.slice(50, 150))).toBeLessThan(0.5);
    const gap = noisy.slice();
    gap[100] = NaN;
    gap[101] = Infinity;
    const over = smooth(x, gap, { kind, amount });
    expect([over[100], over[101]]).toEqual([NaN, Infinity]);
    expect(over[102]).toBeCloseTo(10, 0);
    expect(smooth(x, noisy, { kind: "none", amount })).toBe(noisy);
  });

  it("does nothing with the smallest amount", () => {
    const x = Float64Array.from(noisy.keys());
    for (const [kind, amount] of [["exponential", 0], ["time-weighted", 0], ["running", 1], ["gaussian", 0]] as const) {
      expect(smooth(x, noisy, { kind, amount })).toBe(noisy);
    }
  });

  it("starts without bias", () => {
    expect(exponentialAverage(of(5, 5, 7), 0.5)[0]).toBe(5);
    expect(exponentialAverage(of(4, 8), 0.5)[1]).toBeCloseTo((0.25 * 4 + 0.5 * 8) / 0.75, 12);
  });

  it("by time is the same however often a line was logged", () => {
    const often = Float64Array.from({ length: 1001 }, (_, index) => index);
    const seldom = often.filter((_, index) => index % 10 === 0);
    const step = (x: number) => (x < 500 ? 0 : 1);
    const fine = timeWeightedAverage(often, often.map(step), 0.99);
    const coarse = timeWeightedAverage(seldom, seldom.map(step), 0.99);
    expect(Math.abs(fine[700]! - coarse[70]!)).toBeLessThan(0.05);
    expect(timeWeightedAverage(of(1, 1), of(2, 4), 0.25)[1]).toBeCloseTo((2 * 0.5 + 4) / 1.5, 12);
  });

  it("averages what lies around a point", () => {
    expect(runningAverage(of(0, 3, 6, NaN, 9), 3)).toEqual(of(1.5, 3, 4.5, NaN, 9));
    expect(gaussianAverage(of(0, 0, 1, 0, 0), 1)[2]).toBeCloseTo(0.4026, 3);
  });
});

describe("groups", () => {
  it("have mean, median, extremes and deviation at every x of theirs", () => {
    const x = [0, 1, 2];
    const group = groupLines([curve(x, [1, 2, NaN]), curve(x, [3, 4, 6]), curve(x, [8, 0, 10])]);
    expect(group.count).toEqual(Int32Array.of(3, 3, 2));
    expect(group.mean).toEqual(of(4, 2, 8));
    expect(group.median).toEqual(of(3, 2, 8));
    expect([group.minimum, group.maximum]).toEqual([of(1, 0, 6), of(8, 4, 10)]);
    expect(group.deviation[1]).toBe(2);
    expect(groupCurve(group, "deviation").maximum[1]).toBe(4);
    expect(groupCurve(group, "error").minimum[1]).toBeCloseTo(2 - 2 / Math.sqrt(3), 12);
    expect(groupCurve(group, "range").maximum).toBe(group.maximum);
    expect(groupCurve(group, "none", "median").minimum).toBe(group.median);
  });

  it("take lines as straight between their points, and as nothing beyond their ends", () => {
    const group = groupLines([curve([0, 10], [0, 10]), curve([5, 15], [5, 5])]);
    expect(Array.from(group.x)).toEqual([0, 5, 10, 15]);
    expect(Array.from(group.count)).toEqual([1, 2, 2, 1]);
    expect(Array.from(group.mean)).toEqual([0, 5, 7.5, 5]);
  });

  it("lose no spike on a coarser grid", () => {
    const x = Array.from({ length: 5000 }, (_, index) => index);
    const spiked = x.map((at) => (at === 1234 ? 99 : 1));
    const group = groupLines([curve(x, spiked), curve(x, x.map(() => 2))], 100);
    expect(group.x.length).toBe(100);
    expect([group.x[0], group.x[99]]).toEqual([0, 4999]);
    expect(Math.max(...group.maximum)).toBe(99);
    expect(groupLines([]).x).toEqual(of());
  });
});
