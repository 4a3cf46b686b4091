import { describe, expect, test } from "vitest";
import type { Run, SampledSeries } from "../api/queries";
import { bestValue, chooseColumns, direction, numericColumns, orderTerm } from "./columns";
import { parseCsv } from "./csv";
import { placeOf, quote, tokens } from "./grammar";
import { addressOf } from "./oldlinks";
import { chartColumns, extreme, type Line, smoothed, summarise } from "./series";
import { arrange } from "./tree";

function run(id: string, metrics: Record<string, number>, params: Record<string, string> = {}, parent = ""): Run {
  const summaries = Object.entries(metrics).map(([key, last]) => [
    key,
    { last, step: 1, timestamp: 1, minimum: last, maximum: last, count: 2 },
  ]);
  const tags = parent ? { "mlflow.parentRunId": parent } : {};
  return { run_id: id, run_name: id, metrics: Object.fromEntries(summaries), params, tags } as Run;
}

function line(name: string, steps: number[], values: (number | string)[]): Line {
  const series = { steps, timestamps: steps.map((step) => step * 1000), last: values, minimum: values, maximum: values };
  return { runId: name, name, slot: 0, series: { run_id: name, key: "loss", total: steps.length, ...series } as SampledSeries };
}

describe("columns", () => {
  const runs = [
    run("a", { "val/loss": 0.4, "train/loss": 0.2, "system/cpu": 1 }, { lr: "0.1", seed: "1", epochs: "3" }),
    run("b", { "val/loss": 0.3, "train/loss": 0.3, "system/cpu": 2 }, { lr: "0.2", seed: "1", epochs: "3" }),
  ];

  test("show what is judged and what varies", () => {
    expect(chooseColumns(runs)).toEqual(["status", "metrics.val/loss", "metrics.train/loss", "params.lr", "start_time"]);
  });

  test("know which way is better, and say nothing where they do not", () => {
    expect([direction("val/loss"), direction("accuracy"), direction("lr")]).toEqual([-1, 1, 0]);
    expect(bestValue(runs, "val/loss")).toBe(0.3);
    expect(bestValue(runs, "system/cpu")).toBeNaN();
  });

  test("stand at the right where every cell is a number", () => {
    const mixed = [...runs, run("c", {}, { lr: "auto" })];
    expect([...numericColumns(runs, ["params.lr", "status"])]).toEqual(["params.lr"]);
    expect([...numericColumns(mixed, ["params.lr"])]).toEqual([]);
  });

  test("are named to the server in its own grammar", () => {
    expect(orderTerm("-metrics.val/loss")).toBe("metrics.`val/loss` DESC");
    expect(orderTerm("start_time")).toBe("attributes.start_time ASC");
    expect([orderTerm(""), orderTerm("duration")]).toEqual(["", ""]);
  });
});

describe("rows", () => {
  const runs = [run("child", {}, {}, "top"), run("top", {}), run("lost", {}, {}, "elsewhere")];

  test("stand below their parent where all runs are there", () => {
    const rows = arrange(runs, true, new Set());
    expect(rows.map((row) => [row.run.run_id, row.depth, row.orphan])).toEqual([
      ["top", 0, false],
      ["child", 1, false],
      ["lost", 0, true],
    ]);
    expect(arrange(runs, true, new Set(["top"])).map((row) => row.run.run_id)).toEqual(["top", "lost"]);
  });

  test("keep the server's order otherwise", () => {
    expect(arrange(runs, false, new Set()).map((row) => row.run.run_id)).toEqual(["child", "top", "lost"]);
  });
});

describe("lines", () => {
  test("of different steps share an axis; what is absent is crossed, what is not finite is a gap", () => {
    const data = chartColumns([line("a", [0, 2], [1, 3]), line("b", [0, 1], [5, "NaN"])], "step", 0);
    expect(data).toEqual([
      [0, 1, 2],
      [1, undefined, 3],
      [5, null, undefined],
    ]);
  });

  test("on a logarithmic axis have gaps where they are not positive", () => {
    expect(chartColumns([line("a", [0, 1], [0, 2])], "step", 0, true)[1]).toEqual([null, 2]);
  });

  test("start at their own beginning on relative time", () => {
    expect(chartColumns([line("a", [5, 7], [1, 1])], "relative", 0)[0]).toEqual([0, 2]);
  });

  test("smooth without bias and without spreading NaN", () => {
    expect(smoothed([2, 2, 2], 0.9).map((value) => value.toFixed(6))).toEqual(["2.000000", "2.000000", "2.000000"]);
    const values = smoothed([1, NaN, 3], 0.5);
    expect(values[1]).toBeNaN();
    expect(values[2]).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75);
  });

  test("are summed up in words", () => {
    const lines = [line("calm-hare", [0, 9], [1, 0.5]), line("bold-lynx", [0, 9], [1, 0.7])];
    expect(summarise("loss", lines, -1)).toBe("loss of 2 runs; best calm-hare with 0.5 at step 9.");
    expect(extreme(lines[0]!.series, 1)).toEqual({ value: 1, step: 0 });
    expect(summarise("loss", [], -1)).toBe("loss: no points yet.");
  });
});

describe("the grammar", () => {
  test("is cut into pieces without losing a character", () => {
    for (const filter of ['metrics.`val/loss` < 0.6 and params.o = "adamw"', "tags.x LIKE '%a''b%", "((", "ü ∞"]) {
      expect(tokens(filter).map((token) => token.text).join("")).toBe(filter);
    }
    const words = tokens("metrics.loss < 1 and params.lr = 'a'").filter((token) => token.kind === "word");
    expect(words.map((token) => token.text)).toEqual(["metrics", "and", "params"]);
  });

  test("points at the character that the server means", () => {
    expect(placeOf({ text: "metrics.loss << 1", start: 14, end: 15 }, "metrics.loss << 1")).toEqual({ start: 14, end: 15 });
    expect(placeOf({ text: "tags.`🌲` x", start: 9, end: 10 }, "tags.`🌲` x")).toEqual({ start: 10, end: 11 });
    expect(placeOf({ text: "loss UP", start: 5, end: 7 }, "metrics.loss < 1")).toBeNull();
  });

  test("quotes doubled", () => {
    expect(quote("it's")).toBe("'it''s'");
  });
});

test("CSV with quotes, other delimiters and Windows line ends", () => {
  expect(parseCsv('a,b\r\n"x, ""y""",2\r\n', 10)).toEqual([
    ["a", "b"],
    ['x, "y"', "2"],
  ]);
  expect(parseCsv("a;b\n1;2", 10)).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
  expect(parseCsv("a\n1\n2\n3", 2)).toHaveLength(2);
  expect(parseCsv("", 5)).toEqual([]);
});

test("links that MLflow prints lead to the same thing", () => {
  expect(addressOf("#/experiments/3/runs/abc")).toBe("/runs/abc");
  expect(addressOf("#/experiments/3")).toBe("/experiments/3");
  expect(addressOf("#/models/churn/versions/2")).toBe("/models/churn");
  expect([addressOf(""), addressOf("#top")]).toEqual(["", ""]);
});
