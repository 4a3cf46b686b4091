import { describe, expect, it } from "vitest";
import type { DeploymentEvent, Release } from "../api/deployments";
import {
  checkText, checkValue, deploymentEventText, doer, keeperText, latencyText, originOf, partText, rateText, releaseText, shareText,
  stateOf, stepsIn, verdictOf, versionText, wayBack,
} from "./deployments";

const release = (part: Partial<Release>): Release => ({
  source: "models:/iris/3", model: "iris", version: "3", digest: "", registered: true, run_id: "", user: "ann", time: 0, variant: "v3", image: "", ...part,
});
const event = (part: Partial<DeploymentEvent>): DeploymentEvent => ({
  seq: 1, name: "iris", time: 0, user: "ann", action: "", reason: "", before: "3", after: "4", weight: 25, detail: "", ...part,
});

describe("releases", () => {
  it("are called by model and version, else by what was asked for", () => {
    expect(releaseText(release({}))).toBe("iris v3");
    expect(releaseText(release({ version: "a1b2" }))).toBe("iris a1b2");
    expect(releaseText(release({ model: "", source: "./bundle" }))).toBe("./bundle");
    expect(versionText("12")).toBe("v12");
  });

  it("lead to where they came of, as far as it is known", () => {
    expect(originOf(release({}))).toBe("models:/iris/3");
    expect(originOf(release({ registered: false, run_id: "abc" }))).toBe("runs:/abc");
    expect(originOf(release({ registered: false }))).toBe("");
  });

  it("have a way back: without the candidate, else to the one before", () => {
    const [three, four] = [release({}), release({ version: "4" })];
    expect(wayBack({ current: three, candidate: four, previous: null })).toEqual({ from: four, to: three, drops: true });
    expect(wayBack({ current: four, candidate: null, previous: three })).toEqual({ from: four, to: three, drops: false });
    expect(wayBack({ current: three, candidate: null, previous: null })).toBeNull();
  });
});

describe("figures", () => {
  it("are as exact as they mean something", () => {
    expect([0.00031, 0.0031, 0.042, 1.24, null].map(latencyText)).toEqual(["310 µs", "3.1 ms", "42 ms", "1.2 s", "–"]);
    expect([0, 0.02, 3.14, 1234.5, null].map(rateText)).toEqual(["0", "< 0.1", "3.1", "1,235", "–"]);
    expect([0, 0.00001, 0.0003, 0.123, null].map(partText)).toEqual(["0 %", "< 0.01 %", "0.03 %", "12 %", "–"]);
    expect([0, 0.5, 25, 33.3, 100].map(shareText)).toEqual(["0 %", "0.5 %", "25 %", "33.3 %", "100 %"]);
  });

  it("of checks have their own units", () => {
    expect(checkValue("error_rate", 0.01)).toBe("1 %");
    expect(checkValue("p99", 0.012)).toBe("1.2 %");
    expect(checkValue("objective", 0.9312)).toBe("0.9312");
    expect([checkText("p99"), checkText("click_rate")]).toEqual(["Slower than 99 % of answers", "Click rate"]);
  });
});

describe("comparisons", () => {
  it("say what is sure", () => {
    const words = [[0.1, 0.02, 0.2], [-0.1, -0.3, -0.01], [0.1, -0.1, 0.3], [null, null, null]] as const;
    expect(words.map(([difference, low, high]) => verdictOf({ difference, low, high }).word)).toEqual([
      "surely better", "surely worse", "no difference that is sure", "too few rewards yet",
    ]);
  });
});

describe("steps of a canary", () => {
  it("rise to at most all of the traffic", () => {
    expect(stepsIn("5, 25,50 100")).toEqual([5, 25, 50, 100]);
    expect(stepsIn("5 %, 100%")).toEqual([5, 100]);
    expect(["", "0, 50", "50, 25", "5, 120", "some"].map(stepsIn)).toEqual([null, null, null, null, null]);
  });
});

describe("events", () => {
  it("are said in words", () => {
    expect(deploymentEventText(event({ action: "promoted" }))).toBe("promoted v4 in place of v3");
    expect(deploymentEventText(event({ action: "canary.step" }))).toBe("gave v4 25 % of the traffic");
    expect(deploymentEventText(event({ action: "rolled_back", before: "4", after: "3" }))).toBe("rolled back from v4 to v3");
    expect(deploymentEventText(event({ action: "created", before: "", after: "3" }))).toBe("made the deployment with v3");
    expect(deploymentEventText(event({ action: "applied", before: "3", after: "3" }))).toBe("put v3 there");
  });

  it("that are not known are still told", () => {
    expect(deploymentEventText(event({ action: "canary.paused" }))).toBe("canary paused v4");
  });

  it("say what the router did by itself", () => {
    expect([doer("canary"), doer("ann"), doer("")]).toEqual(["The canary", "ann", "Somebody"]);
  });
});

describe("states and places", () => {
  it("that are not known are still shown", () => {
    expect(stateOf("READY").word).toBe("Ready");
    expect(stateOf("DRAINING")).toEqual({ word: "draining", tone: "", icon: "dots" });
    expect(keeperText("host:/srv/ann/.treering")).toBe("host, /srv/ann/.treering");
    expect(keeperText("ci")).toBe("ci");
  });
});
