import { expect, test } from "vitest";
import { decodeCompare, encodeCompare, others } from "./compareview";

test("a view survives its address", () => {
  const search = { runs: "a,b,c", base: "b", other: "c", diff: "1", value: "minimum", path: "plots/x.png", smooth: "0.5" };
  expect(encodeCompare(decodeCompare(search), search)).toEqual(search);
});

test("what makes no sense is left at its default", () => {
  const view = decodeCompare({ runs: "a,a,,b", base: "z", other: "a", value: "median" });
  expect(view).toEqual({ runs: ["a", "b"], base: "a", other: "", onlyDifferences: false, aggregate: "last", path: "" });
  expect(encodeCompare(view)).toEqual({ runs: "a,b" });
});

test("no more runs than there are colours", () => {
  const runs = Array.from({ length: 30 }, (_, index) => `r${index}`).join(",");
  expect(decodeCompare({ runs }).runs).toHaveLength(20);
});

test("parameters of the charts are not the page's own", () => {
  expect(others({ runs: "a", x: "time", diff: "1" })).toEqual({ x: "time" });
});
