/** Registered models: found by name, made, and opened. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { createModel, deleteModel, modelsQuery, touchedBy } from "../api/models";
import type { RegisteredModel } from "../api/types";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { CodeButton } from "../components/codeways";
import { TextDialog } from "../components/forms";
import { TopBar } from "../components/frame";
import { Ago, Stage } from "../components/marks";
import { SearchField } from "../components/searchfield";
import { useCommands } from "../lib/commands";
import { useEdit } from "../lib/edits";
import { formatCount } from "../lib/format";
import { isReserved } from "../lib/tags";
import "../styles/experiments.css";

const REGISTER = `import treering

treering.register_model("runs:/<run id>/model", "churn")`;

const SORTS = ["name", "changed"] as const;

export function ModelsPage() {
  const { q = "", sort = "name" } = useSearch({ from: "/models" }) as { q?: string; sort?: string };
  const navigate = useNavigate({ from: "/models" });
  const query = useQuery(modelsQuery(useDeferredValue(q)));
  const found = useMemo(() => query.data?.models ?? [], [query.data]);
  const by = SORTS.find((item) => item === sort.replace(/^-/, "")) ?? "name";
  const descending = sort.startsWith("-");
  const shown = useMemo(() => {
    const way = descending ? -1 : 1;
    return [...found].sort((a, b) =>
      by === "name"
        ? way * a.name.localeCompare(b.name, undefined, { numeric: true })
        : way * (changed(a) - changed(b)) || a.name.localeCompare(b.name),
    );
  }, [found, by, descending]);
  const [asking, setAsking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const edit = useEdit();
  useCommands([
    { id: "new model", label: "New model", group: "Models", keys: "n", run: () => setAsking(true) },
    { id: "find model", label: "Search by name", group: "Models", keys: "/", run: () => field.current?.focus() },
  ]);
  const change = (part: Record<string, string>) => {
    const all = { q, sort: sort === "name" ? "" : sort, ...part };
    void navigate({ search: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")), replace: true });
  };
  const head = (key: (typeof SORTS)[number], label: string, className = "") => (
    <th scope="col" className={className} aria-sort={by === key ? (descending ? "descending" : "ascending") : undefined}>
      <button
        type="button"
        className="sort"
        onClick={() => change({ sort: by === key ? (descending ? key : `-${key}`) : key === "name" ? "" : `-${key}` })}
      >
        {label}
        {by === key && <span aria-hidden="true"> {descending ? "↓" : "↑"}</span>}
      </button>
    </th>
  );
  return (
    <>
      <TopBar
        actions={
          <span className="bar-buttons">
            <CodeButton title="List and register models" ways={ways()} />
            <button type="button" className="button primary" onClick={() => setAsking(true)}>
              New model
            </button>
          </span>
        }
      >
        <h1>Models</h1>
        {query.data && <span className="detail">{formatCount(query.data.total ?? found.length, "model")}</span>}
      </TopBar>
      <div className="bar">
        <SearchField field={field} label="Search models by name" value={q} change={(text) => change({ q: text })} />
      </div>
      <div className="page" tabIndex={0}>
        {query.isError && !query.data ? (
          <Failure what="The models could not be listed." error={query.error} retry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={6} />
        ) : shown.length === 0 ? (
          q ? (
            <Empty title={`No model has “${q}” in its name.`}>
              <button type="button" className="button" onClick={() => change({ q: "" })}>
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
                {head("name", "Name")}
                <th scope="col">Newest</th>
                <th scope="col">Aliases</th>
                <th scope="col" className="wide">
                  Stages
                </th>
                <th scope="col" className="wide">
                  Tags
                </th>
                {head("changed", "Last change", "wide")}
              </tr>
            </thead>
            <tbody>
              {shown.map((model) => (
                <Row key={model.name} model={model} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {asking && (
        <TextDialog
          title="New model"
          label="Name"
          button="Create"
          close={() => setAsking(false)}
          hint={<p className="muted small">Versions are registered under it, from runs or from logged models. No “/” and no “:”.</p>}
          save={async (text) => {
            const name = text.trim();
            await edit({
              said: `Created ${name}.`,
              act: () => createModel(name),
              undo: () => deleteModel(name),
              touches: touchedBy(name),
            });
            void navigate({ to: "/models/$name", params: { name } });
          }}
        />
      )}
    </>
  );
}

function Row({ model }: { model: RegisteredModel }) {
  const latest = model.latest_versions ?? [];
  const newest = latest.length === 0 ? null : Math.max(...latest.map((item) => item.version));
  const aliases = Object.entries(model.aliases ?? {}).sort(([a], [b]) => a.localeCompare(b));
  const own = Object.entries(model.tags ?? {}).filter(([key]) => !isReserved(key));
  return (
    <tr>
      <td className="main-cell">
        <span className="name-line">
          <Link to="/models/$name" params={{ name: model.name }} className="row-link ellipsis" title={model.name}>
            {model.name}
          </Link>
          {model.description && <span className="muted ellipsis small wide">{plain(model.description)}</span>}
        </span>
      </td>
      <td>
        {newest === null ? (
          <span className="muted">none</span>
        ) : (
          <Link to="/models/$name/versions/$version" params={{ name: model.name, version: String(newest) }} className="link">
            v{newest}
          </Link>
        )}
      </td>
      <td>
        <span className="chips">
          {aliases.slice(0, 2).map(([alias, version]) => (
            <span key={alias} className="chip accent">
              @{alias} → v{version}
            </span>
          ))}
          {aliases.length > 2 && (
            <span className="muted small" title={aliases.map(([alias, version]) => `@${alias} → v${version}`).join(", ")}>
              +{aliases.length - 2}
            </span>
          )}
        </span>
      </td>
      <td className="wide">
        <span className="chips">
          {latest
            .filter((item) => item.stage === "Production" || item.stage === "Staging")
            .map((item) => (
              <span key={item.version} className="chip">
                <Stage stage={item.stage} />
                &nbsp;v{item.version}
              </span>
            ))}
        </span>
      </td>
      <td className="wide">
        <span className="chips">
          {own.slice(0, 3).map(([key, value]) => (
            <span key={key} className="chip">
              <span className="ellipsis">{value ? `${key}: ${value}` : key}</span>
            </span>
          ))}
        </span>
      </td>
      <td className="muted wide">
        <Ago time={changed(model)} />
      </td>
    </tr>
  );
}

/** When the model or one of its newest versions changed. */
function changed(model: RegisteredModel): number {
  return Math.max(model.last_update_time, ...(model.latest_versions ?? []).map((item) => item.last_update_time));
}

/** The first line of a text in Markdown that is no heading, without its marks. */
function plain(text: string): string {
  const line = text.split("\n").find((item) => item.trim() && !item.startsWith("#")) ?? text;
  return line.replace(/[*_`>|]/g, "").trim();
}

function ways() {
  return {
    python: `import treering\n\ntreering.set_tracking_uri("${location.origin}")\ntreering.register_model("runs:/<run id>/model", "churn")\nfor model in treering.search_registered_models():\n    print(model.name)`,
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering registry list\ntreering registry register runs:/RUN_ID/model churn`,
    rest: `curl -X POST ${location.origin}/api/v1/registered-models/search -H 'content-type: application/json' -d '{}'`,
  };
}
