import { describe, expect, test } from "vitest";
import { bare, comparisonsOf, filled, gapAt } from "./completion";
import { askedFilter, both, conditionsOf, without } from "./conditions";

/** The gap at "|". */
function at(text: string) {
  const cursor = text.indexOf("|");
  const filter = text.replace("|", "");
  return { filter, ...gapAt(filter, cursor) };
}

describe("what could stand at the cursor", () => {
  test.each([
    ["|", "field", ""],
    ["metrics.val/lo|", "field", "metrics.val/lo"],
    ["metrics.|loss", "field", "metrics."],
    ["metrics.loss |", "comparison", ""],
    ["metrics.loss <|", "value", ""],
    ["metrics.loss < |", "value", ""],
    ["metrics.loss < 0.5|", "value", "0.5"],
    ["metrics.loss < 0.5 |", "joint", ""],
    ["metrics.loss < 0.5 an|", "joint", "an"],
    ["metrics.loss < 0.5 and |", "field", ""],
    ["params.opt = 'ad|", "value", "'ad"],
    ["params.opt LI|", "comparison", "LI"],
    ["params.opt in (|", "value", ""],
    ["params.opt in ('a', |", "value", ""],
    ["params.opt in ('a', 'b') |", "joint", ""],
    ["params.opt is not null |", "joint", ""],
    ["not (|", "field", ""],
    ["(metrics.loss < 1 or |", "field", ""],
  ])("%s", (text, expects, typed) => {
    expect(at(text)).toMatchObject({ expects, typed });
  });

  test("knows which field is compared", () => {
    expect(at("a = 1 and params.`learning rate` = |").field).toBe("params.`learning rate`");
    expect(at("params.opt in ('a', |")).toMatchObject({ field: "params.opt", list: true });
  });

  test("takes the choice, and what follows stays", () => {
    const gap = at("metrics.lo| < 1");
    expect(filled(gap.filter, gap, "metrics.`val loss`")).toEqual({ text: "metrics.`val loss` < 1", cursor: 18 });
    const joint = at("a = 1 |");
    expect(filled(joint.filter, joint, "and").text).toBe("a = 1 and ");
    const comparison = at("params.opt |");
    expect(filled(comparison.filter, comparison, "IN").text).toBe("params.opt IN (");
    const value = at("params.opt <|");
    expect(filled(value.filter, value, "'a'").text).toBe("params.opt < 'a' ");
  });

  test("offers the comparisons that make sense", () => {
    expect(comparisonsOf(true, "")).toContain("<=");
    expect(comparisonsOf(false, "i")).toEqual(["ILIKE", "IN", "IS NULL", "IS NOT NULL"]);
    expect(bare("'ad")).toBe("ad");
  });
});

describe("conditions of a filter", () => {
  test("are what AND joins", () => {
    const filter = "metrics.a < 1 AND (params.b = 'x and y' or params.c = 2) and run_name LIKE '%z%'";
    const texts = conditionsOf(filter).map((condition) => condition.text);
    expect(texts).toEqual(["metrics.a < 1", "(params.b = 'x and y' or params.c = 2)", "run_name LIKE '%z%'"]);
    expect(conditionsOf(filter).every(({ text, start, end }) => filter.slice(start, end) === text)).toBe(true);
    expect(without(filter, 1)).toBe("metrics.a < 1 and run_name LIKE '%z%'");
  });

  test("are one where OR joins them", () => {
    expect(conditionsOf("a = 1 or b = 2 and c = 3")).toHaveLength(1);
    expect(conditionsOf("")).toEqual([]);
    expect(both("a = 1 or b = 2", "c = 3")).toBe("(a = 1 or b = 2) and c = 3");
    expect(both("", "c = 3")).toBe("c = 3");
  });

  test("leave hidden runs out", () => {
    expect(askedFilter("a = 1 or b = 2", ["x"])).toBe("(a = 1 or b = 2) and attributes.run_id NOT IN ('x')");
    expect(askedFilter("a = 1", [])).toBe("a = 1");
  });
});
