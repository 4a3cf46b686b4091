/** Where one begins: what runs now, what changed lately, where one was; how to begin where there is nothing yet. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo } from "react";
import { activityQuery, allExperimentsQuery, endedQuery, runningQuery } from "../api/experiments";
import { lastVersionsQuery, modelsQuery } from "../api/models";
import type { ModelVersion, Run } from "../api/types";
import { Failure, SkeletonRows, Snippet, useNow } from "../components";
import { Card } from "../components/card";
import { DeploymentsCard } from "../components/deployments/card";
import { TopBar } from "../components/frame";
import { Icon } from "../components/icons";
import { Ago, Stage, State } from "../components/marks";
import { RepositoryCard } from "../components/repository/card";
import { firstRun, fromMlflow, fromShell } from "../lib/begin";
import { isSystem, rankMetrics } from "../lib/columns";
import { formatCount, formatDuration, formatNumber, toFloat } from "../lib/format";
import { watchExperiments } from "../lib/live";
import { addressOf, useRecent } from "../lib/places";
import "../styles/overview.css";

/** Runs are looked for in the experiments where something went on last: an old store has thousands. */
const LOOKED_AT = 100;

export function OverviewPage() {
  const experiments = useQuery(allExperimentsQuery());
  const all = useMemo(() => experiments.data?.experiments ?? [], [experiments.data]);
  const ids = useMemo(() => all.map((item) => item.experiment_id), [all]);
  const activity = useQuery(activityQuery(ids));
  const models = useQuery(modelsQuery(""));
  const versions = useQuery(lastVersionsQuery);
  const busy = useMemo(() => {
    const found = [...(activity.data?.values() ?? [])].filter((item) => item.runs > 0);
    return found
      .sort((a, b) => b.running - a.running || (b.last_start ?? 0) - (a.last_start ?? 0))
      .slice(0, LOOKED_AT)
      .map((item) => item.experiment_id)
      .sort();
  }, [activity.data]);
  const queries = useQueryClient();
  useEffect(() => {
    const renew = () => {
      void queries.invalidateQueries({ queryKey: ["home"] });
      void queries.invalidateQueries({ queryKey: ["experiments", "activity"] });
    };
    return watchExperiments(busy, renew);
  }, [busy, queries]);
  const names = useMemo(() => new Map(all.map((item) => [item.experiment_id, item.name])), [all]);
  const counts = [...(activity.data?.values() ?? [])];
  const runs = counts.reduce((sum, item) => sum + item.runs, 0);
  const running = counts.reduce((sum, item) => sum + item.running, 0);
  const failed = experiments.error ?? activity.error;
  const known = ids.length === 0 ? experiments.isSuccess : activity.isSuccess;
  const modelCount = models.data?.total ?? 0;
  return (
    <>
      <TopBar>
        <h1>Overview</h1>
      </TopBar>
      {failed && !known ? (
        <Failure
          what="The overview could not be put together."
          error={failed}
          retry={() => void Promise.all([experiments.refetch(), activity.refetch()])}
        />
      ) : !known ? (
        <SkeletonRows rows={10} />
      ) : (
        <div className="page home" tabIndex={0}>
          <dl className="home-figures">
            <Figure label="Running now" value={running} to="/experiments" />
            <Figure label="Runs" value={runs} to="/experiments" />
            <Figure label="Experiments" value={experiments.data?.total ?? all.length} to="/experiments" />
            <Figure label="Registered models" value={modelCount} to="/models" />
          </dl>
          {runs === 0 ? (
            <>
              <RepositoryCard />
              <Beginning />
            </>
          ) : (
            <div className="home-columns">
              <div className="column">
                <Running ids={busy} names={names} total={running} />
                <Ended ids={busy} names={names} />
              </div>
              <div className="column">
                <RepositoryCard />
                <DeploymentsCard />
                <Lately />
                <Registered versions={versions.data ?? []} />
              </div>
            </div>
          )}
        </div>
      )}
    </>
  );
}

function Figure({ label, value, to }: { label: string; value: number; to: "/experiments" | "/models" }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Link to={to}>{value.toLocaleString("en")}</Link>
      </dd>
    </div>
  );
}

interface RunsProps {
  ids: readonly string[];
  names: ReadonlyMap<string, string>;
}

function Running({ ids, names, total }: RunsProps & { total: number }) {
  const query = useQuery({ ...runningQuery(ids), enabled: ids.length > 0 && total > 0 });
  const now = useNow(1000);
  const runs = total === 0 ? [] : (query.data?.runs ?? []);
  return (
    <Card title="Running now" count={total}>
      {query.isError ? (
        <Failure what="The running runs could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : total === 0 ? (
        <p className="muted pad">Nothing is running.</p>
      ) : (
        <RunRows runs={runs} names={names} when={(run) => `for ${formatDuration(now - run.start_time)}`} />
      )}
      {total > runs.length && runs.length > 0 && (
        <p className="muted pad">and {formatCount(total - runs.length, "other")}</p>
      )}
    </Card>
  );
}

function Ended({ ids, names }: RunsProps) {
  const query = useQuery(endedQuery(ids));
  const runs = query.data?.runs ?? [];
  return (
    <Card title="Ended lately">
      {query.isError ? (
        <Failure what="The runs could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending && ids.length > 0 ? (
        <SkeletonRows rows={6} />
      ) : runs.length === 0 ? (
        <p className="muted pad">No run has ended yet.</p>
      ) : (
        <RunRows runs={runs} names={names} when={(run) => <Ago time={run.end_time ?? run.start_time} />} />
      )}
    </Card>
  );
}

function RunRows({ runs, names, when }: { runs: readonly Run[]; names: ReadonlyMap<string, string>; when: (run: Run) => ReactNode }) {
  return (
    <table className="list compact">
      <thead className="hidden-text">
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Experiment</th>
          <th scope="col">State</th>
          <th scope="col">Metric</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run_id}>
            <td className="main-cell">
              <Link to="/runs/$runId" params={{ runId: run.run_id }} className="row-link ellipsis">
                {run.run_name || run.run_id}
              </Link>
            </td>
            <td className="clip wide">
              <Link to="/experiments/$experimentId" params={{ experimentId: run.experiment_id }} className="muted">
                {names.get(run.experiment_id) ?? run.experiment_id}
              </Link>
            </td>
            <td>
              <State status={run.status} />
            </td>
            <td className="num wide">
              <Telling run={run} />
            </td>
            <td className="muted num">{when(run)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The metric that says most of a run. */
function Telling({ run }: { run: Run }) {
  const key = rankMetrics([run]).find((name) => !isSystem(name));
  if (key === undefined) return null;
  return (
    <>
      <span className="muted">{key}</span> {formatNumber(toFloat(run.metrics[key]!.last))}
    </>
  );
}

function Lately() {
  const places = useRecent().slice(0, 8);
  return (
    <Card title="Opened lately">
      {places.length === 0 ? (
        <p className="muted pad">Experiments, runs and models that you open are listed here, in this browser.</p>
      ) : (
        <ul className="rows">
          {places.map((place) => (
            <li key={`${place.kind} ${place.id}`}>
              <Icon name={place.kind === "experiment" ? "flask" : place.kind === "run" ? "play" : "model"} size={14} />
              <Link to={addressOf(place)} className="ellipsis">
                {place.name}
              </Link>
              <span className="push muted small">{place.kind}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Registered({ versions }: { versions: readonly ModelVersion[] }) {
  return (
    <Card title="Models changed lately">
      {versions.length === 0 ? (
        <p className="muted pad">
          No model is registered yet. <Link to="/models" className="link">How to register one</Link>
        </p>
      ) : (
        <ul className="rows">
          {versions.map((version) => (
            <li key={`${version.name} ${version.version}`}>
              <Link
                to="/models/$name/versions/$version"
                params={{ name: version.name, version: String(version.version) }}
                className="ellipsis"
              >
                {version.name} v{version.version}
              </Link>
              {(version.aliases ?? []).slice(0, 2).map((alias) => (
                <span key={alias} className="chip accent">
                  @{alias}
                </span>
              ))}
              {version.stage !== "None" && <Stage stage={version.stage} />}
              <span className="push muted">
                <Ago time={version.last_update_time} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Beginning() {
  return (
    <section className="beginning" aria-label="How to begin">
      <h2>Nothing has been logged yet. Any of these makes a first run:</h2>
      <Snippet label="Python, with Treering" code={firstRun()} />
      <Snippet label="A program that logs to MLflow: name this server, change nothing else" code={fromMlflow()} />
      <Snippet label="From a shell" code={fromShell()} />
      <p className="muted">
        The addresses above are this server’s. Runs appear here as soon as they begin; there is nothing to reload.
      </p>
    </section>
  );
}
