/** One registered model: its versions, where they came from, and how to use them. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { modelQuery, type ModelVersion, type RegisteredModel, runQuery, versionsQuery } from "../api/queries";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { Ago, Stage } from "../components/marks";
import { formatCount } from "../lib/format";
import { Card, Pairs } from "./run";

export function ModelPage() {
  const { name } = useParams({ from: "/models/$name" });
  const query = useQuery(modelQuery(name));
  const versions = useQuery(versionsQuery(name));
  const model = query.data;
  return (
    <>
      <TopBar>
        <Link to="/models" className="parent">
          Models /
        </Link>
        <h1 className="ellipsis">{name}</h1>
        {versions.data && <span className="detail">{formatCount(versions.data.length, "version")}</span>}
      </TopBar>
      {query.isError ? (
        <Failure what={`Model ${name} could not be opened.`} error={query.error} retry={() => void query.refetch()} />
      ) : !model ? (
        <SkeletonRows rows={8} />
      ) : (
        <div className="page overview" tabIndex={0}>
          <div className="column">
            <Card title="Versions" {...(versions.data ? { count: versions.data.length } : {})}>
              {versions.isError ? (
                <Failure what="The versions could not be listed." error={versions.error} retry={() => void versions.refetch()} />
              ) : versions.isPending ? (
                <SkeletonRows rows={4} />
              ) : versions.data.length === 0 ? (
                <Empty title="No versions yet." />
              ) : (
                <Versions versions={versions.data} />
              )}
            </Card>
          </div>
          <div className="column">
            {model.description && (
              <Card title="Description">
                <p className="note">{model.description}</p>
              </Card>
            )}
            <Use model={model} versions={versions.data ?? []} />
            <Pairs title="Tags" pairs={Object.entries(model.tags ?? {})} empty="This model has no tags." />
          </div>
        </div>
      )}
    </>
  );
}

function Versions({ versions }: { versions: readonly ModelVersion[] }) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">Aliases</th>
          <th scope="col">Stage</th>
          <th scope="col">Source run</th>
          <th scope="col" className="wide">
            Created
          </th>
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={version.version} title={version.description || undefined}>
            <td className="strong">
              v{version.version}
              {version.status !== "READY" && <span className="state warn small"> {version.status.toLowerCase().replaceAll("_", " ")}</span>}
            </td>
            <td>
              <span className="chips">
                {(version.aliases ?? []).map((alias) => (
                  <span key={alias} className="chip accent">
                    @{alias}
                  </span>
                ))}
              </span>
            </td>
            <td>
              <Stage stage={version.stage} />
            </td>
            <td className="main-cell">{version.run_id ? <SourceRun runId={version.run_id} /> : <span className="muted">None</span>}</td>
            <td className="muted wide">
              <Ago time={version.creation_time} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SourceRun({ runId }: { runId: string }) {
  const run = useQuery({ ...runQuery(runId), retry: false, staleTime: 60_000 });
  return (
    <Link to="/runs/$runId" params={{ runId }} className="link ellipsis">
      {run.data?.run_name || runId.slice(0, 8)}
    </Link>
  );
}

function Use({ model, versions }: { model: RegisteredModel; versions: readonly ModelVersion[] }) {
  const alias = Object.keys(model.aliases ?? {})[0];
  const newest = versions[0]?.version;
  if (alias === undefined && newest === undefined) return null;
  const uri = alias === undefined ? `models:/${model.name}/${newest}` : `models:/${model.name}@${alias}`;
  return (
    <Card title="Use it">
      <div className="stack">
        <Snippet label="Load it in Python" code={pythonFor(uri)} />
        <Snippet label="Serve it from a shell" code={shellFor(uri)} />
      </div>
    </Card>
  );
}

function pythonFor(uri: string): string {
  return [
    "import treering",
    "",
    `treering.set_tracking_uri(${JSON.stringify(location.origin)})`,
    `model = treering.pyfunc.load_model(${JSON.stringify(uri)})`,
    "model.predict(data)",
  ].join("\n");
}

function shellFor(uri: string): string {
  const shown = /^[\w:/@.-]+$/.test(uri) ? uri : `'${uri.replaceAll("'", `'\\''`)}'`;
  return `export TREERING_TRACKING_URI=${location.origin}\ntreering models serve -m ${shown} --port 5001`;
}
