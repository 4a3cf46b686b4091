/** Registered models. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { modelsQuery } from "../api/queries";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { Ago } from "../components/marks";
import { formatCount } from "../lib/format";

const REGISTER = `import treering

treering.register_model("runs:/<run id>/model", "churn")`;

export function ModelsPage() {
  const { q = "" } = useSearch({ from: "/models" });
  const navigate = useNavigate({ from: "/models" });
  const query = useQuery(modelsQuery(useDeferredValue(q)));
  const found = query.data?.models ?? [];
  return (
    <>
      <TopBar>
        <h1>Models</h1>
        {query.data && <span className="detail">{formatCount(query.data.total ?? found.length, "model")}</span>}
      </TopBar>
      <div className="bar">
        <input
          type="search"
          className="field grow"
          aria-label="Search models by name"
          placeholder="Search by name"
          value={q}
          onChange={(event) => void navigate({ search: event.target.value ? { q: event.target.value } : {}, replace: true })}
        />
      </div>
      <div className="page" tabIndex={0}>
        {query.isError ? (
          <Failure what="The models could not be listed." error={query.error} retry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={6} />
        ) : found.length === 0 ? (
          q ? (
            <Empty title={`No model has “${q}” in its name.`}>
              <button type="button" className="button" onClick={() => void navigate({ search: {} })}>
                Clear the search
              </button>
            </Empty>
          ) : (
            <Empty title="No registered models yet.">
              <p>Register the model of a run to give it a name, versions and aliases.</p>
              <Snippet label="How to register a model" code={REGISTER} />
            </Empty>
          )
        ) : (
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Latest</th>
                <th scope="col">Aliases</th>
                <th scope="col" className="wide">
                  Description
                </th>
                <th scope="col" className="wide">
                  Last update
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((model) => (
                <tr key={model.name}>
                  <td className="main-cell">
                    <Link to="/models/$name" params={{ name: model.name }} className="row-link ellipsis">
                      {model.name}
                    </Link>
                  </td>
                  <td>{latest(model.latest_versions ?? [])}</td>
                  <td>
                    <Aliases aliases={model.aliases ?? {}} />
                  </td>
                  <td className="muted wide clip">{model.description}</td>
                  <td className="muted wide">
                    <Ago time={model.last_update_time} />
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

function Aliases({ aliases }: { aliases: Record<string, number> }) {
  return (
    <span className="chips">
      {Object.entries(aliases).map(([alias, version]) => (
        <span key={alias} className="chip accent">
          @{alias} → v{version}
        </span>
      ))}
    </span>
  );
}

function latest(versions: readonly { version: number }[]): string {
  return versions.length === 0 ? "" : `v${Math.max(...versions.map((item) => item.version))}`;
}
