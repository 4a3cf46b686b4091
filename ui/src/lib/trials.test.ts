import { describe, expect, test } from "vitest";
import type { ExperimentRow, ExperimentTable } from "../api/repository";
import * as trials from "./trials";

const METRICS = "metrics.json";
const PARAMS = "params.yaml";

function row(kind: ExperimentRow["kind"], name: string, lr: number, acc: number | null, more: Partial<ExperimentRow> = {}): ExperimentRow {
  return {
    kind, name, rev: `${name}-rev`, baseline: kind === "experiment" ? "main-rev" : "", at: 0, author: "Ada", message: "",
    metrics: acc === null ? {} : { [METRICS]: { acc, loss: 1 - acc } }, params: { [PARAMS]: { lr, seed: 7, layers: [1, lr] } },
    run_id: "", executor: "", problem: "", ...more,
  };
}

const ROWS = [
  row("workspace", "", 0.5, 0.7, { rev: "" }),
  row("commit", "main", 0.1, 0.7),
  row("experiment", "fox", 0.1, 0.9, { at: 3 }),
  row("experiment", "owl", 0.2, 0.6, { at: 1 }),
  row("queued", "lynx", 0.3, null, { baseline: "main-rev", at: 2 }),
];
const TABLE: ExperimentTable = {
  revisions: ROWS,
  metric_columns: [{ path: METRICS, key: "acc", label: "acc" }, { path: METRICS, key: "loss", label: "loss" }],
  param_columns: ["lr", "seed", "layers"].map((key) => ({ path: PARAMS, key, label: key })),
  truncated: false,
};
const COLUMNS = trials.columnsOf(TABLE);
const by = (label: string) => COLUMNS.find((column) => column.label === label)!;

describe("columns", () => {
  test("know whether they are numbers and whether rows differ in them", () => {
    expect(COLUMNS.map((column) => `${column.id} ${column.numeric} ${column.varies}`)).toEqual([
      "metrics.metrics.json:acc true true",
      "metrics.metrics.json:loss true true",
      "params.params.yaml:lr true true",
      "params.params.yaml:seed true false",
      "params.params.yaml:layers false true",
    ]);
  });

  test("that tell something are shown, or those that were chosen, in the order of the choice", () => {
    expect(trials.shownColumns(COLUMNS, undefined).map((column) => column.label)).toEqual(["acc", "loss", "lr", "layers"]);
    const text = trials.columnsText([by("seed"), by("acc")]);
    expect(trials.shownColumns(COLUMNS, text).map((column) => column.label)).toEqual(["seed", "acc"]);
    expect(trials.shownColumns(COLUMNS, "none")).toEqual([]);
  });
});

describe("rows", () => {
  test("stand below the commit that they began at; what has none in the table stands alone", () => {
    const stray = row("experiment", "stray", 1, 1, { baseline: "elsewhere" });
    const groups = trials.groupsOf([...ROWS, stray]);
    expect(groups.map((group) => [trials.nameOf(group.head), group.rows.map((each) => each.name)])).toEqual([
      ["Working tree", []],
      ["main", ["fox", "owl", "lynx"]],
      ["stray", []],
    ]);
  });

  test("are held against their baseline, the working tree against the commit it lies on", () => {
    const bases = trials.baselines(ROWS, "main-rev");
    expect([...bases].map(([each, base]) => `${trials.nameOf(each)} ${base.name}`)).toEqual(["Working tree main", "fox main", "owl main", "lynx main"]);
    const [tree, main, fox, owl] = ROWS as [ExperimentRow, ExperimentRow, ExperimentRow, ExperimentRow];
    expect(trials.isChanged(tree, main, by("lr"))).toBe(true);
    expect(trials.isChanged(fox, main, by("lr"))).toBe(false);
    expect(trials.isChanged(owl, main, by("layers"))).toBe(true);
    expect(trials.isChanged(main, undefined, by("lr"))).toBe(false);
    expect(trials.stepFrom(fox, main, by("acc"))).toEqual({ text: "+0.2", tone: "ok" });
    expect(trials.stepFrom(fox, main, by("loss"))).toEqual({ text: "−0.2", tone: "ok" });
    expect(trials.stepFrom(owl, main, by("acc"))?.tone).toBe("err");
    expect(trials.stepFrom(tree, main, by("acc"))).toBeNull();
  });

  test("the best is known where a metric's name says what is better", () => {
    const best = trials.bestOf(ROWS, COLUMNS);
    expect(best.get(by("acc").id)).toBe(0.9);
    expect(best.get(by("loss").id)).toBeCloseTo(0.1);
    expect(best.has(by("lr").id)).toBe(false);
  });

  test("are sorted by any column; without a value they come last either way", () => {
    const names = (sort: string) => trials.ordered(ROWS.slice(2), trials.sortOf(sort), COLUMNS).map((each) => each.name);
    expect(names(`-${by("acc").id}`)).toEqual(["fox", "owl", "lynx"]);
    expect(names(by("acc").id)).toEqual(["owl", "fox", "lynx"]);
    expect(names("name")).toEqual(["fox", "lynx", "owl"]);
    expect(names("-at")).toEqual(["fox", "lynx", "owl"]);
    expect(names("")).toEqual(["fox", "owl", "lynx"]);
    expect(names("nonsense")).toEqual(["fox", "owl", "lynx"]);
  });

  test("are found by name, and by param and value", () => {
    const found = (text: string) => trials.filtered(ROWS, text, COLUMNS).map(trials.nameOf);
    expect(found("lr=0.2")).toEqual(["owl"]);
    expect(found("FOX ada")).toEqual(["fox"]);
    expect(found("queued")).toEqual(["lynx"]);
    expect(found("")).toHaveLength(5);
  });
});

test("values are written as they were meant", () => {
  expect(trials.shownValue(20170428, "param")).toBe("20170428");
  expect(trials.shownValue(0.123456, "metric")).toBe("0.1235");
  expect(trials.shownValue([1, 2], "param")).toBe("[1,2]");
  expect([trials.shownValue(null, "param"), trials.shownValue(true, "param")]).toEqual(["", "true"]);
});

test("the command that goes back names what it is called", () => {
  expect(trials.applyCommand(ROWS[2]!)).toBe("treering exp apply fox");
  expect(trials.applyCommand(ROWS[1]!)).toBe("git checkout main && treering data checkout");
});
