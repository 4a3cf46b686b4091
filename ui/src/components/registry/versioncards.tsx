/** What a version's page is made of: figures beside the champion's, source, folder, deployments, activity. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { filesQuery } from "../../api/artifacts";
import { type Deployment, servedQuery } from "../../api/deployments";
import { experimentQuery } from "../../api/experiments";
import { loggedModelQuery, versionUri } from "../../api/models";
import { runQuery } from "../../api/runs";
import type { ModelVersion, Run } from "../../api/types";
import { direction, isSystem, rankMetrics } from "../../lib/columns";
import { shareText } from "../../lib/deployments";
import { formatNumber, toFloat } from "../../lib/format";
import { championOf } from "../../lib/modeledits";
import { shell } from "../../lib/begin";
import { Card, Pairs } from "../card";
import { CopyId, Snippet } from "../copy";
import { DeploymentState } from "../deployments/marks";
import { Boundary, Failure, SkeletonRows } from "../feedback";
import { State } from "../marks";

const ModelView = lazy(async () => ({ default: (await import("../previews/model")).ModelView }));

const useRun = (runId: string) => useQuery({ ...runQuery(runId), enabled: runId !== "", retry: false, staleTime: 60_000 });

export function ChampionCard({ version, versions }: { version: ModelVersion; versions: readonly ModelVersion[] }) {
  const champion = championOf(versions);
  const other = champion && champion.version !== version.version ? champion : undefined;
  const run = useRun(version.run_id ?? "");
  const rival = useRun(other?.run_id ?? "");
  const title = other ? `Metrics beside v${other.version}, the champion` : "Metrics";
  const runs = [run.data, rival.data].filter((item): item is Run => item !== undefined);
  const keys = rankMetrics(runs).filter((key) => !isSystem(key));
  return (
    <Card title={title} count={keys.length}>
      {!version.run_id ? (
        <p className="muted pad">This version was not registered from a run, so no metrics are known of it.</p>
      ) : run.isError ? (
        <Failure what="The source run could not be read." error={run.error} retry={() => void run.refetch()} />
      ) : run.isPending ? (
        <SkeletonRows rows={4} />
      ) : keys.length === 0 ? (
        <p className="muted pad">Its source run logged no metrics.</p>
      ) : (
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" className="num">
                v{version.version}
              </th>
              {other && (
                <>
                  <th scope="col" className="num">
                    v{other.version}
                  </th>
                  <th scope="col" className="num">
                    Difference
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => {
              const own = toFloat(run.data.metrics[key]?.last);
              const its = toFloat(rival.data?.metrics[key]?.last);
              return (
                <tr key={key}>
                  <td className="main-cell" title={key}>
                    {key}
                  </td>
                  <td className="num strong">{shown(own)}</td>
                  {other && <td className="num">{shown(its)}</td>}
                  {other && (
                    <td className="num">
                      <Difference by={own - its} way={direction(key)} />
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {!champion && version.run_id && (
        <p className="muted pad small">
          Give a version the alias @champion, and others are measured beside it here.
        </p>
      )}
    </Card>
  );
}

function shown(value: number): string {
  return Number.isNaN(value) ? "" : formatNumber(value);
}

/** Says in a word, not by colour alone, whether it is for the better. */
function Difference({ by, way }: { by: number; way: -1 | 0 | 1 }) {
  if (Number.isNaN(by)) return null;
  const text = `${by > 0 ? "+" : ""}${formatNumber(by)}`;
  if (by === 0 || way === 0) return <span className="muted">{text}</span>;
  const better = by > 0 === way > 0;
  return (
    <span className={better ? "state ok" : "state err"}>
      {text} <span className="small">{better ? "better" : "worse"}</span>
    </span>
  );
}

export function SourceCard({ version }: { version: ModelVersion }) {
  const run = useRun(version.run_id ?? "");
  const experiment = useQuery({ ...experimentQuery(run.data?.experiment_id ?? ""), enabled: run.data !== undefined });
  const logged = useQuery({ ...loggedModelQuery(version.model_id ?? ""), enabled: Boolean(version.model_id), retry: false });
  return (
    <Card title="Where it came from">
      <dl className="pairs plain">
        {version.run_id && (
          <Fact name="run">
            <Link to="/runs/$runId" params={{ runId: version.run_id }} className="link">
              {run.data?.run_name || version.run_id.slice(0, 8)}
            </Link>{" "}
            {run.data && <State status={run.data.status} />}
          </Fact>
        )}
        {run.data && (
          <Fact name="experiment">
            <Link to="/experiments/$experimentId" params={{ experimentId: run.data.experiment_id }} className="link">
              {experiment.data?.name ?? run.data.experiment_id}
            </Link>
          </Fact>
        )}
        {version.model_id && (
          <Fact name="logged model">
            {logged.data ? `${logged.data.name} ` : ""}
            <CopyId id={version.model_id} what="model id" />
          </Fact>
        )}
        {run.data && run.data.datasets.length > 0 && (
          <Fact name="data">
            {run.data.datasets.map(({ dataset }) => (
              <Link key={`${dataset.name} ${dataset.digest}`} to="/data/$name" params={{ name: dataset.name }} className="link line">
                {dataset.name} <code>{dataset.digest}</code>
              </Link>
            ))}
          </Fact>
        )}
        <Fact name="source">
          <code className="breaks">{version.source}</code>
        </Fact>
        <Fact name="files">
          <code className="breaks">{version.storage_uri}</code>
        </Fact>
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function ParamsCard({ version }: { version: ModelVersion }) {
  const run = useRun(version.run_id ?? "");
  const logged = useQuery({ ...loggedModelQuery(version.model_id ?? ""), enabled: Boolean(version.model_id), retry: false });
  if (!run.data) return null;
  const params = { ...run.data.params, ...logged.data?.params };
  return <Pairs title="Params" pairs={Object.entries(params)} empty="Its source run logged no params." />;
}

/** Signature, example, requirements and flavours, as the folder's MLmodel says them. */
export function ModelFolderCards({ version }: { version: ModelVersion }) {
  const uri = versionUri(version.name, version.version);
  const files = useQuery({ ...filesQuery(uri, ""), retry: false });
  if (files.isPending) return <SkeletonRows rows={4} />;
  if (files.isError) {
    return (
      <Card title="Files">
        <Failure what="The files of this version could not be listed." error={files.error} retry={() => void files.refetch()} />
      </Card>
    );
  }
  if (!files.data.some((file) => file.path === "MLmodel")) {
    return (
      <Card title="Signature">
        <p className="muted pad">
          {files.data.length === 0 ? "There are no files where this version says that it lies" : "There is no file MLmodel among its files"}
          , so neither inputs nor outputs are known. A model that is logged with treering.sklearn.log_model and its kin has one.
        </p>
      </Card>
    );
  }
  return (
    <Boundary what="The model's folder could not be shown.">
      <Suspense fallback={<SkeletonRows rows={6} />}>
        <ModelView uri={uri} path="" files={files.data} />
      </Suspense>
    </Boundary>
  );
}

/** Where a version is served, or waits to be. */
export function DeployedCard({ version }: { version: ModelVersion }) {
  const query = useQuery(servedQuery(version.name, String(version.version)));
  const places = query.data ?? [];
  const alias = version.aliases?.[0];
  const uri = alias ? `models:/${version.name}@${alias}` : versionUri(version.name, version.version);
  return (
    <Card title="Deployed" {...(query.data ? { count: places.length } : {})}>
      {query.isError && !query.data ? (
        <Failure what="Where it is deployed could not be read." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={1} />
      ) : places.length === 0 ? (
        <div className="stack pad">
          <p className="muted">
            No deployment has this version. Servers that were started by hand are not recorded. To serve it here and now:
          </p>
          <Snippet label="Shell" code={`treering models serve -m ${shell(uri)} --port 5001`} />
        </div>
      ) : (
        <ul className="rows">
          {places.map((place) => (
            <li key={place.name}>
              <Link to="/deployments/$name" params={{ name: place.name }} className="link ellipsis">
                {place.name}
              </Link>
              <span className="muted ellipsis">
                {place.target}, {roleIn(place, String(version.version))}
              </span>
              <DeploymentState state={place.state} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** What a version is in a deployment that has it. */
function roleIn({ current, candidate, weight }: Deployment, version: string): string {
  const candidates = candidate?.version === version && current?.version !== version;
  const share = candidates ? weight : 100 - (candidate ? weight : 0);
  return `${candidates ? "candidate with" : "gets"} ${shareText(share)} of the traffic`;
}
