import { describe, expect, test } from "vitest";
import { formatAgo, formatBytes, formatCount, formatDuration, formatNumber, formatParam, formatTicks, toFloat } from "./format";

test.each([
  [0, "0"],
  [0.31, "0.3100"],
  [-0.31, "−0.3100"],
  [0.0003, "0.0003"],
  [0.00001234, "1.234e−5"],
  [2.608123, "2.608"],
  [42, "42"],
  [5000, "5,000"],
  [1234.5678, "1,234.6"],
  [123456.7, "123,457"],
  [3.2e12, "3.2e12"],
  [NaN, "NaN"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
])("the number %d is written %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("words on the wire stand for floats", () => {
  expect(toFloat("NaN")).toBeNaN();
  expect([toFloat("Infinity"), toFloat("-Infinity"), toFloat(0.5)]).toEqual([Infinity, -Infinity, 0.5]);
  expect(toFloat(null)).toBeNaN();
});

describe("labels of an axis", () => {
  test.each([
    [[0, 0.0002, 0.0004], ["0", "2e−4", "4e−4"]],
    [[0, 0.00015, 0.0003], ["0", "1.5e−4", "3e−4"]],
    [[0, 0.0005, 0.001], ["0", "0.0005", "0.0010"]],
    [[0, 0.25, 0.5], ["0", "0.25", "0.50"]],
    [[0, 1, 2], ["0", "1", "2"]],
    [[0, 0.5, 1], ["0", "0.5", "1.0"]],
    [[0, 20000, 40000], ["0", "20k", "40k"]],
    [[0, 500000, 1000000], ["0", "0.5M", "1.0M"]],
    [[-1, 0, 1], ["−1", "0", "1"]],
    [[0.99990, 0.99995, 1], ["0.99990", "0.99995", "1.00000"]],
  ])("%j", (ticks, labels) => {
    expect(formatTicks(ticks)).toEqual(labels);
  });

  test("no two neighbours look the same", () => {
    for (const step of [1e-7, 3e-5, 0.001, 0.2, 7, 1500, 2.5e6]) {
      for (const start of [0, 1, 1000]) {
        if (step / Math.max(start, step) < 1e-7) continue;
        const labels = formatTicks([0, 1, 2, 3].map((at) => start + at * step));
        expect(new Set(labels).size, `${start} + ${step}: ${labels.join()}`).toBe(4);
      }
    }
  });

  test("nothing but zero, and nothing at all", () => {
    expect(formatTicks([0])).toEqual(["0"]);
    expect(formatTicks([])).toEqual([]);
  });
});

test("times, sizes and counts", () => {
  expect([formatDuration(40), formatDuration(4_200), formatDuration(75_000), formatDuration(7_500_000)]).toEqual([
    "40 ms",
    "4.2 s",
    "1 min 15 s",
    "2 h 5 min",
  ]);
  expect(formatDuration(3 * 86_400_000)).toBe("3 d 0 h");
  expect([formatAgo(0, 2_000), formatAgo(0, 61_000), formatAgo(0, 7_200_000)]).toEqual(["just now", "1 min ago", "2 h ago"]);
  expect([formatBytes(12), formatBytes(4096), formatBytes(48_256)]).toEqual(["12 B", "4.1 kB", "48 kB"]);
  expect([formatCount(1, "run"), formatCount(5000, "run"), formatCount(2, "child", "children")]).toEqual([
    "1 run",
    "5,000 runs",
    "2 children",
  ]);
});

test("a param stands as logged unless it is a float with a long tail", () => {
  expect(["adamw", "3e-4", "007", "0.1", "12345678901"].map(formatParam)).toEqual(["adamw", "3e-4", "007", "0.1", "12345678901"]);
  expect(formatParam("0.30000000000000004")).toBe("0.3");
});
