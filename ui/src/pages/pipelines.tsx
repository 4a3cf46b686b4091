/** Pipelines: stages that need each other, and where each of them stands. */

import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Empty } from "../components";
import { TopBar } from "../components/frame";
import { GraphView } from "../components/graph";
import { pipelineGraph, type Stage } from "../lib/graph";

export function PipelinesPage() {
  return (
    <>
      <TopBar>
        <h1>Pipelines</h1>
      </TopBar>
      <Empty title="There are no pipelines here.">
        <p>
          This version of Treering runs none, and reads none. What runs read, wrote and started within each other is drawn all the
          same:
        </p>
        <Link to="/lineage" className="button">
          Go to the lineage
        </Link>
      </Empty>
    </>
  );
}

/** One pipeline as a graph with the state of each stage: what this page shows once it has pipelines to show. */
export function Pipeline({ name, stages }: { name: string; stages: readonly Stage[] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const graph = useMemo(() => pipelineGraph(stages), [stages]);
  return <GraphView graph={graph} label={`Pipeline ${name}`} chosen={chosen} choose={setChosen} wheel />;
}
