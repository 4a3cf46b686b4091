import { describe, expect, it } from "vitest";
import { isOf, readEvaluation, span, spanOf, tally, ticks } from "./evaluation";

const RECORD = JSON.stringify({
  format: 1,
  model_uri: "models:/churn@champion",
  dataset_name: "held out",
  rows: 200,
  metrics: { accuracy_score: 0.9, log_loss: "Infinity" },
  intervals: { accuracy_score: { low: 0.85, high: 0.94 } },
  slices: [{ name: "country=DE", rows: 50, metrics: { accuracy_score: 0.8 } }],
  fairness: [{ attribute: "sex", groups: [{ name: "f", rows: null, suppressed: true }], summary: { ratio: { value: 0.7 } }, warnings: ["Apart."] }],
  checks: [
    { name: "accuracy_score", passed: true, value: 0.9, bound: ">= 0.8", reason: "" },
    { name: "recall_score", passed: null },
    { name: "f1_score", passed: false, value: "NaN" },
  ],
  business: null,
  files: { confusion_matrix: "confusion_matrix.png" },
  something_new: 1,
});

describe("readEvaluation", () => {
  it("reads what is there and knows what is not", () => {
    const record = readEvaluation(RECORD);
    expect(record.metrics.get("accuracy_score")).toEqual({ value: 0.9, low: 0.85, high: 0.94 });
    expect(record.metrics.get("log_loss")?.value).toBe(Infinity);
    expect(record.slices[0]?.rows).toBe(50);
    expect(record.fairness[0]?.groups[0]).toMatchObject({ name: "f", rows: null, suppressed: true });
    expect(record.fairness[0]?.summary.get("ratio")?.low).toBeNaN();
    expect(record.business).toBeNull();
    expect(record.robustness).toBeNull();
    expect(tally(record.checks)).toEqual({ passed: 1, failed: 1, open: 1 });
  });

  it.each(["[]", "{}", '{"format": 2}', "nothing"])("refuses %s", (text) => {
    expect(() => readEvaluation(text)).toThrow();
  });

  it("holds what anybody may have written there", () => {
    const odd = readEvaluation('{"format": 1, "metrics": [], "slices": {"a": 1}, "fairness": [3, {"groups": 4}], "checks": [null], "business": {"curve": [5]}}');
    expect(odd.slices).toEqual([]);
    expect(odd.fairness[0]?.groups).toEqual([]);
    expect(odd.business?.curve[0]?.[0]).toBeNaN();
  });
});

describe("spanOf", () => {
  it("goes over values and intervals, and leaves out what is unknown", () => {
    expect(spanOf([{ value: 1, low: NaN, high: NaN }, { value: 3, low: 2, high: 5 }])).toEqual([1, 5]);
    expect(spanOf([])).toBeNull();
  });
});

describe("axes", () => {
  it("have round numbers, and room around a single value", () => {
    expect(ticks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks([0.07, 0.97])).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(ticks([-7.2, 6.9])).toEqual([-5, 0, 5]);
    expect(span([2, 2], 0.05)).toEqual([1.8, 2.2]);
    expect(span([0, 10], 0.05)).toEqual([-0.5, 10.5]);
  });
});

describe("a run judged a version", () => {
  const version = { model_id: "m-1", run_id: "r1", source: "models:/m-1" };

  it("where its tag names the model", () => {
    expect(isOf("m-1", "r2", version)).toBe(true);
    expect(isOf("models:/m-1", "r2", version)).toBe(true);
    expect(isOf("m-2", "r2", version)).toBe(false);
    expect(isOf(undefined, "r1", version)).toBe(false);
  });

  it("where it is the version's own, and does not name another model", () => {
    expect(isOf("runs:/r1/model", "r1", version)).toBe(true);
    expect(isOf("m-2", "r1", version)).toBe(false);
    expect(isOf("m-2", "r1", { ...version, model_id: "" })).toBe(true);
  });
});
