/** Details of one thing in a lineage: what it is, the little that tells most of it, and where to go from here. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { datasetQuery } from "../api/datasets";
import { repositoryQuery, trackedQuery } from "../api/repository";
import { loggedModelQuery, modelQuery } from "../api/models";
import { runQuery } from "../api/runs";
import { isSystem, rankMetrics } from "../lib/columns";
import { placeOf, sizeOf } from "../lib/dataset";
import { formatBytes, formatNumber, formatParam, toFloat } from "../lib/format";
import { type GraphNode, kindWord, stateMark, type Thing, thingAt } from "../lib/graph";
import { CopyButton, CopyId } from "./copy";
import { Icon } from "./icons";
import { Ago } from "./marks";

const SHOWN = 6;
/** What the short text below a thing's name is. */
const DETAILS: Record<string, string> = { dataset: "Digest", run: "User", code: "Repository", deployment: "Target" };

export function ThingPanel(props: { node: GraphNode; root: string; expand: (direction: "up" | "down") => void; close: () => void }) {
  const { node, root, expand, close } = props;
  const thing = thingAt(node.id);
  const mark = stateMark(node.state);
  return (
    <section className="lineage-panel" aria-label={`${kindWord(node.kind)} ${node.label}`} tabIndex={0}>
      <div className="head">
        <div>
          <span className="muted small">{kindWord(node.kind)}</span>
          <h2>{node.label}</h2>
        </div>
        <button type="button" className="button quiet icon" aria-label="Close the details" onClick={close}>
          <Icon name="cross" />
        </button>
      </div>
      {mark && (
        <span className={`state ${mark.tone}`}>
          <Icon name={mark.icon} size={14} />
          {mark.word}
        </span>
      )}
      <div className="buttons">
        <PageLink thing={thing} />
        {thing?.kind === "code" && <CopyButton text={thing.commit} label="Copy the commit" />}
        {thing?.kind === "dataset" && <TrackedLink name={thing.name} />}
        {node.id !== root && (
          <Link to="/lineage" search={{ uri: node.id }} className="button">
            Start from here
          </Link>
        )}
        {node.more_up > 0 && (
          <button type="button" className="button" onClick={() => expand("up")}>
            Show {node.more_up.toLocaleString("en")} more that it came of
          </button>
        )}
        {node.more_down > 0 && (
          <button type="button" className="button" onClick={() => expand("down")}>
            Show more of {node.more_down.toLocaleString("en")} that came of it
          </button>
        )}
      </div>
      <dl className="lineage-facts">
        {node.detail && <Fact name={DETAILS[node.kind] ?? "Marks"}>{node.detail}</Fact>}
        {node.at !== null && <Fact name={node.kind === "run" ? "Started" : "Created"}><Ago time={node.at} /></Fact>}
        {node.state !== "missing" && <Details thing={thing} />}
        <Fact name="Address">
          <CopyId id={node.id} what="address" />
        </Fact>
      </dl>
    </section>
  );
}

function PageLink({ thing }: { thing: Thing }) {
  switch (thing?.kind) {
    case "run":
      return <Link to="/runs/$runId" params={{ runId: thing.runId }} className="button primary">Open the run</Link>;
    case "dataset":
      return <Link to="/data/$name" params={{ name: thing.name }} search={{ version: thing.digest }} className="button primary">Open the dataset</Link>;
    case "model_version":
      return (
        <Link to="/models/$name/versions/$version" params={{ name: thing.name, version: thing.version }} className="button primary">
          Open the version
        </Link>
      );
    case "deployment":
      return <Link to="/deployments/$name" params={{ name: thing.name }} className="button primary">Open the deployment</Link>;
    default:
      return null;
  }
}

/** To the path of the repository whose content was recorded under this name. */
function TrackedLink({ name }: { name: string }) {
  const found = useQuery(repositoryQuery).data?.found === true;
  const tracked = useQuery({ ...trackedQuery(), enabled: found }).data;
  const item = tracked?.outputs.find((each) => each.dataset.startsWith(`datasets:/${name}/`));
  if (!item) return null;
  return (
    <Link to="/data/tracked/$" params={{ _splat: item.path }} className="button">
      Versions of {item.path}
    </Link>
  );
}

function Details({ thing }: { thing: Thing }) {
  switch (thing?.kind) {
    case "run":
      return <RunFacts runId={thing.runId} />;
    case "dataset":
      return <DatasetFacts name={thing.name} digest={thing.digest} />;
    case "logged_model":
      return <ModelFacts modelId={thing.modelId} />;
    case "model_version":
      return <VersionFacts name={thing.name} />;
    case "code":
      return (
        <>
          <Fact name="Commit">
            <code>{thing.commit}</code>
          </Fact>
          <Fact name="What it is">The version of the code that runs were started from, as git knows it.</Fact>
        </>
      );
    default:
      return null;
  }
}

function RunFacts({ runId }: { runId: string }) {
  const run = useQuery({ ...runQuery(runId), retry: false }).data;
  if (!run) return null;
  const metrics = rankMetrics([run]).filter((key) => !isSystem(key)).slice(0, SHOWN);
  const params = Object.entries(run.params).slice(0, SHOWN);
  return (
    <>
      {metrics.map((key) => (
        <Fact key={`metric ${key}`} name={key}>{formatNumber(toFloat(run.metrics[key]!.last))}</Fact>
      ))}
      {params.map(([key, value]) => (
        <Fact key={`param ${key}`} name={key}>{formatParam(value.slice(0, 80))}</Fact>
      ))}
    </>
  );
}

function DatasetFacts({ name, digest }: { name: string; digest: string }) {
  const found = useQuery({ ...datasetQuery(name), retry: false }).data?.versions.find((each) => each.dataset.digest === digest);
  if (!found) return null;
  const size = sizeOf(found.dataset.profile ?? "");
  return (
    <>
      {size.rows !== null && <Fact name="Rows">{size.rows.toLocaleString("en")}</Fact>}
      {size.bytes !== null && <Fact name="Size">{formatBytes(size.bytes)}</Fact>}
      <Fact name="Used by">{found.runs.toLocaleString("en")} {found.runs === 1 ? "run" : "runs"}</Fact>
      <Fact name="Last used"><Ago time={found.last_used} /></Fact>
      <Fact name="Source">{placeOf(found.dataset.source)}</Fact>
    </>
  );
}

function ModelFacts({ modelId }: { modelId: string }) {
  const model = useQuery({ ...loggedModelQuery(modelId), retry: false }).data;
  if (!model) return null;
  return (
    <>
      {model.source_run_id && (
        <Fact name="Run">
          <Link to="/runs/$runId" params={{ runId: model.source_run_id }} search={{ tab: "artifacts" }} className="link">
            Its files
          </Link>
        </Fact>
      )}
      {Object.entries(model.params).slice(0, SHOWN).map(([key, value]) => (
        <Fact key={key} name={key}>{formatParam(value.slice(0, 80))}</Fact>
      ))}
    </>
  );
}

function VersionFacts({ name }: { name: string }) {
  const model = useQuery({ ...modelQuery(name), retry: false }).data;
  // Descriptions are Markdown; the first line of prose says what the model is for.
  const line = model?.description?.split("\n").find((each) => /^\w/.test(each.trim()));
  return line ? <Fact name="Model">{line}</Fact> : null;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="ellipsis" title={name}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
