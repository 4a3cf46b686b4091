/** Some runs side by side: everything that can differ, from the params to the code, each against a base. */

import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo, useRef } from "react";
import { experimentQuery } from "../api/experiments";
import { runQuery } from "../api/runs";
import type { Run } from "../api/types";
import { Boundary, CopyButton, Empty, Failure, SkeletonRows } from "../components";
import { Charts, type DrawnRun } from "../components/charts/panel";
import { CodeButton } from "../components/codeways";
import { CodeDiff, codeRows, nameOf } from "../components/compare/code";
import { CompareFiles } from "../components/compare/files";
import { CompareGrid, type ComparedRun } from "../components/compare/grid";
import { AddRun, RunsHead } from "../components/compare/head";
import { type Kept, useKept } from "../components/compare/kept";
import { TopBar } from "../components/frame";
import { useCommands } from "../lib/commands";
import { chartOrder } from "../lib/columns";
import {
  type Aggregate,
  datasetRows,
  environmentRows,
  metricRows,
  packageRows,
  paramRows,
  type Row,
  tagRows,
} from "../lib/compare";
import { type CompareView, decodeCompare, encodeCompare } from "../lib/compareview";
import { formatCount, formatDuration, formatTime } from "../lib/format";
import "../styles/run.css";
import "../styles/artifacts.css";
import "../styles/compare.css";

const AGGREGATES: Record<Aggregate, string> = { last: "Last", minimum: "Min", maximum: "Max" };
const PARTS = ["Params", "Metrics", "Charts", "Tags", "Code", "Environment", "Data", "Artifacts", "Details"];

export function ComparePage() {
  const search = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const view = useMemo(() => decodeCompare(search), [search]);
  const change = (part: Partial<CompareView>) =>
    void navigate({ search: (now) => encodeCompare({ ...decodeCompare(now), ...part }, now), replace: part.runs === undefined });
  const found = useRuns(view.runs);
  const experiments = useExperiments(found.runs);
  const page = useRef<HTMLDivElement>(null);
  useCommands([
    { id: "next difference", label: "Next difference", group: "Compare", keys: "n", run: () => leap(page.current, 1) },
    { id: "previous difference", label: "Previous difference", group: "Compare", keys: "p", run: () => leap(page.current, -1) },
    {
      id: "only differences",
      label: "Only differences",
      group: "Compare",
      keys: "d",
      run: () => change({ onlyDifferences: !view.onlyDifferences }),
    },
  ]);

  return (
    <>
      <TopBar
        actions={
          <>
            <AddRun
              chosen={view.runs}
              experimentIds={[...experiments.keys()]}
              onAdd={(runId) => change({ runs: [...view.runs, runId] })}
            />
            {found.runs.length > 0 && <CodeButton title="These runs in code" ways={waysTo(view.runs)} />}
            <CopyButton text={location.href} label="Copy link" />
          </>
        }
      >
        <Parents experiments={experiments} />
        <h1 className="ellipsis">Compare</h1>
        {found.runs.length > 0 && <span className="detail">{formatCount(found.runs.length, "run")}</span>}
      </TopBar>
      {view.runs.length === 0 ? (
        <Empty title="No runs are chosen.">
          <p>Choose runs in an experiment&apos;s table and press c, or add them here.</p>
          <Link to="/experiments" className="button">
            Go to the experiments
          </Link>
        </Empty>
      ) : found.pending && found.runs.length === 0 ? (
        <SkeletonRows rows={12} />
      ) : (
        <>
          <div className="bar compare-bar">
            <label className="line">
              <input
                type="checkbox"
                checked={view.onlyDifferences}
                onChange={() => change({ onlyDifferences: !view.onlyDifferences })}
              />
              Only differences
            </label>
            <nav className="compare-parts" aria-label="Parts of the page">
              {PARTS.map((part) => (
                <button key={part} type="button" className="button quiet" onClick={() => scrollTo(page.current, part)}>
                  {part}
                </button>
              ))}
            </nav>
          </div>
          <div className="page tinted compare" ref={page} tabIndex={0} role="region" aria-label="Comparison">
            {found.failed.map(({ runId, error }) => (
              <Failure key={runId} what={`Run ${runId} could not be read.`} error={error} />
            ))}
            <RunsHead
              runs={found.runs}
              base={view.base}
              experiments={experiments}
              onBase={(base) => change({ base })}
              onRuns={(runs) => change({ runs })}
            />
            {found.runs.length > 0 && <Parts runs={found.runs} view={view} change={change} />}
          </div>
        </>
      )}
    </>
  );
}

interface PartsProps {
  runs: readonly Run[];
  view: CompareView;
  change: (part: Partial<CompareView>) => void;
}

function Parts({ runs, view, change }: PartsProps) {
  const compared = useMemo<ComparedRun[]>(() => runs.map((run, slot) => ({ id: run.run_id, name: nameOf(run), slot })), [runs]);
  const base = Math.max(0, runs.findIndex((run) => run.run_id === view.base));
  const kept = useKept(runs);
  const shared = { runs: compared, base, onlyDifferences: view.onlyDifferences };
  const metrics = useMemo(() => metricRows(runs, view.aggregate), [runs, view.aggregate]);
  const environments = runs.map((run) => kept.kept.find((item) => item.run.run_id === run.run_id)?.environment ?? null);
  return (
    <>
      <Part name="Params" rows={paramRows(runs)}>
        {(rows) => <CompareGrid {...shared} title="Param" rows={rows} empty="These runs logged no params." />}
      </Part>
      <Part
        name="Metrics"
        rows={metrics}
        tools={
          <div className="segments" role="group" aria-label="Value of a metric">
            {(Object.keys(AGGREGATES) as Aggregate[]).map((name) => (
              <button key={name} type="button" aria-pressed={view.aggregate === name} onClick={() => change({ aggregate: name })}>
                {AGGREGATES[name]}
              </button>
            ))}
          </div>
        }
      >
        {(rows) => <CompareGrid {...shared} title="Metric" rows={rows} deltas empty="These runs logged no metrics." />}
      </Part>
      <ChartsPart runs={runs} />
      <Part name="Tags" rows={tagRows(runs)}>
        {(rows) => <CompareGrid {...shared} title="Tag" rows={rows} empty="These runs have no tags." />}
      </Part>
      {kept.error !== null && <Failure what="Code and environment of a run could not be read." error={kept.error} />}
      <CodePart runs={runs} kept={kept} view={view} change={change} shared={shared} />
      <Part name="Environment" rows={[...environmentRows(environments), ...packageRows(environments)]} pending={kept.pending}>
        {() => (
          <>
            <CompareGrid {...shared} title="Package" rows={packageRows(environments)} empty="These runs keep no list of packages." />
            <CompareGrid {...shared} title="Machine and command" rows={environmentRows(environments)} empty="These runs keep nothing of their machine." />
          </>
        )}
      </Part>
      <Part name="Data" rows={datasetRows(runs)}>
        {(rows) => (
          <CompareGrid
            {...shared}
            title="Dataset"
            rows={rows}
            empty="These runs recorded no datasets. treering.log_input(dataset, context='training') records one."
          />
        )}
      </Part>
      <Part name="Artifacts">
        {() => (
          <CompareFiles {...shared} path={view.path} onOpen={(path) => change({ path })} />
        )}
      </Part>
      <Part name="Details" rows={detailRows(runs)}>
        {(rows) => <CompareGrid {...shared} title="Detail" rows={rows} empty="" />}
      </Part>
    </>
  );
}

interface PartProps {
  name: string;
  rows?: Row[];
  pending?: boolean;
  tools?: ReactNode;
  children: (rows: Row[]) => ReactNode;
}

function Part({ name, rows = [], pending, tools, children }: PartProps) {
  const differing = rows.filter((row) => row.differs).length;
  return (
    <section className="card compare-part" aria-label={name} data-part={name}>
      <header>
        <h2>{name}</h2>
        {rows.length > 0 && (
          <span className="muted small">
            {differing} of {rows.length} differ
          </span>
        )}
        {tools && <span className="push">{tools}</span>}
      </header>
      <Boundary what={`${name} could not be compared.`}>{pending ? <SkeletonRows rows={3} /> : children(rows)}</Boundary>
    </section>
  );
}

function ChartsPart({ runs }: { runs: readonly Run[] }) {
  const drawn = useMemo<DrawnRun[]>(
    () => runs.map((run, slot) => ({ runId: run.run_id, name: nameOf(run), slot, live: run.status === "RUNNING" })),
    [runs],
  );
  const keys = useMemo(() => chartOrder(runs).filter((key) => runs.some((run) => (run.metrics[key]?.count ?? 0) > 1)), [runs]);
  return (
    <div data-part="Charts" className="compare-charts">
      {keys.length > 0 && <Charts keys={keys} runs={drawn} />}
    </div>
  );
}

interface CodeProps extends PartsProps {
  kept: { kept: Kept[]; pending: boolean };
  shared: { runs: readonly ComparedRun[]; base: number; onlyDifferences: boolean };
}

function CodePart({ runs, kept, view, change, shared }: CodeProps) {
  const base = kept.kept.find((item) => item.run.run_id === view.base);
  const rest = kept.kept.filter((item) => item.run.run_id !== view.base);
  const other = rest.find((item) => item.run.run_id === view.other) ?? rest[0];
  return (
    <Part name="Code" rows={codeRows(runs, kept.kept)} pending={kept.pending}>
      {(rows) => (
        <>
          <CompareGrid {...shared} title="Source" rows={rows} empty="These runs do not say what they ran." />
          {base && other && (
            <>
              <div className="compare-pair">
                <h3>
                  {nameOf(base.run)} → {nameOf(other.run)}
                </h3>
                {rest.length > 1 && (
                  <label className="line small">
                    Against
                    <select className="field" value={other.run.run_id} onChange={(event) => change({ other: event.target.value })}>
                      {rest.map((item) => (
                        <option key={item.run.run_id} value={item.run.run_id}>
                          {nameOf(item.run)}
                        </option>
                      ))}
                    </select>
                  </label>
                )}
              </div>
              <CodeDiff base={base} other={other} />
            </>
          )}
        </>
      )}
    </Part>
  );
}

function Parents({ experiments }: { experiments: ReadonlyMap<string, string> }) {
  const [only] = experiments;
  return (
    <>
      <Link to="/experiments" className="parent detail">
        Experiments /
      </Link>
      {experiments.size === 1 && only && (
        <Link to="/experiments/$experimentId" params={{ experimentId: only[0] }} className="parent shrink ellipsis">
          {only[1]} /
        </Link>
      )}
    </>
  );
}

function useRuns(ids: readonly string[]) {
  return useQueries({
    queries: ids.map((id) => ({ ...runQuery(id), retry: false })),
    combine: (results) => ({
      runs: results.flatMap((result) => (result.data ? [result.data] : [])),
      pending: results.some((result) => result.isPending),
      failed: results.flatMap((result, index) => (result.isError ? [{ runId: ids[index]!, error: result.error }] : [])),
    }),
  });
}

/** The names of the runs' experiments, by id. */
function useExperiments(runs: readonly Run[]): Map<string, string> {
  const ids = [...new Set(runs.map((run) => run.experiment_id))];
  return useQueries({
    queries: ids.map((id) => experimentQuery(id)),
    combine: (results) => new Map(results.map((result, index) => [ids[index]!, result.data?.name ?? ids[index]!])),
  });
}

function detailRows(runs: readonly Run[]): Row[] {
  const details: [string, (run: Run) => string | null][] = [
    ["Run id", (run) => run.run_id],
    ["State", (run) => run.status],
    ["Started", (run) => formatTime(run.start_time)],
    ["Duration", (run) => (run.end_time === null ? null : formatDuration(run.end_time - run.start_time))],
    ["User", (run) => run.user_id || null],
    ["Experiment", (run) => run.experiment_id],
  ];
  return details.map(([key, of]) => {
    const cells = runs.map((run) => ({ text: of(run) }));
    return { key, cells, differs: cells.some((cell) => cell.text !== cells[0]!.text), way: 0 as const };
  });
}

function waysTo(ids: readonly string[]) {
  const listed = ids.map((id) => `    "${id}",`).join("\n");
  const server = location.origin;
  return {
    python: `import treering\n\ntreering.set_tracking_uri("${server}")\nruns = [treering.get_run(run_id) for run_id in [\n${listed}\n]]\nfor run in runs:\n    print(run.info.run_name, run.data.params, run.data.metrics)\n`,
    cli: ids.map((id) => `TREERING_TRACKING_URI=${server} treering runs describe --run-id ${id}`).join("\n"),
    rest: ids.map((id) => `curl ${server}/api/v1/runs/${id}`).join("\n"),
  };
}

function scrollTo(page: HTMLElement | null, part: string): void {
  page?.querySelector(`[data-part="${part}"]`)?.scrollIntoView({ block: "start" });
}

/** Puts the focus on the next row that differs, or the one before. */
function leap(page: HTMLElement | null, by: 1 | -1): void {
  const rows = [...(page?.querySelectorAll<HTMLElement>("tr[data-difference]") ?? [])];
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length]!;
  next.focus();
  next.scrollIntoView({ block: "center" });
}
