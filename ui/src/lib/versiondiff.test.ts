import { describe, expect, it } from "vitest";
import type { VersionComparison } from "../api/governance";
import { bestOf } from "./compare";
import { partsOf } from "./versiondiff";

const compared = (...differences: VersionComparison["differences"]): VersionComparison => ({ versions: [], differences, missing: {} });
const part = (title: string, found: VersionComparison) => partsOf(found).find(([name]) => name === title)![1];

describe("what the server compared", () => {
  it("stands in parts, numbers as pages write them, the best one known", () => {
    const [row] = part("Metrics", compared({ kind: "metric", key: "val/loss", values: ["0.25", null, "1.5"], same: false }));
    expect(row?.cells.map(({ text }) => text)).toEqual(["0.2500", null, "1.500"]);
    expect([...bestOf(row!)]).toEqual([0]);
  });

  it("keeps outcomes of checks as words", () => {
    const [row] = part("Evaluation", compared({ kind: "evaluation", key: "check recall", values: ["passed", "not enough data"], same: false }));
    expect(row?.cells).toEqual([{ text: "passed" }, { text: "not enough data" }]);
  });

  it("says inputs, requirements and commits in short", () => {
    const found = compared(
      { kind: "input", key: "age", values: ["double", null], same: false },
      { kind: "requirement", key: "numpy", values: ["NumPy==2.1", "numpy"], same: false },
      { kind: "code", key: "mlflow.source.git.commit", values: ["a".repeat(40), "dirty"], same: false },
    );
    expect(part("Signature", found)[0]?.key).toBe("input age");
    expect(part("Requirements", found)[0]?.cells.map(({ text }) => text)).toEqual(["==2.1", "any"]);
    expect(part("Code", found)[0]).toMatchObject({ key: "commit", cells: [{ text: "aaaaaaaaaaaa" }, { text: "dirty" }] });
  });

  it("leaves out what programs keep for themselves", () => {
    const found = compared(
      { kind: "metric", key: "system/gpu", values: ["1", "2"], same: false },
      { kind: "tag", key: "mlflow.user", values: ["ada", "bob"], same: false },
    );
    expect(partsOf(found).flatMap(([, rows]) => rows)).toEqual([]);
  });
});
