import { describe, expect, test } from "vitest";
import type { RunKey } from "../api/types";
import { chooseColumns, columnOf, columnTitle, differs, direction, fieldOf, idOf, isNumeric, moved, offeredColumns, orderTerms, readableField, sortAfter } from "./columns";
import { NO_HISTORY, redone, stepped, undone } from "./history";
import { between, countOf, EVERYTHING, flipped, isSelected, NOTHING, stateOf, withIds } from "./selection";

function key(kind: RunKey["kind"], name: string, rest: Partial<RunKey> = {}): RunKey {
  return { kind, key: name, field: "", runs: 10, distinct: kind === "metric" ? 0 : 3, numeric: kind === "metric", minimum: 0, maximum: 1, ...rest };
}

describe("columns", () => {
  const keys = [
    key("metric", "val/loss"),
    key("metric", "train/loss"),
    key("metric", "system/cpu"),
    key("param", "lr", { numeric: true }),
    key("param", "seed", { distinct: 1 }),
    key("param", "uuid", { distinct: 10 }),
    key("tag", "owner"),
    key("tag", "mlflow.user"),
    key("attribute", "status", { distinct: 2 }),
  ];

  test("show what is judged and what varies", () => {
    expect(chooseColumns(keys)).toEqual(["status", "metrics.val/loss", "metrics.train/loss", "params.lr", "params.uuid", "start_time"]);
    expect(chooseColumns([])).toEqual(["status", "start_time"]);
  });

  test("know which way is better, and say nothing where they do not", () => {
    expect([direction("val/loss"), direction("accuracy"), direction("lr")]).toEqual([-1, 1, 0]);
  });

  test("have an id that says what they are", () => {
    for (const [kind, name, figure] of [
      ["metric", "val/loss", "last"], ["metric", "val/loss", "min"], ["metric", "odd:min", "last"], ["metric", "odd:min", "max"],
      ["metric", "a.b", "line"], ["param", "x:min", "last"], ["tag", "a.b", "last"], ["attribute", "status", "last"],
    ] as const) {
      expect(columnOf(idOf(kind, name, figure))).toMatchObject({ kind, key: name, figure });
    }
    expect(idOf("metric", "loss")).toBe("metrics.loss");
    expect(columnTitle("metrics.loss:min")).toBe("loss min");
  });

  test("are named to the server in its own grammar", () => {
    expect(fieldOf("metrics.val/loss:min")).toBe("metrics.`val/loss`.min");
    expect(fieldOf("metrics.loss:line")).toBeNull();
    expect(fieldOf("tags.a`b")).toBe('tags."a`b"');
    expect(readableField("metrics.val/loss")).toBe("metrics.val/loss");
    expect(readableField("params.learning rate")).toBe("params.`learning rate`");
    expect(orderTerms(keys, ["-metrics.val/loss", "params.lr", "params.uuid", "start_time", "metrics.x:line"])).toEqual([
      "metrics.`val/loss` DESC", "params.`lr` AS NUMBER ASC", "params.`uuid` ASC", "attributes.start_time ASC",
    ]);
  });

  test("stand at the right where every cell is a number", () => {
    expect(["params.lr", "params.seed", "metrics.x", "metrics.x:line", "status"].map((id) => isNumeric(keys, id))).toEqual([true, false, true, false, false]);
  });

  test("differ or not", () => {
    const differing = [...keys, key("param", "rare", { runs: 3, distinct: 1 }), key("metric", "same", { minimum: 1, maximum: 1 })];
    expect(["params.seed", "params.rare", "metrics.same", "metrics.val/loss", "status"].map((id) => differs(differing, id))).toEqual([false, true, false, true, true]);
  });

  test("are offered by what they are about", () => {
    const offers = offeredColumns(keys);
    expect(offers.metric.map((offer) => offer.id)).toEqual(["metrics.val/loss", "metrics.train/loss", "metrics.system/cpu"]);
    expect(offers.tag.map((offer) => offer.id)).toEqual(["tags.owner"]);
    expect(offers.attribute.map((offer) => offer.id)).toContain("duration");
  });

  test("are sorted by one, or by one more", () => {
    expect(sortAfter([], "a", false)).toEqual(["a"]);
    expect(sortAfter(["a"], "a", false)).toEqual(["-a"]);
    expect(sortAfter(["-a"], "a", false)).toEqual([]);
    expect(sortAfter(["a", "-b"], "b", true)).toEqual(["a"]);
    expect(sortAfter(["a"], "b", true)).toEqual(["a", "b"]);
    expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  });
});

describe("a selection", () => {
  test("of some runs", () => {
    let chosen = flipped(flipped(NOTHING, "a"), "b");
    expect([countOf(chosen, 10), stateOf(chosen, 10), isSelected(chosen, "a")]).toEqual([2, "mixed", true]);
    chosen = flipped(chosen, "a");
    expect([countOf(chosen, 10), isSelected(chosen, "a")]).toEqual([1, false]);
    expect(stateOf(withIds(chosen, ["b"], false), 10)).toBe("false");
  });

  test("of all that match but some", () => {
    let chosen = flipped(EVERYTHING, "a");
    expect([countOf(chosen, 5000), stateOf(chosen, 5000), isSelected(chosen, "a"), isSelected(chosen, "z")]).toEqual([4999, "mixed", false, true]);
    chosen = withIds(chosen, ["a", "b"], true);
    expect(stateOf(chosen, 5000)).toBe("true");
  });

  test("goes from one row to another in either direction", () => {
    expect([between(2, 5), between(5, 2), between(3, 3)]).toEqual([[2, 3, 4, 5], [2, 3, 4, 5], [3]]);
  });
});

test("steps are taken back and done again until another one is made", () => {
  let history = stepped(stepped<string>(NO_HISTORY, "a"), "b");
  const back = undone(history, "c")!;
  expect(back.state).toBe("b");
  expect(undone(back.history, "b")!.state).toBe("a");
  expect(redone(back.history, "b")!.state).toBe("c");
  history = stepped(back.history, "b");
  expect(redone(history, "d")).toBeNull();
  expect(undone(NO_HISTORY, "x")).toBeNull();
});
