import { expect, test } from "vitest";
import { chartData, extreme, lineTitle, pointAt, pointRows, summarise, type Strand } from "./chartdata";
import { DEFAULT_CHART_VIEW } from "./chartstate";
import type { Line } from "./lines";

const view = DEFAULT_CHART_VIEW;

function line(runId: string, x: number[], last: number[], low?: number[], high?: number[]): Line {
  const values = Float64Array.from(last);
  return {
    runId,
    key: "loss",
    x: Float64Array.from(x),
    last: values,
    minimum: low ? Float64Array.from(low) : values,
    maximum: high ? Float64Array.from(high) : values,
    exact: !low,
    total: x.length,
  };
}

function strand(id: string, ...lines: Line[]): Strand {
  return { id, name: `run ${id}`, slot: 0, metric: "loss", place: 0, grouped: lines.length > 1, lines };
}

test("each line is drawn on top of its band and its ghost", () => {
  const thinned = strand("a", line("a", [0, 10], [1, 2], [0.5, 1], [3, 4]));
  const exact = strand("b", line("b", [0, 5], [1, 2]));
  const roles = (data: ReturnType<typeof chartData>) => data.series.map(({ line, role }) => `${line} ${role}`);
  const data = chartData([thinned, exact], view);
  expect(roles(data)).toEqual(["0 high", "0 low", "0 main", "1 main"]);
  expect(Array.from(data.x)).toEqual([0, 5, 10]);
  expect(data.columns[0]).toEqual([3, undefined, 4]);
  const soft = chartData([thinned, exact], { ...view, smoothing: "exponential", amount: 0.9 });
  expect(roles(soft)).toEqual(["0 high", "0 low", "0 ghost", "1 ghost", "0 main", "1 main"]);
  expect(soft.columns[2]).toEqual([1, undefined, 2]);
  expect(soft.columns[4]![2]).toBeGreaterThan(1);
  expect(soft.columns[4]![2]).toBeLessThan(2);
});

test("runs without points are left out", () => {
  expect(chartData([strand("a"), strand("b", line("b", [], []))], view).lines).toEqual([]);
});

test("a group is its mean with a band", () => {
  const group = strand("adam", line("a", [0, 1], [1, 3]), line("b", [0, 1], [3, 5]));
  const data = chartData([group], view);
  expect(data.series.map((series) => series.role)).toEqual(["high", "low", "main"]);
  expect(data.columns).toEqual([[3, 5], [1, 3], [2, 4]]);
  expect(data.lines[0]!.total).toBe(2);
  expect(chartData([group], { ...view, band: "none" }).series.map((series) => series.role)).toEqual(["main"]);
});

test("what is no number is marked, and a gap", () => {
  const data = chartData([strand("a", line("a", [0, 1, 2, 3], [1, NaN, Infinity, -Infinity]))], view);
  expect(data.marks.map((mark) => `${mark.x} ${mark.kind}`)).toEqual(["1 nan", "2 high", "3 low"]);
  expect(data.columns[0]).toEqual([1, null, null, null]);
  expect(pointRows(data, "step")[2]).toEqual([1, "NaN"]);
});

test("outliers stay outside where they are clipped, within the range that is shown", () => {
  const values = Array.from({ length: 100 }, (_, index) => (index === 3 ? 1000 : Math.sin(index)));
  const strands = [strand("a", line("a", values.map((_, index) => index), values))];
  expect(chartData(strands, view).y).toBeNull();
  expect(chartData(strands, { ...view, clip: true }).y![1]).toBeLessThan(10);
});

test("a logarithmic axis begins above zero", () => {
  const data = chartData([strand("a", line("a", [0, 1, 10], [5, 6, 7]))], { ...view, logX: true });
  expect(Array.from(data.x)).toEqual([1, 10]);
  expect(data.columns[0]).toEqual([6, 7]);
});

test("another metric on the axis is put in order", () => {
  const data = chartData([strand("a", line("a", [3, 1, 2], [30, 10, 20]))], { ...view, x: "metric", xKey: "epoch" });
  expect(data.columns[0]).toEqual([10, 20, 30]);
});

test("points and extremes are found, and said", () => {
  const a = line("a", [0, 10, 20], [3, 1, 2]);
  expect([-1, 0, 5, 20, 99].map((x) => pointAt(a, x))).toEqual([-1, 0, 0, 2, 2]);
  expect(extreme(a, -1)).toEqual({ value: 1, x: 10 });
  const { lines } = chartData([strand("a", a), strand("b", line("b", [0], [9]))], view);
  expect(summarise("loss", lines, -1, view)).toBe("loss of 2 runs; best run a with 1 at step 10.");
  expect(summarise("loss", lines, 0, view)).toBe("loss of 2 runs; largest run b with 9 at step 0.");
  expect(summarise("loss", [], 0, view)).toBe("loss: no points yet.");
  expect(lineTitle(lines[0]!, lines)).toBe("run a");
});
