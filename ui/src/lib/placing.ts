/** The layout of a graph, by dagre. Loaded by the worker alone: it is large, and slow for large graphs. */

import { graphlib, layout } from "@dagrejs/dagre";
import type { Box, Layout, LayoutRequest, Point } from "./graph";

export function place(request: LayoutRequest): Layout {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({
    rankdir: request.vertical ? "TB" : "LR",
    nodesep: request.vertical ? 16 : 20,
    ranksep: request.vertical ? 40 : 72,
    marginx: 4,
    marginy: 4,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(request.ids);
  for (const id of request.ids) graph.setNode(id, { width: request.width, height: request.height });
  const wanted = request.edges.map(([source, target], index) => {
    if (!known.has(source) || !known.has(target)) return null;
    const edge = { v: source, w: target, name: String(index) };
    graph.setEdge(edge);
    return edge;
  });
  layout(graph);
  const boxes: Record<string, Box> = {};
  for (const id of request.ids) {
    const { x, y } = graph.node(id) as Box;
    boxes[id] = { x, y };
  }
  const lines = wanted.map((edge) => {
    if (!edge) return [];
    const inner = ((graph.edge(edge) as { points?: Point[] }).points ?? []).slice(1, -1);
    // Between neighbouring ranks the one point in the middle would only bend the line.
    const between = inner.length > 1 ? inner : [];
    return [side(boxes[edge.v]!, request, 1), ...between, side(boxes[edge.w]!, request, -1)];
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { width, height, boxes, lines: lines.map((points) => points.map(({ x, y }) => ({ x, y }))) };
}

/** The middle of the side of a box where lines leave (1) or arrive (-1). */
function side(box: Box, { vertical, width, height }: LayoutRequest, sign: 1 | -1): Point {
  return vertical ? { x: box.x, y: box.y + (sign * height) / 2 } : { x: box.x + (sign * width) / 2, y: box.y };
}
