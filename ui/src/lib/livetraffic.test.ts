import { describe, expect, it } from "vitest";
import type { Live, LiveVariant } from "../api/deployments";
import { drawnSamples, latest, remember, REMEMBERED, samplesOf, slotsFor, trafficChart } from "./livetraffic";

const variant = (part: Partial<LiveVariant>): LiveVariant => ({
  variant: "v3", role: "current", model: "iris", version: "3", weight: 100, requests: 10, errors: 0, rows: 10,
  rate: 5, error_rate: 0, p50: 0.001, p95: 0.002, p99: 0.003, mean: 0.001, agreement: null, ...part,
});
const live = (part: Partial<Live>): Live => ({
  name: "iris", time: 1_000_000, state: "READY", reachable: true, message: "", since: 0, replicas: null, variants: [variant({})],
  window: 60, canary: null, series: null, comparisons: [], skewed: false, ...part,
});
const series = {
  interval: 5, start: 1_000_000,
  variants: { v3: { requests: [10, null, 0, 20], errors: [1, null, 0, 0], p95: [0.002, null, null, 0.004] } },
};

describe("what the server kept", () => {
  it("stands at the end of each interval, in figures of a second", () => {
    const samples = samplesOf(series);
    expect(samples.map((sample) => sample.time)).toEqual([1005, 1010, 1015, 1020]);
    expect(samples[0]!.variants.v3).toEqual({ rate: 2, latency: 2, errors: 10 });
    expect(samples[3]!.variants.v3).toEqual({ rate: 4, latency: 4, errors: 0 });
  });

  it("has no errors where nothing was asked, and nothing where nothing is known", () => {
    const [, unknown, idle] = samplesOf(series);
    expect(unknown!.variants.v3).toEqual({ rate: NaN, latency: NaN, errors: NaN });
    expect(idle!.variants.v3).toEqual({ rate: 0, latency: NaN, errors: NaN });
  });

  it("goes before what the page has seen", () => {
    const seen = remember([], live({}));
    expect(drawnSamples(seen, live({ series }))).toHaveLength(4);
    expect(drawnSamples(seen, live({}))).toBe(seen);
  });
});

describe("what the page sees", () => {
  it("grows by one sample with each answer and forgets the old", () => {
    const first = remember([], live({}));
    expect(first).toEqual([{ time: 1000, variants: { v3: { rate: 5, latency: 2, errors: 0 } } }]);
    expect(remember(first, live({}))).toBe(first);
    const later = remember(first, live({ time: 1_002_000 }));
    expect(later).toHaveLength(2);
    expect(remember(later, live({ time: 1_001_000 + REMEMBERED * 1000 }))).toHaveLength(2);
  });

  it("does not grow while nobody answers", () => {
    expect(remember([], live({ reachable: false, variants: [] }))).toEqual([]);
  });

  it("tells what was last", () => {
    expect(latest(remember([], live({})), "v3", "rate")).toBe(5);
    expect(latest([], "v3", "rate")).toBeNaN();
    expect(latest(remember([], live({ variants: [variant({ rate: 0, p95: null })] })), "v3", "errors")).toBeNaN();
  });
});

describe("colours of variants", () => {
  it("stay when one goes and another comes", () => {
    const first = slotsFor(new Map(), ["v3", "v4"]);
    expect([...first]).toEqual([["v3", 0], ["v4", 1]]);
    expect(slotsFor(first, ["v4"])).toBe(first);
    expect([...slotsFor(first, ["v4", "v5"])]).toEqual([["v4", 1], ["v5", 0]]);
  });
});

describe("charts of traffic", () => {
  it("begin at zero, and have gaps and no marks where nothing is known", () => {
    const chart = trafficChart(samplesOf(series), "rate", new Map([["v3", 0], ["v9", 1]]), null);
    expect(chart.lines.map((line) => line.name)).toEqual(["v3"]);
    expect(chart.columns[0]).toEqual([2, null, 0, 4]);
    expect(chart.marks).toEqual([]);
    expect(chart.y).toEqual([0, 4]);
  });

  it("without a value have no lines", () => {
    expect(trafficChart([], "errors", new Map([["v3", 0]]), null).lines).toEqual([]);
  });
});
