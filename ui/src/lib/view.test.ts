import { describe, expect, test } from "vitest";
import { draw, erase, isDashed, SLOTS, slotOf } from "./palette";
import { canonical, EMPTY_VIEW, readView, type WorkspaceView, writeView } from "./viewstate";

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

/** Through an address, as a browser would take it. */
function there(view: WorkspaceView): WorkspaceView {
  const address = new URLSearchParams(writeView(view)).toString();
  return readView(Object.fromEntries(new URLSearchParams(address)));
}

describe("the view in the address", () => {
  const full: WorkspaceView = {
    q: 'metrics.`val/loss` < 0.6 and params.o = "a,b"',
    sort: ["-metrics.val/acc", "params.a,b"],
    cols: ["status", "metrics.a,b", "params.100%", "params.50%2C", "metrics.loss:min"],
    fixed: ["metrics.a,b"],
    widths: { "metrics.loss:min": 120, run_name: 300 },
    differing: true,
    heat: true,
    density: "compact",
    group: ["params.optimizer", "tags.a,b"],
    aggregate: "median",
    tree: false,
    pins: ["p1", "p2"],
    hidden: ["h1"],
    shown: "deleted",
    runs: ["r1", "", "r3"],
    groups: ["adam · 3", "", "a,b"],
    base: "r1",
    view: "v1",
    pane: "runs",
    charts: { x: "relative", smooth: "0.6", panels: "a:b,c" },
  };

  test("comes back as it went", () => {
    expect(there(full)).toEqual(full);
  });

  test("leaves defaults out", () => {
    expect(writeView(EMPTY_VIEW)).toEqual({});
    expect(readView({})).toEqual(EMPTY_VIEW);
  });

  test("comes back with any part at its default, and with odd names", () => {
    const names = ["plain", "a,b", "50%", "%2C", "%25", "a:b", "a:min", "-x", "ü ö", "a&b=c", "''", "`"];
    let chance = 11;
    const next = (below: number) => (chance = (chance * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round++) {
      const some = () => [...new Set(Array.from({ length: next(4) }, () => names[next(names.length)]!))];
      const parts: Partial<WorkspaceView> = {
        q: names[next(names.length)],
        sort: some().filter((name) => !name.startsWith("-")).map((name) => (next(2) ? `-${name}` : name)),
        cols: next(3) ? some() : null,
        fixed: some(),
        widths: Object.fromEntries(some().map((name) => [name, 48 + next(500)])),
        group: some(),
        tree: [true, false, null][next(3)],
        pins: some(),
        runs: next(3) ? some() : null,
        charts: Object.fromEntries(some().filter((name) => name !== "").map((name) => [name, name])),
      };
      const kept = Object.fromEntries(Object.entries(parts).filter(() => next(2) === 1));
      const view = { ...EMPTY_VIEW, ...kept };
      expect(there(view)).toEqual(view);
      expect(readView(Object.fromEntries(new URLSearchParams(canonical(view))))).toEqual(view);
    }
  });

  test("nothing chosen is not the same as no choice", () => {
    expect(there({ ...EMPTY_VIEW, runs: [], cols: [], groups: [] })).toMatchObject({ runs: [], cols: [], groups: [] });
  });

  test("takes the parameters that were written before there were more", () => {
    const old = readView({ q: "a = 1", sort: "-metrics.val/acc", cols: "status,metrics.a%2Cb", runs: "a,,b", x: "time", log: "1" });
    expect(old).toMatchObject({ sort: ["-metrics.val/acc"], cols: ["status", "metrics.a,b"], runs: ["a", "", "b"] });
    expect(old.charts).toEqual({ x: "time", log: "1" });
  });

  test("nonsense is left at its default", () => {
    const odd = { density: "huge", tree: "maybe", shown: "x", widths: "a:1,b,c:99999", sort: "-,a,-a", pane: "up" };
    expect(readView(odd)).toEqual({ ...EMPTY_VIEW, sort: ["a"] });
    expect(readView({ runs: "a,a,b" }).runs).toEqual(["a", "", "b"]);
  });

  test("is the same text whichever way it was made", () => {
    const { q, ...rest } = full;
    expect(canonical({ ...rest, q, view: "other" })).toBe(canonical(full));
  });
});
