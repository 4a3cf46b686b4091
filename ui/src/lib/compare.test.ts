import { describe, expect, test } from "vitest";
import type { Run } from "../api/types";
import { bestOf, datasetRows, delta, environmentRows, flat, metricRows, packageRows, paramRows, tagRows } from "./compare";
import { readEnvironment } from "./environment";
import { comparePage, filesOf, pairs } from "./patch";

function run(part: Partial<Run>): Run {
  return {
    run_id: "r",
    experiment_id: "1",
    run_name: "r",
    user_id: "",
    status: "FINISHED",
    start_time: 0,
    end_time: null,
    artifact_uri: "",
    lifecycle_stage: "active",
    params: {},
    tags: {},
    metrics: {},
    datasets: [],
    model_inputs: [],
    model_outputs: [],
    ...part,
  };
}

const summary = (last: number | string, minimum: number | null = null, maximum: number | null = null) => ({
  last: last as number,
  minimum,
  maximum,
  step: 0,
  timestamp: 0,
  count: 1,
});

describe("rows", () => {
  test("a param that one run lacks differs", () => {
    const rows = paramRows([run({ params: { lr: "0.1", seed: "1" } }), run({ params: { lr: "0.1" } })]);
    expect(rows.map((row) => [row.key, row.differs])).toEqual([
      ["lr", false],
      ["seed", true],
    ]);
    expect(rows[1]!.cells[1]!.text).toBeNull();
  });
  test("metrics that look alike when shortened differ where they do", () => {
    const runs = [run({ metrics: { loss: summary(0.123456) } }), run({ metrics: { loss: summary(0.1234561) } })];
    expect(metricRows(runs, "last")[0]).toMatchObject({ differs: true, way: -1 });
  });
  test("two runs of NaN are the same, and it is never best", () => {
    const rows = metricRows([run({ metrics: { loss: summary("NaN") } }), run({ metrics: { loss: summary("NaN") } })], "last");
    expect(rows[0]!.differs).toBe(false);
    const mixed = metricRows([run({ metrics: { loss: summary("NaN") } }), run({ metrics: { loss: summary(1) } }), run({ metrics: { loss: summary(2) } })], "last");
    expect([...bestOf(mixed[0]!)]).toEqual([1]);
  });
  test("the best is on the side that the name says, and none is where all are equal", () => {
    const rows = metricRows(
      [run({ metrics: { acc: summary(0.5), loss: summary(0.5), x: summary(1) } }), run({ metrics: { acc: summary(0.6), loss: summary(0.6), x: summary(2) } })],
      "last",
    );
    expect(rows.map((row) => [row.key, [...bestOf(row)]])).toEqual([
      ["acc", [1]],
      ["loss", [0]],
      ["x", []],
    ]);
  });
  test("metrics of the machine come last", () => {
    const metrics = { "system/cpu": summary(1), zeta: summary(1) };
    expect(metricRows([run({ metrics })], "last").map((row) => row.key)).toEqual(["zeta", "system/cpu"]);
  });
  test("tags of programs are left out", () => {
    expect(tagRows([run({ tags: { "mlflow.user": "a", team: "b" } })]).map((row) => row.key)).toEqual(["team"]);
  });
  test("two versions of one dataset in one run stand in one cell", () => {
    const dataset = (digest: string) => ({
      dataset: { name: "d", digest, source_type: "local", source: "{}", schema: "", profile: "" },
      tags: { "mlflow.data.context": "train" },
    });
    const rows = datasetRows([run({ datasets: [dataset("1"), dataset("2")] }), run({ datasets: [dataset("1")] })]);
    expect(rows).toMatchObject([{ key: "d (train)", differs: true, cells: [{ text: "1, 2" }, { text: "1" }] }]);
  });
  test("the environment is taken apart, packages and git by themselves", () => {
    const environment = readEnvironment({ python: { version: "3.11" }, packages: { numpy: "2.0" }, source: { commit: "a" }, command: ["a", "b"] });
    expect(environmentRows([environment, null]).map((row) => [row.key, row.cells[0]!.text])).toEqual([
      ["command", "a b"],
      ["python.version", "3.11"],
    ]);
    expect(packageRows([environment, readEnvironment({ packages: { numpy: "2.1" } })])).toMatchObject([{ key: "numpy", differs: true }]);
  });
  test("lists of objects are written as JSON", () => {
    expect(flat({ gpus: [{ name: "A" }] }).get("gpus")).toBe('[{"name":"A"}]');
  });
});

describe("delta", () => {
  test("is the difference, in per cent of the base", () => {
    expect(delta(1.5, 1)).toEqual({ difference: 0.5, percent: 50 });
    expect(delta(-1, -2)).toEqual({ difference: 1, percent: 50 });
    expect(delta(1, 0)!.percent).toBeNaN();
    expect(delta(NaN, 1)).toBeNull();
  });
});

const A = "diff --git a/train.py b/train.py\nindex 1..2 100644\n--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n";
const B = 'diff --git "a/na\\303\\257ve.py" "b/na\\303\\257ve.py"\n--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n';

describe("patches", () => {
  test("are taken apart by file, with what was added and removed", () => {
    expect(filesOf(A + B).map((file) => [file.path, file.added, file.removed])).toEqual([
      ["train.py", 1, 1],
      ["na\\303\\257ve.py", 2, 0],
    ]);
    expect(filesOf("")).toEqual([]);
  });
  test("a file in a folder named b keeps its path", () => {
    expect(filesOf("diff --git a/x b/y.py b/x b/y.py\n")[0]!.path).toBe("x b/y.py");
  });
  test("of one commit are paired by file, those that differ first", () => {
    const changed = A.replace("x = 2", "x = 3");
    expect(pairs(A + B, changed + B).map((pair) => [pair.path, pair.standing])).toEqual([
      ["train.py", "differs"],
      ["na\\303\\257ve.py", "same"],
    ]);
    expect(pairs(A, "").map((pair) => pair.standing)).toEqual(["only base"]);
    expect(pairs("", A).map((pair) => pair.standing)).toEqual(["only other"]);
  });
  test("the forge's page is found from its usual addresses", () => {
    expect(comparePage("git@github.com:a/b.git", "1", "2")).toBe("https://github.com/a/b/compare/1...2");
    expect(comparePage("https://gitlab.example.org/g/s/b.git", "1", "2")).toBe("https://gitlab.example.org/g/s/b/-/compare/1...2");
    expect(comparePage("/srv/git/b", "1", "2")).toBe("");
    expect(comparePage("javascript:alert(1)//github.com/a", "1", "2")).toBe("");
  });
});
