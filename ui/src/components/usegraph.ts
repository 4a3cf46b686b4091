/** The layout of a graph from a worker, and the part of it that is seen. */

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { centred, fitted, type Graph, type Layout, type LayoutRequest, NODE_HEIGHT, NODE_WIDTH, opening, type Point, revealed, upright, type View, zoomed } from "../lib/graph";

/** Below this width a graph is drawn from above to below. */
const NARROW = 640;

interface Placed {
  graph: Graph;
  layout: Layout;
  view: View;
  vertical: boolean;
}

export interface Drawing {
  placed: Placed | null;
  failed: boolean;
  move: (by: Point) => void;
  zoom: (factor: number, at?: Point) => void;
  fit: () => void;
  reveal: (id: string) => void;
  centre: (id: string) => void;
}

/** With `turns` it is drawn in the direction in which more of it can be read. */
export function useGraph(graph: Graph, frame: RefObject<HTMLElement | null>, anchor: string, turns = false): Drawing {
  const [placed, setPlaced] = useState<Placed | null>(null);
  const [failed, setFailed] = useState(false);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const vertical = size && (size.width < NARROW || (turns && upright(graph, size.width, size.height)));
  const worker = useRef<Worker | null>(null);
  const ticket = useRef(0);
  const kept = useRef(anchor);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let [width, height] = [element.clientWidth, element.clientHeight];
    const observer = new ResizeObserver(() => {
      const by = { x: (element.clientWidth - width) / 2, y: (element.clientHeight - height) / 2 };
      [width, height] = [element.clientWidth, element.clientHeight];
      setSize({ width, height });
      setPlaced((now) => now && { ...now, view: held(now, by, width, height, kept.current) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  useEffect(() => {
    kept.current = anchor;
  }, [anchor]);

  useEffect(() => {
    const started = new Worker(new URL("../workers/layout.ts", import.meta.url), { type: "module" });
    worker.current = started;
    return () => started.terminate();
  }, []);

  useEffect(() => {
    const element = frame.current;
    const asked = worker.current;
    if (vertical === null || !element || !asked) return;
    const mine = ++ticket.current;
    asked.onerror = () => setFailed(true);
    asked.onmessage = (event: MessageEvent<{ ticket: number; layout: Layout }>) => {
      if (event.data.ticket !== mine) return;
      const { layout } = event.data;
      setPlaced((before) => ({ graph, layout, vertical, view: nextView(before, graph, layout, vertical, element, anchor) }));
    };
    const request: LayoutRequest = {
      ids: graph.nodes.map((node) => node.id),
      edges: graph.edges.map((edge) => [edge.source, edge.target] as const),
      vertical,
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
    };
    asked.postMessage({ ticket: mine, request });
    // The anchor only says what stays in place when the graph changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps -- see above
  }, [graph, vertical, frame]);

  const change = useCallback((next: NextView) => setPlaced((now) => changed(now, frame, next)), [frame]);
  return {
    placed,
    failed,
    move: useCallback((by) => change(({ view }) => ({ ...view, x: view.x + by.x, y: view.y + by.y })), [change]),
    zoom: useCallback(
      (factor, at) => change(({ view }, width, height) => zoomed(view, factor, at ?? { x: width / 2, y: height / 2 })),
      [change],
    ),
    fit: useCallback(() => change(({ layout }, width, height) => fitted(layout, width, height)), [change]),
    reveal: useCallback(
      (id) =>
        change(({ layout, view }, width, height) => {
          const box = layout.boxes[id];
          return box ? revealed(view, box, width, height) : view;
        }),
      [change],
    ),
    centre: useCallback((id) => change(({ layout, view }, width, height) => centred(layout, width, height, id, view.scale)), [change]),
  };
}

/** The view in a frame that grew: what was in the middle stays there, and the anchor stays in sight. */
function held({ layout, view }: Placed, by: Point, width: number, height: number, anchor: string): View {
  const moved = { ...view, x: view.x + by.x, y: view.y + by.y };
  const box = layout.boxes[anchor];
  return box ? revealed(moved, box, width, height) : moved;
}

type NextView = (placed: Placed, width: number, height: number) => View;

function changed(now: Placed | null, frame: RefObject<HTMLElement | null>, next: NextView): Placed | null {
  const element = frame.current;
  return now && element ? { ...now, view: next(now, element.clientWidth, element.clientHeight) } : now;
}

/** What was looked at stays where it is when neighbours come; another graph is opened anew. */
function nextView(before: Placed | null, graph: Graph, layout: Layout, vertical: boolean, frame: HTMLElement, anchor: string): View {
  const old = before?.layout.boxes[anchor];
  const now = layout.boxes[anchor];
  if (!before || before.graph.root !== graph.root || before.vertical !== vertical || !old || !now)
    return opening(layout, frame.clientWidth, frame.clientHeight, graph.root);
  const { scale, x, y } = before.view;
  return { scale, x: x + (old.x - now.x) * scale, y: y + (old.y - now.y) * scale };
}
