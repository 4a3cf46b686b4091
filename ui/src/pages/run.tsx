/** One run: what it was given, what it measured, what it left. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { experimentQuery } from "../api/experiments";
import { runQuery } from "../api/runs";
import type { Run } from "../api/types";
import { Boundary, Failure, SkeletonRows } from "../components";
import { Artifacts, type ArtifactRoot } from "../components/artifacts";
import { TopBar } from "../components/frame";
import { ChartsTab, SystemTab } from "../components/run/charts";
import { CodeTab } from "../components/run/code";
import { RunHead } from "../components/run/head";
import { LogsTab } from "../components/run/logs";
import { Overview } from "../components/run/overview";
import { useRunModels } from "../components/run/models";
import { isSystem } from "../lib/columns";
import { useCommands } from "../lib/commands";
import { EVALUATED_TAG } from "../lib/evaluation";
import "../styles/run.css";

const LineagePart = lazy(() => import("../components/lineagepart"));
const EvaluationPart = lazy(() => import("../components/evaluation/part"));

const TABS = {
  overview: "Overview",
  charts: "Charts",
  evaluation: "Evaluation",
  system: "System",
  artifacts: "Artifacts",
  logs: "Logs",
  code: "Code & environment",
  lineage: "Lineage",
} as const;
export type RunTab = keyof typeof TABS;

const SHOWN: Record<RunTab, (props: { run: Run }) => ReactNode> = {
  overview: Overview,
  charts: ChartsTab,
  evaluation: EvaluationTab,
  system: SystemTab,
  artifacts: ArtifactsTab,
  logs: LogsTab,
  code: CodeTab,
  lineage: LineageTab,
};

function LineageTab({ run }: { run: Run }) {
  return (
    <div className="page tinted" tabIndex={0}>
      <Suspense fallback={<SkeletonRows rows={6} />}>
        <LineagePart uri={`runs:/${run.run_id}`} />
      </Suspense>
    </div>
  );
}

function EvaluationTab({ run }: { run: Run }) {
  const evaluated = run.tags[EVALUATED_TAG] ?? "";
  const uri = evaluated.startsWith("m-") ? `models:/${evaluated}` : evaluated || `runs:/${run.run_id}/model`;
  return (
    <Suspense fallback={<SkeletonRows rows={8} />}>
      <EvaluationPart runId={run.run_id} modelUri={uri} />
    </Suspense>
  );
}

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const { tab: asked } = useSearch({ from: "/runs/$runId" });
  const query = useQuery(runQuery(runId));
  const run = query.data;
  const experiment = useQuery({ ...experimentQuery(run?.experiment_id ?? ""), enabled: run !== undefined });
  const tab = asked && asked in TABS ? asked : "overview";
  const Shown = SHOWN[tab];
  return (
    <>
      <TopBar>
        <Link to="/experiments" className="parent detail">
          Experiments /
        </Link>
        {run && (
          <Link to="/experiments/$experimentId" params={{ experimentId: run.experiment_id }} className="parent shrink ellipsis">
            {experiment.data?.name ?? run.experiment_id} /
          </Link>
        )}
        <h1 className="ellipsis">{run ? run.run_name || run.run_id : "Run"}</h1>
      </TopBar>
      {query.isError && !run ? (
        <Failure what={`Run ${runId} could not be opened.`} error={query.error} retry={() => void query.refetch()} />
      ) : !run ? (
        <SkeletonRows rows={12} />
      ) : (
        <>
          <RunHead key={run.run_id} run={run} />
          <Tabs run={run} tab={tab} />
          <Boundary key={`${run.run_id} ${tab}`} what="This part of the run could not be shown.">
            <Shown run={run} />
          </Boundary>
        </>
      )}
    </>
  );
}

function Tabs({ run, tab }: { run: Run; tab: RunTab }) {
  const navigate = useNavigate({ from: "/runs/$runId" });
  const evaluated = EVALUATED_TAG in run.tags || tab === "evaluation";
  const names = (Object.keys(TABS) as RunTab[]).filter((name) => name !== "evaluation" || evaluated);
  const metrics = Object.keys(run.metrics);
  const counts: Partial<Record<RunTab, number>> = {
    charts: metrics.filter((key) => !isSystem(key)).length,
    system: metrics.filter(isSystem).length,
  };
  useCommands(
    names.map((name, at) => ({
      id: `run ${name}`,
      label: `Show ${TABS[name]}`,
      group: "Run",
      keys: String(at + 1),
      run: () => void navigate({ search: name === "overview" ? {} : { tab: name } }),
    })),
  );
  return (
    <nav className="tabs" aria-label="Parts of the run">
      {names.map((name) => (
        <Link
          key={name}
          to="/runs/$runId"
          params={{ runId: run.run_id }}
          search={name === "overview" ? {} : { tab: name }}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={tab === name ? "page" : undefined}
        >
          {TABS[name]}
          {(counts[name] ?? 0) > 0 && <span className="tab-count">{counts[name]}</span>}
        </Link>
      ))}
    </nav>
  );
}

function ArtifactsTab({ run }: { run: Run }) {
  const { root, path } = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const models = useRunModels(run);
  const roots: ArtifactRoot[] = [
    { id: "run", label: "Run", uri: `runs:/${run.run_id}` },
    ...models.map((model) => ({ id: model.model_id, label: model.name, uri: `models:/${model.model_id}` })),
  ];
  const open = (newRoot: string, newPath: string) => {
    const search = { ...(newRoot === "run" ? {} : { root: newRoot }), ...(newPath ? { path: newPath } : {}) };
    void navigate({ search: { tab: "artifacts", ...search } });
  };
  return <Artifacts roots={roots} root={root ?? "run"} path={path ?? ""} onOpen={open} live={run.status === "RUNNING"} />;
}
