import { describe, expect, test } from "vitest";
import {
  ahead,
  curve,
  fitted,
  type Graph,
  type GraphNode,
  isAddress,
  joined,
  NODE_HEIGHT,
  NODE_WIDTH,
  opening,
  revealed,
  SCALES,
  sentences,
  stateMark,
  thingAt,
  zoomed,
} from "./graph";
import { place } from "./placing";

function node(id: string, more_up = 0, more_down = 0): GraphNode {
  return { id, kind: "run", label: id, detail: "", state: "finished", at: null, more_up, more_down };
}

function graph(root: string, nodes: GraphNode[], ...pairs: string[]): Graph {
  const edges = pairs.map((pair) => ({ source: pair[0]!, target: pair[1]!, kind: "input", detail: "" }));
  return { root, nodes, edges, truncated: false };
}

describe("joining", () => {
  test("a graph alone is itself", () => {
    const one = graph("a", [node("a", 0, 1), node("b")], "ab");
    expect(joined(one)).toBe(one);
  });

  test("what was left out is counted anew", () => {
    const one = graph("b", [node("b", 0, 0), node("a", 0, 2)], "ab");
    const more = graph("a", [node("a", 0, 1), node("b", 0, 4), node("c")], "ab", "ac");
    const all = joined(one, more);
    expect(all.root).toBe("b");
    expect(all.nodes.map((each) => each.id)).toEqual(["b", "a", "c"]);
    expect(all.nodes.find((each) => each.id === "a")!.more_down).toBe(1);
    expect(all.nodes.find((each) => each.id === "b")!.more_down).toBe(4);
    expect(all.edges.map((edge) => edge.source + edge.target)).toEqual(["ab", "ac"]);
  });

  test("two ways of one kind between two things are one, of two kinds are two", () => {
    const one = graph("a", [node("a"), node("b")], "ab");
    const other = { ...one, edges: [{ ...one.edges[0]!, kind: "child" }], truncated: true };
    expect(joined(one, one).edges).toHaveLength(1);
    expect(joined(one, other).edges).toHaveLength(2);
    expect(joined(one, other).truncated).toBe(true);
  });
});

const DIAMOND = graph("a", ["a", "b", "c", "d"].map((id) => node(id)), "ab", "ac", "bd", "cd");

function laidOut(given: Graph, vertical = false) {
  return place({
    ids: given.nodes.map((each) => each.id),
    edges: given.edges.map((edge) => [edge.source, edge.target] as const),
    vertical,
    width: NODE_WIDTH,
    height: NODE_HEIGHT,
  });
}

describe("placing", () => {
  test("sources stand before targets and boxes do not overlap", () => {
    const { boxes, width, height, lines } = laidOut(DIAMOND);
    expect(boxes.a!.x).toBeLessThan(boxes.b!.x);
    expect(boxes.b!.x).toBeLessThan(boxes.d!.x);
    expect(boxes.b!.x).toBe(boxes.c!.x);
    expect(Math.abs(boxes.b!.y - boxes.c!.y)).toBeGreaterThanOrEqual(NODE_HEIGHT);
    expect(width).toBeGreaterThan(3 * NODE_WIDTH);
    expect(height).toBeGreaterThan(2 * NODE_HEIGHT);
    expect(lines).toHaveLength(4);
    expect(lines.every((points) => points.length > 1)).toBe(true);
    expect(lines[0]![0]).toEqual({ x: boxes.a!.x + NODE_WIDTH / 2, y: boxes.a!.y });
    expect(lines[0]!.at(-1)).toEqual({ x: boxes.b!.x - NODE_WIDTH / 2, y: boxes.b!.y });
  });

  test("downwards on a narrow screen", () => {
    const { boxes } = laidOut(DIAMOND, true);
    expect(boxes.a!.y).toBeLessThan(boxes.b!.y);
    expect(boxes.b!.y).toBe(boxes.c!.y);
  });

  test("a circle, a lonely node and an edge to nowhere are no trouble", () => {
    const layout = laidOut(graph("a", [node("a"), node("b"), node("c")], "ab", "ba", "ax"));
    expect(Object.keys(layout.boxes)).toEqual(["a", "b", "c"]);
    expect(layout.lines[2]).toEqual([]);
  });

  test("three hundred nodes are placed", () => {
    const ids = Array.from({ length: 300 }, (_, index) => `n${index}`);
    const edges = ids.slice(1).map((id, index) => [`n${Math.floor(index / 3)}`, id] as const);
    const layout = place({ ids, edges, vertical: false, width: NODE_WIDTH, height: NODE_HEIGHT });
    expect(new Set(Object.values(layout.boxes).map((box) => `${box.x} ${box.y}`)).size).toBe(300);
  });
});

describe("arrow keys", () => {
  test("follow edges along the flow, and ranks across it", () => {
    const layout = laidOut(DIAMOND);
    const upper = layout.boxes.b!.y < layout.boxes.c!.y ? "b" : "c";
    const lower = upper === "b" ? "c" : "b";
    const go = (id: string, key: Parameters<typeof ahead>[3]) => ahead(layout, DIAMOND.edges, id, key, false);
    expect(["b", "c"]).toContain(go("a", "ArrowRight"));
    expect(go(upper, "ArrowDown")).toBe(lower);
    expect(go(lower, "ArrowUp")).toBe(upper);
    expect(go(upper, "ArrowUp")).toBeNull();
    expect(go(upper, "ArrowLeft")).toBe("a");
    expect(go("a", "ArrowLeft")).toBeNull();
    expect(go("nobody", "ArrowLeft")).toBeNull();
  });

  test("turn with the flow", () => {
    const layout = laidOut(DIAMOND, true);
    expect(["b", "c"]).toContain(ahead(layout, DIAMOND.edges, "a", "ArrowDown", true));
    expect(ahead(layout, DIAMOND.edges, "a", "ArrowRight", true)).toBeNull();
  });
});

describe("views", () => {
  const layout = { width: 1000, height: 200, boxes: { a: { x: 50, y: 100 }, m: { x: 500, y: 100 } }, lines: [] };

  test("the whole graph is in the middle and never enlarged", () => {
    expect(fitted({ ...layout, width: 100, height: 100 }, 500, 300)).toEqual({ scale: 1, x: 200, y: 100 });
    const small = fitted(layout, 556, 300);
    expect(small.scale).toBeCloseTo(0.5);
    expect(small.x).toBeCloseTo(28);
  });

  test("what would be too small to read begins at its root, without empty space beside it", () => {
    const [first, middle] = [opening(layout, 300, 200, "a", 0.5), opening(layout, 300, 200, "m", 0.5)];
    expect(first).toEqual({ scale: 0.5, x: 28, y: 50 });
    expect(middle.x + 500 * 0.5).toBeCloseTo(150);
    expect(opening(layout, 2000, 900, "a").scale).toBe(1);
  });

  test("zooming keeps what is under the pointer, and has limits", () => {
    const view = zoomed({ scale: 1, x: 10, y: 20 }, 2, { x: 110, y: 120 });
    expect(view).toEqual({ scale: 2, x: -90, y: -80 });
    expect(zoomed(view, 9, { x: 0, y: 0 }).scale).toBe(SCALES.most);
    expect(zoomed(view, 0.001, { x: 0, y: 0 }).scale).toBe(SCALES.least);
  });

  test("a node that is outside is brought in, one that is inside stays", () => {
    const view = { scale: 1, x: 0, y: 0 };
    expect(revealed(view, { x: 300, y: 200 }, 600, 400)).toEqual(view);
    expect(revealed(view, { x: 900, y: 200 }, 600, 400).x).toBe(600 - 16 - NODE_WIDTH / 2 - 900);
  });
});

test("a line leaves and arrives along the flow", () => {
  expect(curve([])).toBe("");
  const points = [{ x: 0, y: 0 }, { x: 10, y: 20.04 }];
  expect(curve(points)).toBe("M0 0C5 0 5 20 10 20");
  expect(curve(points, true)).toBe("M0 0C0 10 10 10 10 20");
  expect(curve([...points, { x: 20, y: 0 }])).toBe("M0 0C5 0 5 20 10 20C15 20 15 0 20 0");
});

test("addresses are taken apart", () => {
  expect(thingAt("runs:/abc")).toEqual({ kind: "run", runId: "abc" });
  expect(thingAt("datasets:/raw/wine/d1")).toEqual({ kind: "dataset", name: "raw/wine", digest: "d1" });
  expect(thingAt(`models:/m-${"0".repeat(32)}`)).toEqual({ kind: "logged_model", modelId: `m-${"0".repeat(32)}` });
  expect(thingAt("models:/wine/3")).toEqual({ kind: "model_version", name: "wine", version: "3" });
  expect(thingAt(`code:/${"a1".repeat(20)}`)).toEqual({ kind: "code", commit: "a1".repeat(20) });
  expect(thingAt("models:/wine@champion")).toBeNull();
  expect(thingAt("deployments:/churn")).toEqual({ kind: "deployment", name: "churn" });
  expect(thingAt("code:/main")).toBeNull();
  expect(["runs:/a", " models:/a@b", "datasets:/a/b", "code:/a1"].every(isAddress)).toBe(true);
  expect(["wine", "runs:/", "http://x/"].some(isAddress)).toBe(false);
});

test("a graph in words", () => {
  const said = sentences(graph("a", [node("a"), node("b")], "ab", "ax"));
  expect(said.map((each) => `${each.source.label} ${each.text} ${each.target.label}`)).toEqual(["a was read by b"]);
  expect(stateMark("")).toBeNull();
  expect(stateMark("pending_registration")).toEqual({ word: "Pending registration", tone: "", icon: "dots" });
});
