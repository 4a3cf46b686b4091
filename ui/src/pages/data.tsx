/** Data: the datasets that runs recorded. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { datasetsQuery } from "../api/datasets";
import type { NamedDataset } from "../api/types";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { Ago } from "../components/marks";
import { placeOf, sizeOf } from "../lib/dataset";
import { formatBytes, formatCount } from "../lib/format";
import "../styles/data.css";

const LOG = `import pandas
import treering

frame = pandas.read_csv("wine.csv")
data = treering.data.from_pandas(frame, source="wine.csv", name="wine")
with treering.start_run():
    treering.log_input(data, context="train")`;

export function DataPage() {
  const { q = "" } = useSearch({ from: "/data" });
  const navigate = useNavigate({ from: "/data" });
  const query = useQuery(datasetsQuery);
  const all = query.data?.datasets ?? [];
  const found = all.filter((each) => each.name.toLowerCase().includes(q.trim().toLowerCase()));
  return (
    <>
      <TopBar>
        <h1>Data</h1>
        {query.data && <span className="detail">{formatCount(all.length, "dataset")}</span>}
      </TopBar>
      <div className="bar">
        <input
          type="search"
          className="field grow"
          aria-label="Search datasets by name"
          placeholder="Search by name"
          value={q}
          onChange={(event) => void navigate({ search: event.target.value ? { q: event.target.value } : {}, replace: true })}
        />
      </div>
      <div className="page" tabIndex={0}>
        {query.isError ? (
          <Failure what="The datasets could not be listed." error={query.error} retry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={6} />
        ) : found.length === 0 ? (
          q ? (
            <Empty title={`No dataset has “${q}” in its name.`}>
              <button type="button" className="button" onClick={() => void navigate({ search: {} })}>
                Clear the search
              </button>
            </Empty>
          ) : (
            <Empty title="No run has recorded a dataset yet.">
              <p>
                Let a run say what it read. Its name, a fingerprint of its content, its columns and its size are kept; the data
                themselves stay where they are.
              </p>
              <Snippet label="How to record a dataset" code={LOG} />
            </Empty>
          )
        ) : (
          <Datasets found={found} />
        )}
        {query.data?.truncated && <p className="muted pad">Only the 1,000 versions that were used last are listed.</p>}
      </div>
    </>
  );
}

function Datasets({ found }: { found: readonly NamedDataset[] }) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" className="num">Versions</th>
          <th scope="col" className="num">Runs</th>
          <th scope="col" className="num wide">Rows</th>
          <th scope="col" className="num wide">Size</th>
          <th scope="col" className="wide">Used for</th>
          <th scope="col" className="wide">Source</th>
          <th scope="col">Last used</th>
        </tr>
      </thead>
      <tbody>
        {found.map((each) => {
          const newest = each.versions[0]?.dataset;
          const size = sizeOf(newest?.profile ?? "");
          return (
            <tr key={each.name}>
              <td className="main-cell">
                <Link to="/data/$name" params={{ name: each.name }} className="row-link ellipsis" title={each.name}>
                  {each.name}
                </Link>
              </td>
              <td className="num">{each.versions.length.toLocaleString("en")}</td>
              <td className="num">{each.runs.toLocaleString("en")}</td>
              <td className="num wide">{size.rows?.toLocaleString("en") ?? ""}</td>
              <td className="num wide">{size.bytes === null ? "" : formatBytes(size.bytes)}</td>
              <td className="wide">
                <Contexts names={[...new Set(each.versions.flatMap((version) => version.contexts ?? []))]} />
              </td>
              <td className="muted wide clip" title={newest?.source}>
                {newest && placeOf(newest.source)}
              </td>
              <td className="muted">
                <Ago time={each.last_used} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function Contexts({ names }: { names: readonly string[] }) {
  return (
    <span className="chips">
      {names.slice(0, 4).map((name) => (
        <span key={name} className="chip">
          {name}
        </span>
      ))}
    </span>
  );
}
