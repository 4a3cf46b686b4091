import { expect, test } from "vitest";
import { moveKey, OPEN, openSections, sectionsOf, telling } from "./chartkeys";

test("what is judged comes first, single values later, the machine last", () => {
  const points = new Map([["test/auc", 1]]);
  expect(telling(["system/gpu", "lr", "test/auc", "train/loss", "val/loss"], points)).toEqual([
    "val/loss",
    "train/loss",
    "lr",
    "test/auc",
    "system/gpu",
  ]);
});

test("sections are made of prefixes, in the order of their first charts", () => {
  const keys = ["val/loss", "system/cpu", "loss", "val/acc", "train/loss"];
  expect(sectionsOf(keys).map(({ name }) => name)).toEqual(["val", "Metrics", "train", "system"]);
  expect(sectionsOf(keys, ["val/acc"])[0]!.keys).toEqual(["val/acc", "val/loss"]);
  expect(sectionsOf(keys, [], false)).toEqual([{ name: "", keys }]);
});

test("where there are many charts, sections are folded until they are turned", () => {
  const many = (name: string, count: number) => ({ name, keys: Array.from({ length: count }, (_, index) => `${name}/${index}`) });
  const sections = [many("a", OPEN + 5), many("b", 10), many("c", 1)];
  expect([...openSections(sections, [])]).toEqual(["a"]);
  expect([...openSections(sections, ["a", "c"])]).toEqual(["c"]);
  expect([...openSections([many("a", 10), many("b", 10)], [])]).toEqual(["a", "b"]);
});

test("a chart is moved by saying no more than must be said", () => {
  const section = ["a", "b", "c", "d"];
  expect(moveKey(section, "a", "b", [])).toEqual(["b", "a"]);
  expect(moveKey(section, "c", "a", ["x"])).toEqual(["x", "c", "a", "b"]);
  expect(moveKey(["b", "a", "c", "d"], "b", "a", ["b", "a"])).toEqual(["a", "b"]);
  expect(moveKey(section, "a", "a", ["x"])).toEqual(["x"]);
});
