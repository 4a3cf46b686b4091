/** One run: what it was given, what it measured, what it left. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { childRunsQuery, experimentQuery, loggedModelQuery, NOTE_TAG, PARENT_TAG, type Run, runQuery } from "../api/queries";
import { CopyId, Empty, Failure, SkeletonRows, useNow } from "../components";
import { Artifacts, type ArtifactRoot } from "../components/artifacts";
import { Charts, type DrawnRun } from "../components/charts";
import { TopBar } from "../components/frame";
import { Ago, State } from "../components/marks";
import { AxisMenu, SmoothMenu } from "../components/viewmenus";
import { chartOrder, isSystem, rankMetrics } from "../lib/columns";
import { formatCount, formatDuration, formatNumber, toFloat } from "../lib/format";
import { decodeView, DEFAULT_VIEW, encodeView } from "../lib/viewstate";
import { isReserved, sourceTags } from "../lib/tags";

const TABS = { overview: "Overview", charts: "Charts", artifacts: "Artifacts" } as const;
export type RunTab = keyof typeof TABS;

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const { tab = "overview" } = useSearch({ from: "/runs/$runId" });
  const query = useQuery(runQuery(runId));
  const run = query.data;
  const experiment = useQuery({ ...experimentQuery(run?.experiment_id ?? ""), enabled: run !== undefined });
  return (
    <>
      <TopBar>
        <Link to="/experiments" className="parent detail">
          Experiments /
        </Link>
        {run && (
          <Link
            to="/experiments/$experimentId"
            params={{ experimentId: run.experiment_id }}
            className="parent shrink ellipsis"
          >
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
          <Head run={run} />
          <nav className="tabs" aria-label="Parts of the run">
            {(Object.keys(TABS) as RunTab[]).map((name) => (
              <Link
                key={name}
                to="/runs/$runId"
                params={{ runId }}
                search={name === "overview" ? {} : { tab: name }}
                activeOptions={{ exact: true, includeSearch: true }}
                aria-current={tab === name ? "page" : undefined}
              >
                {TABS[name]}
              </Link>
            ))}
          </nav>
          {tab === "charts" ? <ChartsTab run={run} /> : tab === "artifacts" ? <ArtifactsTab run={run} /> : <Overview run={run} />}
        </>
      )}
    </>
  );
}

function Head({ run }: { run: Run }) {
  const now = useNow(1000);
  const end = run.end_time ?? now;
  return (
    <div className="facts">
      <State status={run.status} icon />
      {run.lifecycle_stage === "deleted" && <span className="state warn">Deleted</span>}
      <span className="muted">
        Started <span className="value" ><Ago time={run.start_time} /></span>
      </span>
      <span className="muted">
        {run.end_time === null ? "Running for" : "Took"} <span className="value">{formatDuration(end - run.start_time)}</span>
      </span>
      {run.user_id && (
        <span className="muted">
          by <span className="value">{run.user_id}</span>
        </span>
      )}
      <CopyId id={run.run_id} what="run id" />
    </div>
  );
}

function Overview({ run }: { run: Run }) {
  const note = run.tags[NOTE_TAG];
  const tags = Object.entries(run.tags).filter(([key]) => !isReserved(key));
  const source = sourceTags(run.tags);
  return (
    <div className="page overview" tabIndex={0}>
      <div className="column">
        <MetricsCard run={run} />
        <FirstCharts run={run} />
        {note && (
          <Card title="Note">
            <p className="note">{note}</p>
          </Card>
        )}
        <Related run={run} />
      </div>
      <div className="column">
        <Pairs title="Params" pairs={Object.entries(run.params)} empty="This run logged no params." />
        <Pairs title="Tags" pairs={tags} empty="This run has no tags." />
        <Datasets run={run} />
        <Models run={run} />
        {source.length > 0 && <Pairs title="Source" pairs={source} empty="" />}
      </div>
    </div>
  );
}

function MetricsCard({ run }: { run: Run }) {
  const keys = rankMetrics([run]);
  const shown = [...keys.filter((key) => !isSystem(key)), ...keys.filter(isSystem)];
  return (
    <Card title="Metrics" count={keys.length}>
      {keys.length === 0 ? (
        <p className="muted pad">This run logged no metrics.</p>
      ) : (
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" className="num">Last</th>
              <th scope="col" className="num">Min</th>
              <th scope="col" className="num">Max</th>
              <th scope="col" className="num wide">Step</th>
              <th scope="col" className="num wide">Points</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((key) => {
              const item = run.metrics[key]!;
              return (
                <tr key={key}>
                  <td className="main-cell" title={key}>{key}</td>
                  <td className="num strong" title={String(item.last)}>{formatNumber(toFloat(item.last))}</td>
                  <td className="num" title={String(item.minimum ?? "")}>{item.minimum === null ? "" : formatNumber(toFloat(item.minimum))}</td>
                  <td className="num" title={String(item.maximum ?? "")}>{item.maximum === null ? "" : formatNumber(toFloat(item.maximum))}</td>
                  <td className="num muted wide">{item.step.toLocaleString("en")}</td>
                  <td className="num muted wide">{item.count.toLocaleString("en")}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Card>
  );
}

/** The curves of the most telling metrics; the tab has all of them. */
function FirstCharts({ run }: { run: Run }) {
  const curves = chartOrder([run]).filter((key) => !isSystem(key) && run.metrics[key]!.count > 1);
  const drawn = useMemo(() => [drawnRun(run)], [run]);
  if (curves.length === 0) return null;
  return <Charts keys={curves.slice(0, 4)} runs={drawn} drawing={DEFAULT_VIEW} />;
}

function drawnRun(run: Run): DrawnRun {
  return { runId: run.run_id, name: run.run_name || run.run_id, slot: 0, live: run.status === "RUNNING" };
}

function Related({ run }: { run: Run }) {
  const parentId = run.tags[PARENT_TAG] ?? "";
  const parent = useQuery({ ...runQuery(parentId), enabled: parentId !== "", retry: false });
  const children = useQuery(childRunsQuery(run.experiment_id, run.run_id));
  const below = children.data?.runs ?? [];
  if (!parentId && below.length === 0) return null;
  const total = children.data?.total ?? below.length;
  return (
    <Card title="Related runs" count={total + (parentId ? 1 : 0)}>
      <ul className="rows">
        {parentId && (
          <li>
            <span className="muted">Parent</span>
            <Link to="/runs/$runId" params={{ runId: parentId }} className="link ellipsis">
              {parent.data?.run_name || parentId}
            </Link>
            {parent.data && <State status={parent.data.status} />}
          </li>
        )}
        {below.map((child) => (
          <li key={child.run_id}>
            <span className="muted">Child</span>
            <Link to="/runs/$runId" params={{ runId: child.run_id }} className="link ellipsis">
              {child.run_name || child.run_id}
            </Link>
            <State status={child.status} />
          </li>
        ))}
        {total > below.length && <li className="muted">and {formatCount(total - below.length, "child", "children")} more</li>}
      </ul>
    </Card>
  );
}

function Datasets({ run }: { run: Run }) {
  if (run.datasets.length === 0) return null;
  return (
    <Card title="Datasets" count={run.datasets.length}>
      <ul className="rows">
        {run.datasets.map(({ dataset, tags }) => (
          <li key={`${dataset.name} ${dataset.digest}`} title={dataset.source}>
            <span className="ellipsis">{dataset.name}</span>
            <code className="muted">{dataset.digest}</code>
            <span className="push muted">{tags?.["mlflow.data.context"] ?? ""}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Models({ run }: { run: Run }) {
  const models = useModels(run);
  if (models.length === 0) return null;
  return (
    <Card title="Models" count={models.length}>
      <ul className="rows">
        {models.map((model) => (
          <li key={model.model_id}>
            <Link to="/runs/$runId" params={{ runId: run.run_id }} search={{ tab: "artifacts", root: model.model_id }} className="link ellipsis">
              {model.name}
            </Link>
            {(model.registrations as [string, number][]).map(([name, version]) => (
              <Link key={`${name} ${version}`} to="/models/$name" params={{ name }} className="chip accent">
                {name} v{version}
              </Link>
            ))}
            <span className="push muted">{model.model_type}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ChartsTab({ run }: { run: Run }) {
  const search = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const view = decodeView(search);
  const change = (part: Partial<typeof view>) =>
    void navigate({ search: { tab: "charts", ...encodeView({ ...view, ...part }) }, replace: true });
  const keys = chartOrder([run]);
  const drawn = useMemo(() => [drawnRun(run)], [run]);
  if (keys.length === 0) {
    return (
      <Empty title="This run logged no metrics.">
        <p>Charts appear here as soon as it logs one.</p>
      </Empty>
    );
  }
  return (
    <>
      <div className="bar">
        <span className="muted grow">{formatCount(keys.length, "metric")}</span>
        <AxisMenu x={view.x} log={view.log} onChange={change} />
        <SmoothMenu smooth={view.smooth} onChange={(smooth) => change({ smooth })} />
      </div>
      <div className="page tinted" tabIndex={0}>
        <Charts keys={keys} runs={drawn} drawing={view} grouped />
      </div>
    </>
  );
}

function ArtifactsTab({ run }: { run: Run }) {
  const { root, path } = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const models = useModels(run);
  const roots: ArtifactRoot[] = [
    { id: "run", label: "Run", uri: `runs:/${run.run_id}` },
    ...models.map((model) => ({ id: model.model_id, label: model.name, uri: `models:/${model.model_id}` })),
  ];
  return (
    <Artifacts
      roots={roots}
      root={root ?? "run"}
      path={path ?? ""}
      onOpen={(newRoot, newPath) =>
        void navigate({ search: { tab: "artifacts", ...(newRoot === "run" ? {} : { root: newRoot }), ...(newPath ? { path: newPath } : {}) } })
      }
    />
  );
}

function useModels(run: Run) {
  return useQueries({
    queries: run.model_outputs.map((output) => ({ ...loggedModelQuery(output.model_id), retry: false })),
    combine: (results) => results.flatMap((result) => (result.data ? [result.data] : [])),
  });
}

export function Card({ title, count, children }: { title: string; count?: number; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && <span className="muted small">{count.toLocaleString("en")}</span>}
      </header>
      {children}
    </section>
  );
}

export function Pairs({ title, pairs, empty }: { title: string; pairs: [string, string][]; empty: string }) {
  const sorted = [...pairs].sort(([a], [b]) => a.localeCompare(b));
  return (
    <Card title={title} count={pairs.length}>
      {sorted.length === 0 ? (
        <p className="muted pad">{empty}</p>
      ) : (
        <dl className="pairs">
          {sorted.map(([key, value]) => (
            <div key={key}>
              <dt className="ellipsis" title={key}>{key}</dt>
              <dd title={value}>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
