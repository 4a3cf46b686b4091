import { describe, expect, it } from "vitest";
import { conditionOf, criterionLine, criterionText, objectiveOf } from "./objective";

const tag = (value: unknown) => ({ "treering.objective": typeof value === "string" ? value : JSON.stringify(value) });

describe("objectiveOf", () => {
  it("reads statement and bounds, and passes over what is none", () => {
    const found = objectiveOf(
      tag({ statement: "Find fraud.", criteria: [{ metric: "recall", op: ">=", value: 0.9 }, { metric: "x", op: "~", value: 1 }, 4] }),
    );
    const criteria = [{ metric: "recall", op: ">=", value: 0.9, slice: "" }];
    expect(found).toEqual({ statement: "Find fraud.", owner: "", criteria, primary: "", greaterIsBetter: true, minImprovement: 0 });
  });

  it.each([undefined, {}, tag("nothing"), tag("[]"), tag({ criteria: [] })])("finds none in %s", (tags) => {
    expect(objectiveOf(tags)).toBeNull();
  });
});

describe("a bound", () => {
  const bound = { metric: "recall", op: ">=", value: 0.9, slice: "" } as const;

  it("is written for people", () => {
    expect(criterionText(bound)).toBe("recall ≥ 0.9");
    expect(criterionText({ ...bound, op: "<", slice: "DE" })).toBe("recall on DE < 0.9");
    expect(criterionLine({ ...bound, slice: "DE" })).toBe("recall[DE] >= 0.9");
  });

  it("becomes a condition on the metric that runs have", () => {
    const long = new Map([["recall_score", "metrics.recall_score"]]);
    expect(conditionOf(bound, long)).toBe("metrics.recall_score >= 0.9");
    expect(conditionOf(bound, new Map([...long, ["recall", "metrics.`recall`"]]))).toBe("metrics.`recall` >= 0.9");
    expect(conditionOf({ ...bound, slice: "DE" }, long)).toBe("");
    expect(conditionOf(bound, new Map())).toBe("");
  });
});
