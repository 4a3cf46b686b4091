/** Pipelines: stages that need each other, and where each of them stands; and the experiments that were run with them. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { experimentTableQuery, pipelineQuery, repositoryQuery } from "../api/repository";
import { Boundary, Failure, SkeletonRows } from "../components";
import { TopBar } from "../components/frame";
import { NoRepository } from "../components/repository/begin";
import { Experiments } from "../components/repository/experiments";
import { Standing } from "../components/repository/marks";
import { Pipeline } from "../components/repository/pipeline";
import { useCommands } from "../lib/commands";
import "../styles/repository.css";

const VIEWS = { stages: "Stages", experiments: "Experiments" } as const;
type View = keyof typeof VIEWS;

export function PipelinesPage() {
  const search = useSearch({ from: "/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const view: View = search.view === "experiments" ? "experiments" : "stages";
  const repository = useQuery(repositoryQuery);
  const found = repository.data?.found === true;
  const pipeline = useQuery({ ...pipelineQuery(), enabled: found });
  const table = useQuery({ ...experimentTableQuery, enabled: found });
  const trials = table.data?.revisions.filter((row) => row.kind !== "workspace" && row.kind !== "commit").length ?? 0;
  const counts: Record<View, number> = { stages: pipeline.data?.stages.length ?? 0, experiments: trials };
  useCommands([
    ...(Object.keys(VIEWS) as View[]).map((name, at) => ({
      id: `pipelines ${name}`,
      label: `Show ${VIEWS[name].toLowerCase()}`,
      group: "Pipelines",
      keys: String(at + 1),
      run: () => void navigate({ search: name === "stages" ? {} : { view: name } }),
    })),
    {
      id: "refresh repository",
      label: "Look at the working tree anew",
      group: "Pipelines",
      keys: "r",
      run: () => void Promise.all([repository.refetch(), pipeline.refetch(), table.refetch()]),
    },
  ]);
  return (
    <>
      <TopBar>
        <h1>Pipelines</h1>
        {repository.data?.found && <span className="detail ellipsis"><Standing info={repository.data} /></span>}
      </TopBar>
      {repository.isError ? (
        <Failure what="The repository could not be read." error={repository.error} retry={() => void repository.refetch()} />
      ) : !repository.data ? (
        <SkeletonRows rows={8} />
      ) : !found ? (
        <div className="page" tabIndex={0}>
          <NoRepository info={repository.data} what="pipelines" />
        </div>
      ) : (
        <>
          <nav className="tabs" aria-label="Parts of the pipelines">
            {(Object.keys(VIEWS) as View[]).map((name) => (
              <Link
                key={name}
                to="/pipelines"
                search={name === "stages" ? {} : { view: name }}
                activeOptions={{ exact: true, includeSearch: true }}
                aria-current={view === name ? "page" : undefined}
              >
                {VIEWS[name]}
                {counts[name] > 0 && <span className="tab-count">{counts[name]}</span>}
              </Link>
            ))}
          </nav>
          <Boundary key={view} what="This part of the page could not be shown.">
            {view === "stages" ? <Pipeline query={pipeline} /> : <Experiments query={table} head={repository.data.revision} />}
          </Boundary>
        </>
      )}
    </>
  );
}
