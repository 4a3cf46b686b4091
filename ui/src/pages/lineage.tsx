/** Lineage: a place to start, and the graph around it. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useDeferredValue } from "react";
import { datasetsQuery } from "../api/datasets";
import { experimentsQuery } from "../api/experiments";
import { recentRunsQuery } from "../api/lineage";
import { modelsQuery } from "../api/models";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { Card } from "../components/card";
import { CodeButton } from "../components/codeways";
import { TopBar } from "../components/frame";
import { Lineage } from "../components/lineage";
import { Ago } from "../components/marks";
import { isAddress } from "../lib/graph";
import "../styles/run.css";

const DEPTHS = [0, 1, 2, 3, 5, 8];
const SHOWN = 12;
const LOG = `import treering

with treering.start_run():
    treering.log_input(treering.data.from_pandas(frame, name="wine"), context="train")
    treering.sklearn.log_model(model, name="forest", registered_model_name="wine")`;

export function LineagePage() {
  const { uri = "", q = "", up, down } = useSearch({ from: "/lineage" });
  const navigate = useNavigate({ from: "/lineage" });
  const [above, below] = [depth(up), depth(down)];
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("start") ?? "").trim();
    void navigate({ search: isAddress(text) ? { uri: text } : text ? { q: text } : {} });
  };
  return (
    <>
      <TopBar actions={uri ? <CodeButton title="This lineage in code" ways={ways(uri, above, below)} /> : undefined}>
        <h1>Lineage</h1>
        {uri && <span className="detail ellipsis">{uri}</span>}
      </TopBar>
      <form className="bar wrap" onSubmit={start} role="search">
        {/* The key renews the field when the address changes by other means. */}
        <input
          key={uri || q}
          type="search"
          name="start"
          className="field grow"
          aria-label="Start of the lineage: an address, or a part of a name"
          placeholder="runs:/…, models:/name@alias, datasets:/name/digest, or a part of a name"
          defaultValue={uri || q}
          onChange={(event) => {
            const text = event.target.value;
            if (!uri && !isAddress(text)) void navigate({ search: text ? { q: text } : {}, replace: true });
          }}
        />
        <button type="submit" className="button">
          Show
        </button>
        {uri && (
          <>
            <Depth name="Up" value={above} change={(value) => void navigate({ search: (now) => ({ ...now, up: value }), replace: true })} />
            <Depth name="Down" value={below} change={(value) => void navigate({ search: (now) => ({ ...now, down: value }), replace: true })} />
          </>
        )}
      </form>
      {uri ? <Lineage uri={uri} up={above} down={below} whole /> : <Starts text={q} />}
    </>
  );
}

function Depth({ name, value, change }: { name: string; value: number; change: (value: string) => void }) {
  return (
    <label className="depth">
      {name}
      <select className="field" value={value} aria-label={`Steps ${name.toLowerCase()}`} onChange={(event) => change(event.target.value)}>
        {[...new Set([...DEPTHS, value])].sort((a, b) => a - b).map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where one may begin. */
function Starts({ text }: { text: string }) {
  const wanted = useDeferredValue(text.trim());
  const datasets = useQuery(datasetsQuery);
  const models = useQuery(modelsQuery(wanted));
  const experiments = useQuery(experimentsQuery(""));
  const ids = experiments.data?.experiments.slice(0, 100).map((each) => each.experiment_id) ?? [];
  const runs = useQuery(recentRunsQuery(wanted, ids));
  const failed = [datasets, models, experiments, runs].find((query) => query.isError);
  if (failed) return <Failure what="The places to start could not be listed." error={failed.error} retry={() => void failed.refetch()} />;
  if (!datasets.data || !models.data || !experiments.data || (ids.length > 0 && !runs.data)) return <SkeletonRows rows={8} />;
  const named = datasets.data.datasets.filter((each) => each.name.toLowerCase().includes(wanted.toLowerCase())).slice(0, SHOWN);
  const registered = models.data.models.filter((each) => (each.latest_versions ?? []).length > 0).slice(0, SHOWN);
  const recent = runs.data?.runs ?? [];
  if (named.length + registered.length + recent.length === 0) return <Nothing text={wanted} />;
  return (
    <div className="page starts" tabIndex={0}>
      <Card title="Datasets">
        <StartList empty="None.">
          {named.map((each) => (
            <li key={each.name}>
              <Start uri={`datasets:/${each.name}/${each.versions[0]?.dataset.digest ?? ""}`} label={each.name} />
              <span className="muted small">{each.runs.toLocaleString("en")} {each.runs === 1 ? "run" : "runs"}</span>
            </li>
          ))}
        </StartList>
      </Card>
      <Card title="Models">
        <StartList empty="None.">
          {registered.map((each) => {
            const version = Math.max(...(each.latest_versions ?? []).map((one) => one.version));
            return (
              <li key={each.name}>
                <Start uri={`models:/${each.name}/${version}`} label={each.name} />
                <span className="muted small">v{version}</span>
              </li>
            );
          })}
        </StartList>
      </Card>
      <Card title="Runs, the newest">
        <StartList empty="None.">
          {recent.map((run) => (
            <li key={run.run_id}>
              <Start uri={`runs:/${run.run_id}`} label={run.run_name || run.run_id} />
              <span className="muted small"><Ago time={run.start_time} /></span>
            </li>
          ))}
        </StartList>
      </Card>
    </div>
  );
}

function StartList({ empty, children }: { empty: string; children: ReactNode[] }) {
  return children.length > 0 ? <ul className="rows">{children}</ul> : <p className="muted pad">{empty}</p>;
}

function Start({ uri, label }: { uri: string; label: string }) {
  return (
    <Link to="/lineage" search={{ uri }} className="link ellipsis" title={uri}>
      {label}
    </Link>
  );
}

function Nothing({ text }: { text: string }) {
  if (text)
    return (
      <Empty title={`No dataset, model or run has “${text}” in its name.`}>
        <Link to="/lineage" className="button">
          Clear the search
        </Link>
      </Empty>
    );
  return (
    <Empty title="There is no lineage yet.">
      <p>Lineage is drawn from what runs log: the datasets they read, the models they write, the versions registered from these.</p>
      <Snippet label="How to log what leads from data to a model" code={LOG} />
    </Empty>
  );
}

function ways(uri: string, up: number, down: number) {
  const quoted = /^[\w:/@.-]+$/.test(uri) ? uri : `'${uri.replaceAll("'", `'\\''`)}'`;
  const query = new URLSearchParams({ uri, up: String(up), down: String(down) });
  return {
    python: `import treering\n\ntreering.set_tracking_uri(${JSON.stringify(location.origin)})\ngraph = treering.lineage(${JSON.stringify(uri)}, up=${up}, down=${down})\nfor edge in graph.edges:\n    print(edge.source, edge.kind, edge.target)`,
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering lineage ${quoted} --up ${up} --down ${down}`,
    rest: `curl '${location.origin}/api/v1/lineage?${query}'`,
  };
}

function depth(text: string | undefined): number {
  const value = Number(text ?? 3);
  return Number.isInteger(value) && value >= 0 && value <= 20 ? value : 3;
}
