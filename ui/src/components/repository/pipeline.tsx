/** The stages as a graph or a list, and beside them what is chosen. */

import type { UseQueryResult } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { PipelineView, StageView } from "../../api/repository";
import { type Search, without, withParam } from "../../lib/address";
import { useCommands } from "../../lib/commands";
import { formatAgo, formatCount, formatDuration, formatTime } from "../../lib/format";
import { stateMark } from "../../lib/graph";
import { commandLine, dataAt, foundStages, pipelineFiles, stageGraph, stateCounts, wouldRun } from "../../lib/stages";
import { CopyButton } from "../copy";
import { Empty, Failure, SkeletonRows, useNow } from "../feedback";
import { GraphView } from "../graph";
import { SearchField } from "../searchfield";
import { NoStages } from "./begin";
import { StageState } from "./marks";
import { DataPanel, StagePanel } from "./stagepanel";

/** Below this width the graph is no help. */
const NARROW = "(max-width: 700px)";

export function Pipeline({ query }: { query: UseQueryResult<PipelineView> }) {
  const search: Search = useSearch({ from: "/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const narrow = useNarrow();
  const { q = "", file = "", stage: chosen = "" } = search;
  const go = (next: Search) => void navigate({ search: next, replace: true });
  const set = (name: string, value: string) => go(withParam(search, name, value));
  const asList = search.as === "list" || (narrow && search.as !== "graph");
  useCommands([
    { id: "stages as graph", label: "Show stages as a graph", group: "Pipelines", run: () => set("as", narrow ? "graph" : "") },
    { id: "stages as list", label: "Show stages as a list", group: "Pipelines", run: () => set("as", narrow ? "" : "list") },
  ]);
  const all = query.data?.stages;
  const shown = useMemo(() => foundStages((all ?? []).filter((stage) => !file || stage.file === file), q), [all, file, q]);
  if (query.isError) return <Failure what="The pipelines could not be read." error={query.error} retry={() => void query.refetch()} />;
  if (!query.data || !all) return <SkeletonRows rows={8} />;
  const { problem } = query.data;
  const alert = problem && (
    <p className="problem" role="alert">
      {problem}
    </p>
  );
  if (all.length === 0) {
    return (
      <div className="page" tabIndex={0}>
        {alert || <NoStages />}
      </div>
    );
  }
  const files = pipelineFiles(all);
  const stage = all.find((each) => each.address === chosen);
  const data = dataAt(chosen);
  return (
    <>
      <div className="bar wraps-bar">
        <SearchField label="Search stages" placeholder="Search stages by name, command, path or param" value={q} change={(text) => set("q", text)} />
        {files.length > 1 && (
          <select className="field" aria-label="File" value={file} onChange={(event) => set("file", event.target.value)}>
            <option value="">All files</option>
            {files.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <span className="segments" role="group" aria-label="Show stages as">
          <button type="button" aria-pressed={!asList} onClick={() => set("as", narrow ? "graph" : "")}>
            Graph
          </button>
          <button type="button" aria-pressed={asList} onClick={() => set("as", narrow ? "" : "list")}>
            List
          </button>
        </span>
      </div>
      {alert}
      <StateLine stages={all} />
      {shown.length === 0 ? (
        <Empty title="No stage fits this search.">
          <button type="button" className="button" onClick={() => go(without(search, "q", "file"))}>
            Clear the search
          </button>
        </Empty>
      ) : (
        <div className={`lineage stages ${stage || data ? "" : "alone"} ${search.log && stage ? "with-log" : ""}`}>
          {asList ? (
            <StageList stages={shown} chosen={chosen} choose={(address) => set("stage", address)} />
          ) : (
            <StageGraph stages={shown} edges={query.data.edges} chosen={chosen} choose={(id) => set("stage", id)} />
          )}
          {stage && <StagePanel key={stage.address} stage={stage} log={search.log === "1"} onLog={(on) => set("log", on ? "1" : "")} choose={(address) => set("stage", address)} close={() => go(without(search, "stage", "log"))} />}
          {data && <DataPanel path={data} stages={all} choose={(address) => set("stage", address)} close={() => go(without(search, "stage", "log"))} />}
        </div>
      )}
    </>
  );
}

function StageGraph({ stages, edges, chosen, choose }: { stages: readonly StageView[]; edges: PipelineView["edges"]; chosen: string; choose: (id: string) => void }) {
  // The graph is placed anew only where something in it is another: a poll that brings the same moves nothing.
  const text = JSON.stringify(stageGraph({ stages: [...stages], edges }));
  const graph = useMemo(() => JSON.parse(text) as ReturnType<typeof stageGraph>, [text]);
  return <GraphView graph={graph} label="Pipeline" chosen={chosen || null} choose={choose} wheel turns />;
}

/** How the pipeline stands as a whole, and the command that brings it up to date. */
function StateLine({ stages }: { stages: readonly StageView[] }) {
  const due = stages.filter(wouldRun).length;
  const last = Math.max(0, ...stages.map((stage) => stage.last_run ?? 0));
  const now = useNow();
  return (
    <div className="state-line" role="status">
      {stateCounts(stages).map(({ state, count }) => {
        const mark = stateMark(state);
        return (
          <span key={state} className="state-count">
            <span className={`state ${mark?.tone ?? ""}`}>{count.toLocaleString("en")}</span> {mark?.word.toLowerCase()}
          </span>
        );
      })}
      {last > 0 && (
        <span className="muted" title={formatTime(last)}>
          last run {formatAgo(last, now)}
        </span>
      )}
      {due > 0 && (
        <span className="push state-fix">
          <code>treering repro</code> <span className="muted wide">runs {formatCount(due, "stage")} and what follows</span>
          <CopyButton text="treering repro" label="Copy" />
        </span>
      )}
    </div>
  );
}

function StageList({ stages, chosen, choose }: { stages: readonly StageView[]; chosen: string; choose: (address: string) => void }) {
  const now = useNow();
  return (
    <div className="page" tabIndex={0}>
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">State</th>
            <th scope="col" className="wide">Command</th>
            <th scope="col" className="num">Last run</th>
            <th scope="col" className="num wide">Took</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <tr key={stage.address} aria-current={stage.address === chosen ? "true" : undefined}>
              <td>
                <button type="button" className="stage-name" aria-pressed={stage.address === chosen} onClick={() => choose(stage.address)}>
                  {stage.address}
                </button>
              </td>
              <td>
                <StageState state={stage.state} />
              </td>
              <td className="wide clip mono" title={stage.cmd.join("\n")}>
                {commandLine(stage.cmd)}
              </td>
              <td className="num muted">{stage.last_run !== null && formatAgo(stage.last_run, now)}</td>
              <td className="num muted wide">{stage.duration !== null && formatDuration(stage.duration * 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const changed = () => setNarrow(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  return narrow;
}
