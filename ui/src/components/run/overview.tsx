/** The first look at a run: everything that is short. */

import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { runVersionsQuery } from "../../api/runpage";
import type { Run } from "../../api/types";
import { sourceTags } from "../../lib/tags";
import { formatDuration, formatTime } from "../../lib/format";
import { Card, Pairs } from "../card";
import { Stage } from "../marks";
import { FirstCharts } from "./charts";
import { MetricsCard } from "./metrics";
import { useRunModels } from "./models";
import { NoteCard } from "./note";
import { ParamsCard } from "./params";
import { Related } from "./related";
import { TagsCard } from "./tags";

export function Overview({ run }: { run: Run }) {
  const source = sourceTags(run.tags);
  return (
    <div className="page tinted" tabIndex={0}>
      <div className="overview">
      <MetricsCard run={run} />
      <ParamsCard run={run} />
      <FirstCharts run={run} />
      <NoteCard run={run} />
      <TagsCard run={run} />
      <Related run={run} />
      <Datasets run={run} />
      <Models run={run} />
      <Versions run={run} />
      <About run={run} />
      {source.length > 0 && <Pairs title="Source and environment" pairs={source} empty="" />}
      </div>
    </div>
  );
}

function About({ run }: { run: Run }) {
  const facts: [string, string][] = [
    ["artifacts", run.artifact_uri],
    ["run id", run.run_id],
    ["started", formatTime(run.start_time)],
    ...(run.end_time === null ? [] : ([["ended", formatTime(run.end_time)], ["took", formatDuration(run.end_time - run.start_time)]] as [string, string][])),
    ["user", run.user_id || "unknown"],
  ];
  return <Pairs title="Run" pairs={facts} empty="" />;
}

function Datasets({ run }: { run: Run }) {
  if (run.datasets.length === 0) return null;
  return (
    <Card title="Datasets" count={run.datasets.length}>
      <ul className="rows">
        {run.datasets.map(({ dataset, tags }) => (
          <li key={`${dataset.name} ${dataset.digest} ${tags?.["mlflow.data.context"]}`} title={dataset.source}>
            <Link to="/data/$name" params={{ name: dataset.name }} className="link ellipsis">
              {dataset.name}
            </Link>
            <code className="muted ellipsis">{dataset.digest}</code>
            <span className="push muted">{tags?.["mlflow.data.context"] ?? ""}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Models({ run }: { run: Run }) {
  const models = useRunModels(run);
  if (models.length === 0) return null;
  return (
    <Card title="Models" count={models.length}>
      <ul className="rows">
        {models.map((model) => (
          <li key={model.model_id}>
            <Link to="/runs/$runId" params={{ runId: run.run_id }} search={{ tab: "artifacts", root: model.model_id }} className="link ellipsis">
              {model.name}
            </Link>
            {(model.registrations as [string, number][]).map(([name, version]) => (
              <Link key={`${name} ${version}`} to="/models/$name" params={{ name }} className="chip accent">
                {name} v{version}
              </Link>
            ))}
            <span className="push muted">{model.status === "READY" ? model.model_type : model.status.toLowerCase()}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Versions({ run }: { run: Run }) {
  const query = useQuery(runVersionsQuery(run.run_id));
  const versions = query.data ?? [];
  if (versions.length === 0) return null;
  return (
    <Card title="Registered versions" count={versions.length}>
      <ul className="rows">
        {versions.map((version) => (
          <li key={`${version.name} ${version.version}`}>
            <Link
              to="/models/$name/versions/$version"
              params={{ name: version.name, version: String(version.version) }}
              className="link ellipsis"
            >
              {version.name} v{version.version}
            </Link>
            {(version.aliases ?? []).map((alias) => (
              <span key={alias} className="chip accent">
                @{alias}
              </span>
            ))}
            <span className="push">
              <Stage stage={version.stage} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
