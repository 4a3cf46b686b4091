import { expect, test } from "vitest";
import { chartParams, decodeCharts, DEFAULT_CHART_VIEW, encodeCharts, metricTest } from "./chartstate";
import { decodePanels, encodePanels, fieldTerm, fieldTitle, isComplete, numbersOf, type Panel, panelTitle, withOption } from "./panels";

const PANELS: Panel[] = [
  { kind: "history", fields: ["min.val/loss"], options: { way: "min" } },
  { kind: "scatter", fields: ["params.lr", "metrics.val/loss", "metrics.a,b: c%"], options: {} },
  { kind: "parallel", fields: ["params.lr", "params.depth", "max.val/acc"], options: { log: "0.2", flip: "1" } },
];

test("panels stand in an address in words, and come back", () => {
  const text = encodePanels(PANELS);
  expect(text.split(" ")[0]).toBe("history:min.val/loss:way-min");
  expect(decodePanels(text)).toEqual(PANELS);
});

test("panels that make no sense are left out", () => {
  expect(decodePanels("pie:metrics.a scatter:params.lr bars:nothing bars:metrics.a")).toEqual([
    { kind: "bars", fields: ["metrics.a"], options: {} },
  ]);
  expect(isComplete({ kind: "scatter", fields: ["params.a", "params.b"], options: {} })).toBe(true);
  expect(isComplete({ kind: "scatter", fields: ["params.a"], options: {} })).toBe(false);
});

test("a field is known to people and to the grammar", () => {
  expect(fieldTitle("min.val/loss")).toBe("val/loss (min)");
  expect(fieldTerm("min.val/loss")).toBe("metrics.`val/loss`.min");
  expect(fieldTerm("params.lr")).toBe("params.`lr`");
  expect(fieldTerm("params.a`b")).toBe('params."a`b"');
  expect(fieldTerm("attributes.start_time")).toBe("attributes.start_time");
  expect(panelTitle(PANELS[1]!)).toBe("val/loss over lr");
});

test("options are set, listed and removed", () => {
  const parallel = PANELS[2]!;
  expect(numbersOf(parallel, "log")).toEqual(new Set([0, 2]));
  expect(withOption(parallel, "log", [3, 1]).options.log).toBe("1.3");
  expect(withOption(parallel, "log", []).options).toEqual({ flip: "1" });
});

test("a view of charts stands in parameters, without what is usual", () => {
  expect(encodeCharts(DEFAULT_CHART_VIEW)).toEqual({});
  const view = {
    ...DEFAULT_CHART_VIEW,
    x: "metric" as const,
    xKey: "epoch",
    logY: true,
    smoothing: "gaussian" as const,
    amount: 4,
    zoom: [10, 20.5] as const,
    turned: ["system", "a,b"],
    across: 3,
    panels: PANELS,
  };
  const params = encodeCharts(view);
  expect(params).toMatchObject({ x: "metrics.epoch", smooth: "gaussian:4", zoom: "10,20.5", fold: "system,a%2Cb" });
  expect(decodeCharts(params)).toEqual(view);
  expect(chartParams({ ...params, q: "a", sort: "b" })).toEqual(params);
});

test("parameters that make no sense change nothing; links of old are understood", () => {
  expect(decodeCharts({ x: "place", smooth: "much", zoom: "20,10", across: "-1", size: "xl" })).toEqual(DEFAULT_CHART_VIEW);
  expect(decodeCharts({ smooth: "0.6", x: "relative", log: "1" })).toMatchObject({
    smoothing: "exponential",
    amount: 0.6,
    x: "relative",
    logY: true,
  });
  expect(decodeCharts({ smooth: "7" }).amount).toBe(0.999);
});

test("metrics are found by parts of their names or by an expression", () => {
  expect(["val/loss", "train/loss", "lr"].filter(metricTest("LOSS tr").test)).toEqual(["train/loss"]);
  expect(["val/loss", "train/loss", "lr"].filter(metricTest("/^(val|lr)/").test)).toEqual(["val/loss", "lr"]);
  expect(metricTest("/(/").wrong).toBe(true);
});
