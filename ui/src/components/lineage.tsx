/** What something came of and what came of it: a graph that grows on demand, and details of what is chosen in it. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { lineageQuery } from "../api/lineage";
import { type Graph, joined } from "../lib/graph";
import { Empty, Failure, SkeletonRows } from "./feedback";
import { GraphView } from "./graph";
import { ThingPanel } from "./thing";

interface Wish {
  uri: string;
  direction: "up" | "down";
  limit: number;
}

interface LineageProps {
  uri: string;
  up?: number;
  down?: number;
  /** Whether it is the page itself, and not a part of another. */
  whole?: boolean;
  /** Whether it may stand upright where more of it can be read so. */
  turns?: boolean;
}

const MOST = 100;
const AT_ONCE = 20;

export function Lineage(props: LineageProps) {
  // What was chosen and shown belongs to one start.
  return <Explorer key={props.uri} {...props} />;
}

function Explorer({ uri, up = 3, down = 3, whole = false, turns = false }: LineageProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [wishes, setWishes] = useState<readonly Wish[]>([]);
  const query = useQuery({ ...lineageQuery(uri, up, down), refetchInterval: (asked) => (isMoving(asked.state.data) ? 5000 : false) });
  const more = useQueries({
    queries: wishes.map((wish) =>
      lineageQuery(wish.uri, wish.direction === "up" ? 1 : 0, wish.direction === "down" ? 1 : 0, wish.limit),
    ),
    combine: (results) => ({
      graphs: results.flatMap((result) => (result.data ? [result.data] : [])),
      error: results.find((result) => result.isError)?.error ?? null,
    }),
  });
  const first = query.data;
  const graph = useMemo(() => (first ? joined(first, ...more.graphs) : null), [first, more.graphs]);

  if (query.isError) return <Failure what={`The lineage of ${uri} could not be read.`} error={query.error} retry={() => void query.refetch()} />;
  if (!graph) return <SkeletonRows rows={6} />;
  const expand = (id: string, direction: "up" | "down") => {
    setChosen(id);
    setWishes((known) => [
      ...known.filter((wish) => wish.uri !== id || wish.direction !== direction),
      { uri: id, direction, limit: nextLimit(graph, id, direction) },
    ]);
  };
  const node = graph.nodes.find((each) => each.id === chosen) ?? null;
  return (
    <>
      {graph.truncated && <p className="lineage-note">Only the first {graph.nodes.length} things are shown. Ask about one of them to see what is around it.</p>}
      {more.error !== null && <p className="lineage-note" role="alert">More could not be read: {String(more.error)}</p>}
      {graph.edges.length === 0 && graph.nodes.length === 1 && up > 0 && down > 0 && <Alone />}
      <div className={`lineage ${whole ? "" : "inside"} ${node ? "" : "alone"}`}>
        <GraphView
          graph={graph}
          label={`Lineage of ${graph.nodes[0]?.label ?? uri}`}
          chosen={chosen}
          choose={setChosen}
          expand={expand}
          wheel={whole}
          turns={turns}
        />
        {node && <ThingPanel key={node.id} node={node} root={graph.root} expand={(direction) => expand(node.id, direction)} close={() => setChosen(null)} />}
      </div>
    </>
  );
}

function Alone() {
  return (
    <Empty title="Nothing is known of what this came of, or of what came of it.">
      <p>
        Runs are connected by the datasets that they log with <code>treering.log_input</code>, by the models that they log, and by
        versions that are registered from these.
      </p>
    </Empty>
  );
}

/** Twenty more than are shown now, at most a hundred. */
function nextLimit(graph: Graph, id: string, direction: "up" | "down"): number {
  const shown = graph.edges.filter((edge) => (direction === "up" ? edge.target : edge.source) === id).length;
  return Math.min(MOST, shown + AT_ONCE);
}

function isMoving(graph: Graph | undefined): boolean {
  return graph?.nodes.some((node) => node.state === "running" || node.state === "pending") ?? false;
}
