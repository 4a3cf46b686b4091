/** Data: what the repository tracks, and the datasets that runs recorded. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { datasetsQuery } from "../api/datasets";
import { repositoryQuery, trackedQuery } from "../api/repository";
import type { NamedDataset } from "../api/types";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { Ago } from "../components/marks";
import { NoRepository } from "../components/repository/begin";
import { TrackedData } from "../components/repository/trackedlist";
import { SearchField } from "../components/searchfield";
import { placeOf, sizeOf } from "../lib/dataset";
import { formatBytes } from "../lib/format";
import "../styles/data.css";
import "../styles/repository.css";

const LOG = `import pandas
import treering

frame = pandas.read_csv("wine.csv")
data = treering.data.from_pandas(frame, source="wine.csv", name="wine")
with treering.start_run():
    treering.log_input(data, context="train")`;

const TABS = { tracked: "Tracked by the repository", recorded: "Recorded by runs" } as const;
type DataTab = keyof typeof TABS;

export function DataPage() {
  const search = useSearch({ from: "/data" });
  const navigate = useNavigate({ from: "/data" });
  const repository = useQuery(repositoryQuery);
  const tracked = useQuery({ ...trackedQuery(), enabled: repository.data?.found === true });
  const datasets = useQuery(datasetsQuery);
  const counts = { tracked: tracked.data?.outputs.length, recorded: datasets.data?.datasets.length };
  const tab = tabOf(search.tab, counts, repository.isPending || tracked.isLoading || datasets.isPending);
  return (
    <>
      <TopBar>
        <h1>Data</h1>
      </TopBar>
      <nav className="tabs" aria-label="Kinds of data">
        {(Object.keys(TABS) as DataTab[]).map((name) => (
          <Link key={name} to="/data" search={{ tab: name }} activeOptions={{ exact: true, includeSearch: true }} aria-current={tab === name ? "page" : undefined}>
            {TABS[name]}
            {(counts[name] ?? 0) > 0 && <span className="tab-count">{counts[name]}</span>}
          </Link>
        ))}
      </nav>
      {tab === null ? (
        <SkeletonRows rows={6} />
      ) : tab === "recorded" ? (
        <Recorded />
      ) : repository.isError || tracked.isError ? (
        <Failure
          what="What the repository tracks could not be listed."
          error={repository.error ?? tracked.error}
          retry={() => void Promise.all([repository.refetch(), tracked.refetch()])}
        />
      ) : repository.data && !repository.data.found ? (
        <div className="page" tabIndex={0}>
          <NoRepository info={repository.data} what="tracked data" />
        </div>
      ) : !repository.data || !tracked.data ? (
        <SkeletonRows rows={6} />
      ) : (
        <TrackedData
          info={repository.data}
          all={tracked.data.outputs}
          truncated={tracked.data.truncated}
          problems={tracked.data.problems}
          search={search}
          onSearch={(next) => void navigate({ search: next, replace: true })}
        />
      )}
    </>
  );
}

/** The tab that is asked for; else the one that has something, once that is known. */
function tabOf(asked: string | undefined, counts: Record<DataTab, number | undefined>, pending: boolean): DataTab | null {
  if (asked === "tracked" || asked === "recorded") return asked;
  if (counts.tracked) return "tracked";
  if (pending) return null;
  return counts.recorded ? "recorded" : "tracked";
}

function Recorded() {
  const { q = "", tab = "" } = useSearch({ from: "/data" });
  const navigate = useNavigate({ from: "/data" });
  const query = useQuery(datasetsQuery);
  const all = query.data?.datasets ?? [];
  const found = all.filter((each) => each.name.toLowerCase().includes(q.trim().toLowerCase()));
  const find = (text: string) => void navigate({ search: { ...(tab && { tab }), ...(text && { q: text }) }, replace: true });
  return (
    <>
      {(all.length > 0 || q) && (
        <div className="bar">
          <SearchField label="Search datasets by name" value={q} change={find} />
        </div>
      )}
      <div className="page" tabIndex={0}>
        {query.isError ? (
          <Failure what="The datasets could not be listed." error={query.error} retry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={6} />
        ) : found.length === 0 ? (
          q ? (
            <Empty title={`No dataset has “${q}” in its name.`}>
              <button type="button" className="button" onClick={() => find("")}>
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
