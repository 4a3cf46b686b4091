/** The curves of a run: what it measured, and what the machine did meanwhile. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "../../api/types";
import { chartOrder, isSystem } from "../../lib/columns";
import { Charts, type DrawnRun, RunCharts } from "../charts/panel";
import { Empty } from "../feedback";

export function ChartsTab({ run }: { run: Run }) {
  const keys = chartOrder([run]).filter((key) => !isSystem(key));
  if (keys.length === 0) {
    return (
      <Empty title="This run logged no metrics.">
        <p>Charts appear here as soon as it logs one.</p>
      </Empty>
    );
  }
  return <Drawn run={run} keys={keys} tab="charts" />;
}

export function SystemTab({ run }: { run: Run }) {
  const keys = Object.keys(run.metrics).filter(isSystem).sort();
  if (keys.length === 0) {
    return (
      <Empty title="This run logged no system metrics.">
        <p>
          Processor, memory, disk, network and graphics processors are measured with{" "}
          <code>treering.enable_system_metrics_logging()</code> before a run starts, or with{" "}
          <code>start_run(log_system_metrics=True)</code>.
        </p>
      </Empty>
    );
  }
  return <Drawn run={run} keys={keys} tab="system" />;
}

function Drawn({ run, keys, tab }: { run: Run; keys: string[]; tab: "charts" | "system" }) {
  const search = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const drawn = useMemo(() => drawnRun(run), [run]);
  return (
    <RunCharts
      run={drawn}
      keys={keys}
      params={search}
      onParams={(params) => void navigate({ search: { ...params, tab }, replace: true })}
      version={run.status === "RUNNING" ? lastPoint(run) : ""}
    />
  );
}

/** Changes whenever the run has logged something. */
function lastPoint(run: Run): string {
  return Object.values(run.metrics)
    .map((summary) => summary.count)
    .join();
}

/** The curves of the most telling metrics; the tab has all of them. */
export function FirstCharts({ run }: { run: Run }) {
  const curves = chartOrder([run]).filter((key) => !isSystem(key) && run.metrics[key]!.count > 1);
  const drawn = useMemo(() => [drawnRun(run)], [run]);
  if (curves.length === 0) return null;
  return <Charts keys={curves.slice(0, 4)} runs={drawn} />;
}

function drawnRun(run: Run): DrawnRun {
  return { runId: run.run_id, name: run.run_name || run.run_id, slot: 0, live: run.status === "RUNNING" };
}
