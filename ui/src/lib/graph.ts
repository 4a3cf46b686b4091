/** Graphs of things that came of each other, or of stages that need each other: joining, walking, saying in words. */

export interface GraphNode {
  id: string;
  kind: string;
  label: string;
  detail: string;
  state: string;
  at: number | null;
  /** How many things it came of, and how many came of it, that are not in the graph. */
  more_up: number;
  more_down: number;
}

export interface GraphEdge {
  source: string;
  target: string;
  kind: string;
  detail: string;
}

export interface Graph {
  root: string;
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  truncated: boolean;
}

export interface Box {
  /** The middle. */
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Where everything stands; the points of an edge lead from its source to its target. */
export interface Layout {
  width: number;
  height: number;
  boxes: Readonly<Record<string, Box>>;
  lines: readonly (readonly Point[])[];
}

export interface LayoutRequest {
  ids: readonly string[];
  edges: readonly (readonly [string, string])[];
  /** From above to below, for narrow screens; else from left to right. */
  vertical: boolean;
  width: number;
  height: number;
}

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 56;

export type Tone = "ok" | "info" | "warn" | "err" | "";
export type StateIcon = "check" | "cross" | "stop" | "dots" | "play" | "copy" | "edit" | "plus" | "again" | "cloud" | "pause";

const STATES: Record<string, { word: string; tone: Tone; icon: StateIcon }> = {
  finished: { word: "Finished", tone: "ok", icon: "check" },
  done: { word: "Done", tone: "ok", icon: "check" },
  ready: { word: "Ready", tone: "ok", icon: "check" },
  cached: { word: "Cached", tone: "ok", icon: "copy" },
  running: { word: "Running", tone: "info", icon: "play" },
  canary: { word: "Canary", tone: "info", icon: "play" },
  degraded: { word: "Degraded", tone: "warn", icon: "again" },
  removed: { word: "Removed", tone: "", icon: "stop" },
  scheduled: { word: "Scheduled", tone: "info", icon: "dots" },
  pending: { word: "Pending", tone: "info", icon: "dots" },
  waiting: { word: "Waiting", tone: "", icon: "dots" },
  failed: { word: "Failed", tone: "err", icon: "cross" },
  upload_failed: { word: "Upload failed", tone: "err", icon: "cross" },
  missing: { word: "Not there any more", tone: "err", icon: "cross" },
  killed: { word: "Killed", tone: "warn", icon: "stop" },
  deleted: { word: "Deleted", tone: "warn", icon: "stop" },
  unchanged: { word: "Up to date", tone: "ok", icon: "check" },
  changed: { word: "Changed", tone: "warn", icon: "edit" },
  "never run": { word: "Never run", tone: "", icon: "dots" },
  frozen: { word: "Frozen", tone: "info", icon: "pause" },
  always: { word: "Always runs", tone: "info", icon: "again" },
  new: { word: "New", tone: "info", icon: "plus" },
  modified: { word: "Modified", tone: "warn", icon: "edit" },
  "not in cache": { word: "Not fetched", tone: "info", icon: "cloud" },
};

/** A state as word, colour and icon; null where a thing has none. */
export function stateMark(state: string): { word: string; tone: Tone; icon: StateIcon } | null {
  if (!state) return null;
  const text = state.replaceAll("_", " ");
  return STATES[state] ?? { word: text.charAt(0).toUpperCase() + text.slice(1), tone: "", icon: "dots" };
}

const KINDS: Record<string, string> = {
  dataset: "Dataset",
  run: "Run",
  logged_model: "Logged model",
  model_version: "Model version",
  deployment: "Deployment",
  stage: "Stage",
  data: "Data",
  code: "Git commit",
};

export function kindWord(kind: string): string {
  return KINDS[kind] ?? kind.replaceAll("_", " ");
}

const VERBS: Record<string, string> = {
  input: "was read by",
  output: "wrote",
  child: "started",
  registered: "was registered as",
  needs: "is needed by",
  code: "is the code of",
  deployed: "is served by",
};

/** The edges as sentences, for those who do not see the picture. */
export function sentences(graph: Graph): { key: string; source: GraphNode; text: string; target: GraphNode }[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  return graph.edges.flatMap((edge) => {
    const source = nodes.get(edge.source);
    const target = nodes.get(edge.target);
    if (!source || !target) return [];
    const role = edge.detail ? ` (${edge.detail})` : "";
    return [{ key: `${edge.source}\n${edge.target}\n${edge.kind}`, source, text: (VERBS[edge.kind] ?? edge.kind) + role, target }];
  });
}

/**
 * All graphs as one, with the root of the first. A node's neighbours that one graph counts as left out
 * may stand in another; what is still left out of the whole is counted anew.
 */
export function joined(first: Graph, ...others: readonly Graph[]): Graph {
  if (others.length === 0) return first;
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const up = new Map<string, number>();
  const down = new Map<string, number>();
  for (const graph of [first, ...others]) {
    const [into, out] = degrees(graph.edges);
    for (const node of graph.nodes) {
      if (!nodes.has(node.id)) nodes.set(node.id, node);
      up.set(node.id, Math.max(up.get(node.id) ?? 0, node.more_up + (into.get(node.id) ?? 0)));
      down.set(node.id, Math.max(down.get(node.id) ?? 0, node.more_down + (out.get(node.id) ?? 0)));
    }
    for (const edge of graph.edges) edges.set(`${edge.source}\n${edge.target}\n${edge.kind}`, edge);
  }
  const [into, out] = degrees([...edges.values()]);
  return {
    root: first.root,
    nodes: [...nodes.values()].map((node) => ({
      ...node,
      more_up: Math.max(0, up.get(node.id)! - (into.get(node.id) ?? 0)),
      more_down: Math.max(0, down.get(node.id)! - (out.get(node.id) ?? 0)),
    })),
    edges: [...edges.values()],
    truncated: [first, ...others].some((graph) => graph.truncated),
  };
}

function degrees(edges: readonly GraphEdge[]): [Map<string, number>, Map<string, number>] {
  const into = new Map<string, number>();
  const out = new Map<string, number>();
  for (const edge of edges) {
    into.set(edge.target, (into.get(edge.target) ?? 0) + 1);
    out.set(edge.source, (out.get(edge.source) ?? 0) + 1);
  }
  return [into, out];
}

/** Whether more of a graph can be read in a frame when it is drawn from above to below: by its longest way and its widest rank. */
export function upright(graph: Graph, width: number, height: number): boolean {
  const depth = ranks(graph);
  const counts = new Map<number, number>();
  for (const rank of depth.values()) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  const [long, wide] = [Math.max(1, counts.size), Math.max(1, ...counts.values())];
  const scale = (across: number, along: number) => Math.min(1, width / across, height / along);
  const lying = scale(long * (NODE_WIDTH + 72), wide * (NODE_HEIGHT + 20));
  const standing = scale(wide * (NODE_WIDTH + 16), long * (NODE_HEIGHT + 40));
  return standing > lying + 0.05;
}

/** How many steps each node is away from a beginning, on the longest way. */
function ranks(graph: Graph): Map<string, number> {
  const depth = new Map(graph.nodes.map((node) => [node.id, 0]));
  // A way has no more steps than there are nodes: with a circle in it this ends as well.
  for (let round = 0; round < graph.nodes.length; round++) {
    let moved = false;
    for (const { source, target } of graph.edges) {
      const next = (depth.get(source) ?? 0) + 1;
      if (next <= (depth.get(target) ?? Infinity) || next >= graph.nodes.length) continue;
      depth.set(target, next);
      moved = true;
    }
    if (!moved) break;
  }
  return depth;
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/**
 * The node that an arrow key leads to from `id`; null where there is none that way. Along the flow it follows
 * an edge, to the nearest neighbour; across it goes to the next node of the same rank.
 */
export function ahead(layout: Layout, edges: readonly GraphEdge[], id: string, key: Arrow, vertical: boolean): string | null {
  const here = layout.boxes[id];
  if (!here) return null;
  const back = key === (vertical ? "ArrowUp" : "ArrowLeft");
  const on = key === (vertical ? "ArrowDown" : "ArrowRight");
  const across = vertical ? "x" : "y";
  const along = vertical ? "y" : "x";
  if (back || on) {
    const next = edges.flatMap((edge) => {
      if (on && edge.source === id) return [edge.target];
      return back && edge.target === id ? [edge.source] : [];
    });
    return nearest(layout, next, (box) => Math.abs(box[across] - here[across]));
  }
  const sign = key === "ArrowDown" || key === "ArrowRight" ? 1 : -1;
  const size = vertical ? NODE_HEIGHT : NODE_WIDTH;
  const rank = Object.entries(layout.boxes).filter(
    ([, box]) => Math.abs(box[along] - here[along]) < size / 2 && sign * (box[across] - here[across]) > 0,
  );
  return nearest(layout, rank.map(([other]) => other), (box) => Math.abs(box[across] - here[across]));
}

function nearest(layout: Layout, ids: readonly string[], distance: (box: Box) => number): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const id of ids) {
    const box = layout.boxes[id];
    if (box && distance(box) < least) {
      best = id;
      least = distance(box);
    }
  }
  return best;
}

/** A line through `points` that sets out and arrives along the flow, as the `d` of an SVG path. */
export function curve(points: readonly Point[], vertical = false): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const at = (x: number, y: number) => `${round(x)} ${round(y)}`;
  const parts = [`M${at(first.x, first.y)}`];
  let from = first;
  for (const to of rest) {
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    const [leave, arrive] = vertical ? [at(from.x, y), at(to.x, y)] : [at(x, from.y), at(x, to.y)];
    parts.push(`C${leave} ${arrive} ${at(to.x, to.y)}`);
    from = to;
  }
  return parts.join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface View {
  scale: number;
  /** Where the graph's origin stands, in pixels of the frame. */
  x: number;
  y: number;
}

export const SCALES = { least: 0.15, most: 2 } as const;

/** The view that shows the whole graph in the middle, never enlarged. */
export function fitted(layout: Layout, width: number, height: number, margin = 28): View {
  const wanted = Math.min((width - 2 * margin) / layout.width, (height - 2 * margin) / layout.height, 1);
  const scale = Math.max(SCALES.least, wanted);
  return { scale, x: (width - layout.width * scale) / 2, y: (height - layout.height * scale) / 2 };
}

/** The first view: the whole graph where that can be read, else the part around `id`, without empty space beside it. */
export function opening(layout: Layout, width: number, height: number, id: string, readable = 0.65): View {
  const whole = fitted(layout, width, height);
  if (whole.scale >= readable) return whole;
  const view = centred(layout, width, height, id, readable);
  const kept = (at: number, size: number, room: number) =>
    size <= room ? (room - size) / 2 : Math.min(28, Math.max(room - size - 28, at));
  return {
    scale: readable,
    x: kept(view.x, layout.width * readable, width),
    y: kept(view.y, layout.height * readable, height),
  };
}

/** The view of `scale` that has a node in the middle. */
export function centred(layout: Layout, width: number, height: number, id: string, scale: number): View {
  const box = layout.boxes[id] ?? { x: layout.width / 2, y: layout.height / 2 };
  return { scale, x: width / 2 - box.x * scale, y: height / 2 - box.y * scale };
}

/** `view` enlarged by `factor`; what stands at `point` of the frame stays there. */
export function zoomed(view: View, factor: number, point: Point): View {
  const scale = Math.min(SCALES.most, Math.max(SCALES.least, view.scale * factor));
  const grown = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * grown, y: point.y - (point.y - view.y) * grown };
}

/** `view` moved as little as brings a node into the frame. */
export function revealed(view: View, box: Box, width: number, height: number, margin = 16): View {
  const half = { x: (NODE_WIDTH / 2) * view.scale + margin, y: (NODE_HEIGHT / 2) * view.scale + margin };
  const middle = { x: view.x + box.x * view.scale, y: view.y + box.y * view.scale };
  const within = (value: number, least: number, most: number) =>
    least > most ? (least + most) / 2 : Math.min(most, Math.max(least, value));
  return {
    scale: view.scale,
    x: view.x + within(middle.x, half.x, width - half.x) - middle.x,
    y: view.y + within(middle.y, half.y, height - half.y) - middle.y,
  };
}

/** A thing's address taken apart. */
export type Thing =
  | { kind: "run"; runId: string }
  | { kind: "dataset"; name: string; digest: string }
  | { kind: "logged_model"; modelId: string }
  | { kind: "model_version"; name: string; version: string }
  | { kind: "code"; commit: string }
  | { kind: "deployment"; name: string }
  | null;

export function thingAt(uri: string): Thing {
  const run = /^runs:\/+([^/]+)$/.exec(uri);
  if (run) return { kind: "run", runId: run[1]! };
  const dataset = /^datasets:\/+(.+)\/([^/]+)$/s.exec(uri);
  if (dataset) return { kind: "dataset", name: dataset[1]!, digest: dataset[2]! };
  const logged = /^models:\/+(m-[0-9a-f]{32})$/.exec(uri);
  if (logged) return { kind: "logged_model", modelId: logged[1]! };
  const code = /^code:\/+([0-9a-f]{40}|[0-9a-f]{64})$/.exec(uri);
  if (code) return { kind: "code", commit: code[1]! };
  const deployment = /^deployments:\/+([^/]+)$/.exec(uri);
  if (deployment) return { kind: "deployment", name: deployment[1]! };
  const version = /^models:\/+([^/@]+)\/(\d+)$/.exec(uri);
  return version ? { kind: "model_version", name: version[1]!, version: version[2]! } : null;
}

/** Whether a text is meant as an address, and no word to search for. */
export function isAddress(text: string): boolean {
  return /^(runs|models|datasets|code|deployments):\/./.test(text.trim());
}
