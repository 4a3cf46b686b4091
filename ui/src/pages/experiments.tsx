/** All experiments, the one changed last first. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { experimentsQuery, runCountQuery } from "../api/queries";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { Ago } from "../components/marks";
import { formatCount } from "../lib/format";
import { isReserved } from "../lib/tags";

/** A count is a request for each experiment, so a long list goes without. */
const COUNTED = 20;

export function ExperimentsPage() {
  const { q = "" } = useSearch({ from: "/experiments" });
  const navigate = useNavigate({ from: "/experiments" });
  const query = useQuery({ ...experimentsQuery(useDeferredValue(q)), refetchInterval: 20_000 });
  const found = query.data?.experiments ?? [];
  return (
    <>
      <TopBar>
        <h1>Experiments</h1>
        {query.data && <span className="detail">{formatCount(query.data.total ?? found.length, "experiment")}</span>}
      </TopBar>
      <div className="bar">
        <input
          type="search"
          className="field grow"
          aria-label="Search experiments by name"
          placeholder="Search by name"
          value={q}
          onChange={(event) => void navigate({ search: event.target.value ? { q: event.target.value } : {}, replace: true })}
        />
      </div>
      <div className="page" tabIndex={0}>
        {query.isError ? (
          <Failure what="The experiments could not be listed." error={query.error} retry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={8} />
        ) : found.length === 0 ? (
          q ? (
            <Empty title={`No experiment has “${q}” in its name.`}>
              <button type="button" className="button" onClick={() => void navigate({ search: {} })}>
                Clear the search
              </button>
            </Empty>
          ) : (
            <Empty title="No experiments yet.">
              <p>An experiment is made by the first run that is logged to it.</p>
              <Snippet label="How to log a first run" code={firstRun()} />
            </Empty>
          )
        ) : (
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="num">
                  Runs
                </th>
                <th scope="col">Last update</th>
                <th scope="col" className="wide">
                  Created
                </th>
                <th scope="col" className="wide">
                  Tags
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((experiment) => (
                <tr key={experiment.experiment_id}>
                  <td className="main-cell">
                    <Link
                      to="/experiments/$experimentId"
                      params={{ experimentId: experiment.experiment_id }}
                      className="row-link ellipsis"
                    >
                      {experiment.name}
                    </Link>
                  </td>
                  <td className="num">
                    {found.length <= COUNTED && <RunCount experimentId={experiment.experiment_id} />}
                  </td>
                  <td className="muted">
                    <Ago time={experiment.last_update_time} />
                  </td>
                  <td className="muted wide">
                    <Ago time={experiment.creation_time} />
                  </td>
                  <td className="wide">
                    <Tags tags={experiment.tags ?? {}} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

function RunCount({ experimentId }: { experimentId: string }) {
  const count = useQuery(runCountQuery(experimentId, ""));
  return <>{count.data?.toLocaleString("en")}</>;
}

export function Tags({ tags }: { tags: Record<string, string> }) {
  const own = Object.entries(tags).filter(([key]) => !isReserved(key));
  return (
    <span className="chips">
      {own.slice(0, 4).map(([key, value]) => (
        <span key={key} className="chip" title={`${key}: ${value}`}>
          <span className="ellipsis">{value ? `${key}: ${value}` : key}</span>
        </span>
      ))}
    </span>
  );
}

export function firstRun(experiment = "my experiment"): string {
  return [
    "import treering",
    "",
    `treering.set_tracking_uri(${JSON.stringify(location.origin)})`,
    `treering.set_experiment(${JSON.stringify(experiment)})`,
    "with treering.start_run():",
    '    treering.log_param("lr", 0.001)',
    "    for step in range(100):",
    '        treering.log_metric("loss", 1 / (step + 1), step=step)',
  ].join("\n");
}
