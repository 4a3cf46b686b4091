import { afterEach, describe, expect, test } from "vitest";
import { formatClock, formatNumber, formatTime, setFormats } from "./format";
import { matching, readSort, sorted, turned } from "./experimentlist";
import { addressOf, placeAt, readPlaces, toFront } from "./places";
import { DEFAULTS, readPreferences } from "./preferences";
import { best, score } from "./ranking";
import { shell } from "./begin";

afterEach(() => setFormats({ digits: 4, zone: "local" }));

test("as many digits as were chosen, and times in UTC", () => {
  setFormats({ digits: 6, zone: "utc" });
  expect([0.123456789, 12345.678, 1234.5678, 7].map(formatNumber)).toEqual(["0.123457", "12,345.7", "1,234.568", "7"]);
  expect(formatTime(0)).toBe("1970-01-01 00:00:00 UTC");
  expect(formatClock(3_600_000)).toBe("01:00 UTC");
});

test("preferences that make no sense are at their default", () => {
  expect(readPreferences({ density: "tiny", digits: 40, zone: "utc", narrow: 1 })).toEqual({ ...DEFAULTS, zone: "utc" });
  for (const broken of [null, 3, "x", []]) expect(readPreferences(broken)).toEqual(DEFAULTS);
});

describe("places", () => {
  test.each([
    ["/experiments/7", { kind: "experiment", id: "7" }],
    ["/runs/abc", { kind: "run", id: "abc" }],
    ["/models/my%20model", { kind: "model", id: "my model" }],
    ["/models/churn/versions/3", { kind: "version", id: "churn/3" }],
    ["/experiments/1,2", null],
    ["/experiments", null],
    ["/models/churn/else", null],
  ])("%s", (path, place) => {
    expect(placeAt(path)).toEqual(place);
    if (place) expect(addressOf(place as { kind: "run"; id: string })).toBe(path);
  });

  test("the newest comes first, once; what is no place is left out", () => {
    const a = { kind: "run", id: "1", name: "a" } as const;
    const b = { kind: "run", id: "2", name: "b" } as const;
    expect(toFront([b, a], { ...a, name: "renamed" }).map((place) => place.name)).toEqual(["renamed", "b"]);
    expect(readPlaces([a, { kind: "moon", id: "1", name: "x" }, 7, null])).toEqual([a]);
    expect(readPlaces("nonsense")).toEqual([]);
  });
});

test("beginnings weigh more than other places, those more than letters in order", () => {
  const names = ["a churn", "xchurnx", "churn v2", "churn", "c h u r n"];
  expect(best("churn", names, (name) => name, 9)).toEqual(["churn", "churn v2", "a churn", "xchurnx", "c h u r n"]);
  expect(score("zebra", "churn")).toBe(0);
});

describe("the list of experiments", () => {
  const item = (id: string, name: string, tags: Record<string, string> = {}) => ({
    experiment_id: id,
    name,
    artifact_location: "",
    lifecycle_stage: "active" as const,
    creation_time: Number(id),
    last_update_time: 0,
    tags,
  });
  const all = [item("1", "b2", { team: "vision" }), item("2", "a"), item("3", "b10", { team: "speech" })];

  test("by name and by tag", () => {
    expect(matching(all, "B", "").map((found) => found.name)).toEqual(["b2", "b10"]);
    expect(matching(all, "", "team=speech").map((found) => found.name)).toEqual(["b10"]);
    expect(matching(all, "", "team").map((found) => found.name)).toEqual(["b2", "b10"]);
    expect(matching(all, "2", "").map((found) => found.name)).toEqual(["b2", "a"]);
  });

  test("in order of names as people count, and of figures", () => {
    const activity = new Map([["3", { runs: 5, running: 1, last_start: 50 }]]);
    expect(sorted(all, activity, readSort("name")).map((found) => found.name)).toEqual(["a", "b2", "b10"]);
    expect(sorted(all, activity, readSort("-runs"))[0]?.name).toBe("b10");
    expect(sorted(all, activity, readSort(undefined))[0]?.name).toBe("b10");
    expect(turned(readSort("name"), "name")).toBe("-name");
    expect(turned(readSort("name"), "runs")).toBe("-runs");
  });
});

test("an argument of a shell is quoted where it must be", () => {
  expect(["models:/churn@champion", "my model", "it's"].map(shell)).toEqual(["models:/churn@champion", "'my model'", `'it'\\''s'`]);
});

