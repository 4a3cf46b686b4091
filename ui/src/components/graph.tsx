/** A graph that can be walked: boxes with a state, lines between them, and the same in words. */

import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { ahead, type Arrow, curve, type Graph, type GraphNode, kindWord, NODE_HEIGHT, NODE_WIDTH, sentences, stateMark } from "../lib/graph";
import { Failure } from "./feedback";
import { Icon, type IconName } from "./icons";
import { type Drawing, useGraph } from "./usegraph";
import "../styles/graph.css";

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);
const KIND_ICONS: Record<string, IconName> = {
  dataset: "folder",
  run: "play",
  logged_model: "model",
  model_version: "model",
  stage: "command",
  data: "data",
  code: "branch",
};
const STEP = 1.25;

export interface GraphViewProps {
  graph: Graph;
  label: string;
  /** The node whose details are shown beside the graph. */
  chosen: string | null;
  choose: (id: string) => void;
  /** Shows more neighbours of a node; without it their number is told alone. */
  expand?: (id: string, direction: "up" | "down") => void;
  /** Whether the wheel alone enlarges, which it must not where the page around scrolls. */
  wheel?: boolean;
  /** Whether it may be drawn from above to below in a wide frame, too, where more of it can be read so. */
  turns?: boolean;
}

export function GraphView({ graph, label, chosen, choose, expand, wheel = false, turns = false }: GraphViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const drawing = useGraph(graph, frame, chosen ?? graph.root, turns);
  const { placed, failed } = drawing;
  const known = new Set(graph.nodes.map((node) => node.id));
  const reachable = [active, chosen, graph.root].find((id) => id !== null && known.has(id)) ?? graph.nodes[0]?.id;
  useWheel(frame, drawing, wheel);
  const pan = usePan(drawing);

  const keys = (event: KeyboardEvent) => {
    if (!placed || !reachable) return;
    if (event.key === "+" || event.key === "=") drawing.zoom(STEP);
    else if (event.key === "-") drawing.zoom(1 / STEP);
    else if (event.key === "0") drawing.fit();
    else if (ARROWS.has(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const next = ahead(placed.layout, placed.graph.edges, reachable, event.key as Arrow, placed.vertical);
      if (next) focusNode(frame.current, next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="graph">
      <div
        className={wheel ? "graph-frame whole" : "graph-frame"}
        ref={frame}
        onPointerDown={pan.down}
        onPointerMove={pan.move}
        onPointerUp={pan.up}
        onPointerCancel={pan.up}
      >
        {placed && (
          <div
            className="graph-plane"
            role="group"
            aria-label={`${label}. Arrow keys move, Enter opens, plus, minus and 0 change the size.`}
            onKeyDown={keys}
            style={{
              transform: `translate(${placed.view.x}px, ${placed.view.y}px) scale(${placed.view.scale})`,
              width: placed.layout.width,
              height: placed.layout.height,
            }}
          >
            <Lines drawing={drawing} chosen={chosen} />
            {placed.graph.nodes.map((node) => (
              <Box
                key={node.id}
                node={node}
                at={placed.layout.boxes[node.id]}
                vertical={placed.vertical}
                root={node.id === graph.root}
                chosen={node.id === chosen}
                reachable={node.id === reachable}
                focus={() => {
                  setActive(node.id);
                  drawing.reveal(node.id);
                }}
                choose={() => choose(node.id)}
                {...(expand ? { expand: (direction: "up" | "down") => expand(node.id, direction) } : {})}
              />
            ))}
          </div>
        )}
        {!placed && !failed && <p className="graph-wait muted">Placing {graph.nodes.length} things…</p>}
        {failed && <Failure what="The graph could not be drawn." error="What it shows is listed below." />}
        <Tools drawing={drawing} />
      </div>
      <InWords graph={graph} choose={choose} />
    </div>
  );
}

function Box(props: {
  node: GraphNode;
  at: { x: number; y: number } | undefined;
  vertical: boolean;
  root: boolean;
  chosen: boolean;
  reachable: boolean;
  focus: () => void;
  choose: () => void;
  expand?: (direction: "up" | "down") => void;
}) {
  const { node, at, vertical, root, chosen, reachable, focus, choose, expand } = props;
  if (!at) return null;
  const mark = stateMark(node.state);
  return (
    <div
      className={vertical ? "graph-place vertical" : "graph-place"}
      style={{ left: at.x - NODE_WIDTH / 2, top: at.y - NODE_HEIGHT / 2, width: NODE_WIDTH, height: NODE_HEIGHT }}
    >
      {/* Its name is its text: the kind, which only the icon shows, stands hidden before the label. */}
      <button
        type="button"
        className={`graph-box${root ? " root" : ""}`}
        data-node={node.id}
        data-kind={node.kind}
        aria-pressed={chosen}
        title={[node.label, node.detail].filter(Boolean).join(" · ")}
        tabIndex={reachable ? 0 : -1}
        onFocus={focus}
        onClick={choose}
      >
        <span className="graph-kind">
          <Icon name={KIND_ICONS[node.kind] ?? "file"} size={14} />
        </span>
        <span className="graph-label ellipsis">
          {node.detail && <span className="hidden-text">{kindWord(node.kind)} </span>}
          {node.label}
        </span>
        <span className="graph-sub">
          <span className="ellipsis">{node.detail || kindWord(node.kind)}</span>
          {mark && (
            <span className={`state ${mark.tone}`}>
              <Icon name={mark.icon} size={12} />
              {mark.word}
            </span>
          )}
        </span>
      </button>
      <More count={node.more_up} direction="up" of={node} {...(expand ? { expand } : {})} />
      <More count={node.more_down} direction="down" of={node} {...(expand ? { expand } : {})} />
    </div>
  );
}

/** How many neighbours are not shown. The keyboard reaches the same through the panel of the chosen node. */
function More({ count, direction, of, expand }: { count: number; direction: "up" | "down"; of: GraphNode; expand?: (direction: "up" | "down") => void }) {
  if (count === 0) return null;
  const text = `+${count.toLocaleString("en")}`;
  const what = direction === "up" ? `${text} that ${of.label} came of` : `${text} that came of ${of.label}`;
  if (!expand) return <span className={`graph-more ${direction}`} title={what}>{text}</span>;
  return (
    <button type="button" className={`graph-more ${direction}`} tabIndex={-1} aria-label={`Show more: ${what}`} title={what} onClick={() => expand(direction)}>
      {text}
    </button>
  );
}

function Lines({ drawing, chosen }: { drawing: Drawing; chosen: string | null }) {
  if (!drawing.placed) return null;
  const { graph, layout, vertical } = drawing.placed;
  return (
    <svg className="graph-lines" width={layout.width} height={layout.height} aria-hidden="true">
      {graph.edges.map((edge, index) => {
        const points = layout.lines[index] ?? [];
        const end = points.at(-1);
        if (!end) return null;
        const near = edge.source === chosen || edge.target === chosen;
        return (
          <g key={`${edge.source}\n${edge.target}\n${edge.kind}`} className={near ? "near" : undefined} data-edge={edge.kind}>
            <path d={curve(points, vertical)} />
            <path className="head" d="M-7 -4L0 0L-7 4" transform={`translate(${end.x} ${end.y}) rotate(${vertical ? 90 : 0})`} />
          </g>
        );
      })}
    </svg>
  );
}

function Tools({ drawing }: { drawing: Drawing }) {
  const tools: [string, ReactNode, () => void][] = [
    ["Enlarge", "+", () => drawing.zoom(STEP)],
    ["Make smaller", "−", () => drawing.zoom(1 / STEP)],
    ["Fit everything", "Fit", drawing.fit],
  ];
  return (
    <div className="graph-tools" role="group" aria-label="Size of the graph">
      {tools.map(([name, sign, run]) => (
        <button key={name} type="button" className="button" aria-label={name} title={name} disabled={!drawing.placed} onClick={run}>
          {sign}
        </button>
      ))}
    </div>
  );
}

function InWords({ graph, choose }: { graph: Graph; choose: (id: string) => void }) {
  const said = sentences(graph);
  const name = (node: GraphNode) => (
    <button type="button" className="graph-name" onClick={() => choose(node.id)}>
      {node.label}
      {node.detail && <span className="muted"> {node.detail}</span>}
    </button>
  );
  return (
    <details className="graph-words">
      <summary>
        In words: {graph.nodes.length} {graph.nodes.length === 1 ? "thing" : "things"}, {said.length}{" "}
        {said.length === 1 ? "connection" : "connections"}
      </summary>
      <ul>
        {said.map(({ key, source, text, target }) => (
          <li key={key}>
            {kindWord(source.kind)} {name(source)} {text} {kindWord(target.kind).toLowerCase()} {name(target)}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The frame clips what it holds and is moved by hand, so that the browser must not scroll it. */
function focusNode(frame: HTMLElement | null, id: string): void {
  frame?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}

function useWheel(frame: React.RefObject<HTMLElement | null>, { zoom }: Drawing, always: boolean): void {
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const turn = (event: WheelEvent) => {
      if (!always && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const around = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 400), { x: event.clientX - around.left, y: event.clientY - around.top });
    };
    // Not passive: else the page would scroll as well.
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [frame, zoom, always]);
}

function usePan({ move }: Drawing) {
  const from = useRef<{ x: number; y: number } | null>(null);
  return {
    down: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || (event.target as Element).closest("button")) return;
      from.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    move: (event: PointerEvent<HTMLElement>) => {
      if (!from.current) return;
      move({ x: event.clientX - from.current.x, y: event.clientY - from.current.y });
      from.current = { x: event.clientX, y: event.clientY };
    },
    up: () => {
      from.current = null;
    },
  };
}
