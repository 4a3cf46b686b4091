import { expect, test } from "vitest";
import { importances, randomness } from "./forest";
import { boxOf, categories, correlation, isNumeric, numberOf, rankCorrelation, ranks, shareOf, spreadsWide, surface } from "./statistics";

test("cells are read as numbers where they state one", () => {
  expect(["3e-4", 2, "", null, "adam", "-Infinity"].map(numberOf)).toEqual([3e-4, 2, NaN, NaN, NaN, -Infinity]);
  expect(isNumeric(["1", null, "NaN", 2])).toBe(true);
  expect(isNumeric(["1", "two"])).toBe(false);
  expect(isNumeric([null])).toBe(false);
  expect(categories(["10", "b", "9", null, "a", "9"])).toEqual(["9", "10", "a", "b"]);
});

test("correlation of ranks sees any rise, with ties", () => {
  expect(ranks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
  expect(rankCorrelation([1, 2, 3, 4, NaN], [1, 8, 27, 64, 5])).toBeCloseTo(1);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
  // R: cor(c(1,2,3,4,5), c(2,1,4,3,7), method="spearman") is 0.8.
  expect(rankCorrelation([1, 2, 3, 4, 5], [2, 1, 4, 3, 7])).toBeCloseTo(0.8);
  expect(correlation([1, 1], [1, 2])).toBeNaN();
});

test("a box has Tukey's whiskers", () => {
  const box = boxOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 40, NaN, Infinity])!;
  expect(box).toMatchObject({ count: 10, low: 1, first: 3.25, median: 5.5, third: 7.75, high: 9, outliers: [40] });
  expect(boxOf([NaN])).toBeNull();
});

test("a surface has the value of a point where the point is, and nothing far from all", () => {
  const cells = surface([{ x: 0.05, y: 0.05, value: 3 }, { x: 0.15, y: 0.05, value: 5 }], 10, 0.3);
  expect(cells[0]![0]).toBeCloseTo(3, 1);
  expect(cells[0]![1]).toBeCloseTo(5, 1);
  expect(cells[9]![9]).toBeNull();
});

test("shares and spreads", () => {
  expect(shareOf(10, [1, 100], true)).toBeCloseTo(0.5);
  expect(shareOf(3, [3, 3])).toBe(0.5);
  expect(spreadsWide([1e-4, 1e-2])).toBe(true);
  expect(spreadsWide([0, 1000])).toBe(false);
});

test("the forest finds what the outcome was made of", () => {
  const chance = randomness(3);
  const rows = Array.from({ length: 300 }, () => ({
    lr: 10 ** (-4 + 3 * chance()),
    optimizer: ["adam", "sgd", "lamb"][Math.floor(chance() * 3)]!,
    depth: Math.floor(chance() * 8),
    noise: chance(),
  }));
  const outcome = rows.map((row) => 2 * (Math.log10(row.lr) + 2.5) ** 2 + (row.optimizer === "sgd" ? 2 : 0) + 0.05 * chance());
  const inputs = (["lr", "optimizer", "depth", "noise"] as const).map((name) => ({ name, values: rows.map((row) => row[name]) }));
  const { importances: found, explained } = importances(inputs, outcome);
  const share = Object.fromEntries(found.map((item) => [item.name, item.share]));
  expect(explained).toBeGreaterThan(0.9);
  expect(share.lr!).toBeGreaterThan(share.optimizer!);
  expect(share.optimizer!).toBeGreaterThan(5 * share.depth!);
  expect(share.depth! + share.noise!).toBeLessThan(0.05);
  expect(found.reduce((sum, item) => sum + item.share, 0)).toBeCloseTo(1);
  expect(importances(inputs, outcome)).toEqual({ importances: found, explained });
});

test("the forest says so where nothing tells", () => {
  const chance = randomness(5);
  const inputs = [{ name: "a", values: Array.from({ length: 200 }, chance) }];
  expect(importances(inputs, Array.from({ length: 200 }, chance)).explained).toBeLessThan(0.2);
  expect(importances(inputs, new Array<number>(200).fill(1)).importances).toEqual([{ name: "a", share: 0 }]);
});
