import { describe, expect, test } from "vitest";
import { draw, erase, isDashed, SLOTS, slotOf } from "./palette";
import { decodeView, DEFAULT_VIEW, encodeView, type WorkspaceView } from "./viewstate";

describe("colours of runs", () => {
  test("a run takes the first free slot and others keep theirs", () => {
    let slots = ["a", "b", "c"].reduce<string[]>(draw, []);
    slots = erase(slots, "b");
    expect(slots).toEqual(["a", "", "c"]);
    slots = draw(slots, "d");
    expect([slotOf(slots, "a"), slotOf(slots, "d"), slotOf(slots, "c")]).toEqual([0, 1, 2]);
  });

  test("no two runs share a colour and a stroke, and the twenty-first is not drawn", () => {
    const slots = Array.from({ length: SLOTS + 1 }, (_, run) => `run-${run}`).reduce<string[]>(draw, []);
    expect(slots).toHaveLength(SLOTS);
    const looks = slots.map((_, slot) => `${slot % 10} ${isDashed(slot)}`);
    expect(new Set(looks).size).toBe(SLOTS);
  });

  test("drawing twice, and erasing what is not drawn, changes nothing", () => {
    expect(draw(["a"], "a")).toEqual(["a"]);
    expect(erase(["a"], "b")).toEqual(["a"]);
    expect(erase(["a", "b"], "b")).toEqual(["a"]);
  });
});

describe("the view in the address", () => {
  const full: WorkspaceView = {
    q: 'metrics.`val/loss` < 0.6 and params.o = "a,b"',
    sort: "-metrics.val/acc",
    cols: ["status", "metrics.a,b", "params.100%", "params.50%2C"],
    runs: ["r1", "", "r3"],
    x: "relative",
    smooth: 0.6,
    log: true,
  };

  test("comes back as it went", () => {
    const address = new URLSearchParams(encodeView(full)).toString();
    expect(decodeView(Object.fromEntries(new URLSearchParams(address)))).toEqual(full);
  });

  test("leaves defaults out", () => {
    expect(encodeView(DEFAULT_VIEW)).toEqual({});
    expect(decodeView({})).toEqual(DEFAULT_VIEW);
  });

  test("no drawn run is not the same as the first ones", () => {
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, runs: [] })).runs).toEqual([]);
  });

  test("nonsense is left at its default", () => {
    expect(decodeView({ x: "sideways", smooth: "2", log: "maybe" })).toEqual(DEFAULT_VIEW);
    expect(decodeView({ smooth: "many" }).smooth).toBe(0);
    expect(decodeView({ runs: "a,a,b" }).runs).toEqual(["a", "", "b"]);
  });
});
