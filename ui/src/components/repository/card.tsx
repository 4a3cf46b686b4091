/** The repository on the overview: where it stands, and what of it asks for something. Nothing where the server shows none. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { experimentTableQuery, pipelineQuery, repositoryQuery, trackedQuery } from "../../api/repository";
import { formatCount } from "../../lib/format";
import { wouldRun } from "../../lib/stages";
import { Card } from "../card";
import { Icon } from "../icons";
import { Standing } from "./marks";
import "../../styles/repository.css";

export function RepositoryCard() {
  const repository = useQuery(repositoryQuery);
  const info = repository.data;
  if (!info?.found) return null;
  return (
    <Card title="Repository">
      <div className="repository-card-line">
        <Standing info={info} />
      </div>
      <ul className="rows">
        <DataLine />
        <StagesLine />
        <TrialsLine />
      </ul>
    </Card>
  );
}

function DataLine() {
  const outputs = useQuery(trackedQuery()).data?.outputs;
  const modified = outputs?.filter((item) => item.state === "modified" || item.state === "new" || item.state === "deleted").length ?? 0;
  const missing = outputs?.filter((item) => item.state === "not in cache").length ?? 0;
  return (
    <li>
      <Icon name="data" size={14} />
      <Link to="/data" search={{ tab: "tracked" }}>
        {outputs ? formatCount(outputs.length, "tracked path") : "Tracked data"}
      </Link>
      {modified > 0 && <span className="state warn">{modified.toLocaleString("en")} modified</span>}
      {modified === 0 && missing > 0 && <span className="state info">{missing.toLocaleString("en")} not fetched</span>}
    </li>
  );
}

function StagesLine() {
  const stages = useQuery(pipelineQuery()).data?.stages;
  const due = stages?.filter(wouldRun).length ?? 0;
  const running = stages?.filter((stage) => stage.state === "running").length ?? 0;
  return (
    <li>
      <Icon name="pipeline" size={14} />
      <Link to="/pipelines">{stages ? formatCount(stages.length, "stage") : "Pipelines"}</Link>
      {running > 0 ? (
        <span className="state info">{running.toLocaleString("en")} running</span>
      ) : due > 0 ? (
        <span className="state warn">{due.toLocaleString("en")} would run</span>
      ) : (
        stages && stages.length > 0 && <span className="state ok">up to date</span>
      )}
    </li>
  );
}

function TrialsLine() {
  const rows = useQuery(experimentTableQuery).data?.revisions.filter((row) => row.kind !== "workspace" && row.kind !== "commit");
  const running = rows?.filter((row) => row.kind === "running").length ?? 0;
  const queued = rows?.filter((row) => row.kind === "queued").length ?? 0;
  return (
    <li>
      <Icon name="flask" size={14} />
      <Link to="/pipelines" search={{ view: "experiments" }}>
        {rows ? formatCount(rows.length, "experiment") : "Experiments"}
      </Link>
      {running + queued > 0 && <span className="state info">{running > 0 ? `${running} running` : `${queued} queued`}</span>}
    </li>
  );
}
