/** One dataset: its versions, how they differ, who used them, what came of them. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { datasetQuery } from "../api/datasets";
import { experimentsQuery } from "../api/experiments";
import { lineageQuery } from "../api/lineage";
import type { DatasetVersion, NamedDataset } from "../api/types";
import { Empty, Failure, SkeletonRows } from "../components";
import { Card, Pairs } from "../components/card";
import { CodeButton } from "../components/codeways";
import { TopBar } from "../components/frame";
import { Lineage } from "../components/lineage";
import { Ago } from "../components/marks";
import { type Change, changes, columnPairs, columnsOf, placeOf, profileLines, sizeOf } from "../lib/dataset";
import { formatBytes, formatCount } from "../lib/format";
import { stateMark } from "../lib/graph";
import { quote } from "../lib/grammar";
import { Contexts } from "./data";
import "../styles/run.css";
import "../styles/data.css";

export function DatasetPage() {
  const { name } = useParams({ from: "/data/$name" });
  const search = useSearch({ from: "/data/$name" });
  const query = useQuery(datasetQuery(name));
  const found = query.data;
  const chosen = found?.versions.find((each) => each.dataset.digest === search.version) ?? found?.versions[0];
  const other = found?.versions.find((each) => each.dataset.digest === search.against && each !== chosen);
  return (
    <>
      <TopBar actions={chosen && <CodeButton title="This dataset in code" ways={ways(chosen)} />}>
        <Link to="/data" className="parent">
          Data /
        </Link>
        <h1 className="ellipsis">{name}</h1>
        {found && <span className="detail">{formatCount(found.versions.length, "version")}</span>}
      </TopBar>
      {query.isError ? (
        <Failure what={`The dataset ${name} could not be opened.`} error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={8} />
      ) : !found || !chosen ? (
        <Empty title={`No run has recorded a dataset “${name}”.`}>
          <p>The runs that used it may have been deleted.</p>
          <Link to="/data" className="button">
            See all datasets
          </Link>
        </Empty>
      ) : (
        <div className="page two-columns" tabIndex={0}>
          <div className="column">
            <Versions found={found} chosen={chosen} other={other} />
            {other && <Difference before={other} after={chosen} />}
            <Card title="Lineage">
              <Lineage uri={uriOf(chosen)} up={0} down={3} />
            </Card>
          </div>
          <div className="column">
            <UsedBy version={chosen} />
            <Schema version={chosen} />
            <Pairs title="Profile" pairs={profileLines(chosen.dataset.profile ?? "")} empty="Nothing of its size is known." />
            <Source version={chosen} />
          </div>
        </div>
      )}
    </>
  );
}

function Versions({ found, chosen, other }: { found: NamedDataset; chosen: DatasetVersion; other: DatasetVersion | undefined }) {
  const navigate = useNavigate({ from: "/data/$name" });
  const against = (version: DatasetVersion) => {
    const search: Record<string, string> = { version: chosen.dataset.digest };
    if (version !== other) search.against = version.dataset.digest;
    void navigate({ search, replace: true });
  };
  return (
    <Card title="Versions" count={found.versions.length}>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of versions">
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Digest</th>
              <th scope="col" className="num">Rows</th>
              <th scope="col" className="num wide">Columns</th>
              <th scope="col" className="num wide">Size</th>
              <th scope="col" className="num">Runs</th>
              <th scope="col" className="wide">Used for</th>
              <th scope="col" className="wide">First used</th>
              <th scope="col">Last used</th>
              <th scope="col">Compare</th>
            </tr>
          </thead>
          <tbody>
            {found.versions.map((version) => {
              const { digest, profile = "", schema = "" } = version.dataset;
              const size = sizeOf(profile);
              const columns = columnsOf(schema).length || size.columns;
              return (
                <tr key={digest} aria-current={version === chosen ? "true" : undefined}>
                  <td>
                    <Link to="/data/$name" params={{ name: found.name }} search={{ version: digest }} className="row-link mono">
                      {digest}
                    </Link>
                  </td>
                  <td className="num">{size.rows?.toLocaleString("en") ?? ""}</td>
                  <td className="num wide">{columns?.toLocaleString("en") ?? ""}</td>
                  <td className="num wide">{size.bytes === null ? "" : formatBytes(size.bytes)}</td>
                  <td className="num">{version.runs.toLocaleString("en")}</td>
                  <td className="wide"><Contexts names={version.contexts ?? []} /></td>
                  <td className="muted wide"><Ago time={version.first_used} /></td>
                  <td className="muted"><Ago time={version.last_used} /></td>
                  <td>
                    {version === chosen ? (
                      <span className="muted small">shown</span>
                    ) : (
                      <button
                        type="button"
                        className={version === other ? "button quiet on" : "button quiet"}
                        aria-label={version === other ? `Stop comparing ${digest}` : `Compare ${digest} with ${chosen.dataset.digest}`}
                        onClick={() => against(version)}
                      >
                        {version === other ? "Stop" : "Compare"}
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Difference({ before, after }: { before: DatasetVersion; after: DatasetVersion }) {
  const columns = changes(columnPairs(before.dataset.schema ?? ""), columnPairs(after.dataset.schema ?? ""));
  const sizes = changes(profileLines(before.dataset.profile ?? ""), profileLines(after.dataset.profile ?? ""));
  const place = changes([["source", placeOf(before.dataset.source)]], [["source", placeOf(after.dataset.source)]]);
  return (
    <Card title={`From ${before.dataset.digest} to ${after.dataset.digest}`}>
      {columns.length + sizes.length + place.length === 0 ? (
        <p className="muted pad">Columns, sizes and source are the same; only the content differs.</p>
      ) : (
        <>
          <Changes title="Columns" found={columns} />
          <Changes title="Profile" found={sizes} />
          <Changes title="Source" found={place} />
        </>
      )}
    </Card>
  );
}

function Changes({ title, found }: { title: string; found: readonly Change[] }) {
  if (found.length === 0) return null;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={`Changes: ${title}`}>
      <table className="list compact changes">
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col">Change</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {found.map((change) => (
            <tr key={change.name}>
              <td>{change.name}</td>
              <td>
                {change.before === null ? (
                  <span className="state ok">+ added</span>
                ) : change.after === null ? (
                  <span className="state err">− removed</span>
                ) : (
                  <span className="state info">~ changed</span>
                )}
              </td>
              <td className="mono">{change.before}</td>
              <td className="mono">{change.after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Schema({ version }: { version: DatasetVersion }) {
  const columns = columnsOf(version.dataset.schema ?? "");
  return (
    <Card title="Columns" count={columns.length}>
      {columns.length === 0 ? (
        <p className="muted pad">Nothing of its columns is known.</p>
      ) : (
        <dl className="pairs columns" tabIndex={0}>
          {columns.map(({ name, type }) => (
            <div key={name}>
              <dt className="ellipsis" title={name}>{name}</dt>
              <dd>{type}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

function UsedBy({ version }: { version: DatasetVersion }) {
  const { name, digest } = version.dataset;
  const used = useQuery(lineageQuery(uriOf(version), 0, 1, 10));
  const experiments = useQuery(experimentsQuery(""));
  const names = new Map(experiments.data?.experiments.map((each) => [each.experiment_id, each.name]));
  const runs = used.data?.root === uriOf(version) ? used.data.nodes.filter((node) => node.kind === "run") : [];
  const q = `datasets.name = ${quote(name)} AND datasets.digest = ${quote(digest)}`;
  return (
    <Card title="Used by runs" count={version.runs}>
      {used.isError ? (
        <Failure what="The runs could not be listed." error={used.error} retry={() => void used.refetch()} />
      ) : !used.data ? (
        <SkeletonRows rows={4} />
      ) : (
        <ul className="rows">
          {runs.map((run) => {
            const mark = stateMark(run.state);
            return (
              <li key={run.id}>
                <Link to="/runs/$runId" params={{ runId: run.id.slice("runs:/".length) }} className="link ellipsis">
                  {run.label}
                </Link>
                {mark && <span className={`state ${mark.tone}`}>{mark.word}</span>}
              </li>
            );
          })}
        </ul>
      )}
      <div className="used-in">
        {(version.experiment_ids ?? []).map((experimentId) => (
          <Link key={experimentId} to="/experiments/$experimentId" params={{ experimentId }} search={{ q }} className="button">
            All of {names.get(experimentId) ?? `experiment ${experimentId}`}
          </Link>
        ))}
      </div>
    </Card>
  );
}

function Source({ version }: { version: DatasetVersion }) {
  const { source, source_type } = version.dataset;
  return <Pairs title="Source" pairs={[["kind", source_type], ["place", placeOf(source)]].filter(([, value]) => value) as [string, string][]} empty="Where it came from was not said." />;
}

function uriOf(version: DatasetVersion): string {
  return `datasets:/${version.dataset.name}/${version.dataset.digest}`;
}

function ways({ dataset, experiment_ids }: DatasetVersion) {
  const filter = `datasets.name = ${quote(dataset.name)} AND datasets.digest = ${quote(dataset.digest)}`;
  const ids = JSON.stringify(experiment_ids ?? []);
  return {
    python: `import treering\n\ntreering.set_tracking_uri(${JSON.stringify(location.origin)})\nruns = treering.search_runs(${ids}, ${JSON.stringify(filter)})`,
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering lineage '${`datasets:/${dataset.name}/${dataset.digest}`.replaceAll("'", `'\\''`)}'`,
    rest: `curl -X POST ${location.origin}/api/v1/datasets/overview \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify({ name: dataset.name }).replaceAll("'", `'\\''`)}'`,
  };
}
