import { expect, test } from "vitest";
import { limited, logSplits, moved, scaled } from "./zoom";

test("a range is scaled about a place, plain or logarithmic", () => {
  expect(scaled([0, 100], 0.5, 20)).toEqual([10, 60]);
  const [low, high] = scaled([1, 10000], 0.5, 100, true);
  expect(low).toBeCloseTo(10);
  expect(high).toBeCloseTo(1000);
  expect(moved([0, 100], -0.1)).toEqual([-10, 90]);
});

test("a range that shows all is none", () => {
  expect(limited([0, 101], [0, 100])).toBeNull();
  expect(limited([5, 101], [0, 100])).toEqual([5, 101]);
  expect(limited([5, 5], null)).toBeNull();
});

test("labels of a logarithmic axis are round", () => {
  expect(logSplits(0.9, 60)).toEqual([1, 2, 5, 10, 20, 50]);
  expect(logSplits(1e-6, 1)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]);
  expect(logSplits(3, 4)).toEqual([3, 4]);
  expect(logSplits(0, 4)).toEqual([]);
});
