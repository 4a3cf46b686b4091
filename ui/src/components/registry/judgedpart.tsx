/** The last evaluation of a version: of its logged model, whichever run made it, else that of its source run. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { loggedModelQuery, versionUri } from "../../api/models";
import { runQuery } from "../../api/runs";
import type { ModelVersion } from "../../api/types";
import { EVALUATED_TAG, isOf } from "../../lib/evaluation";
import { formatTime } from "../../lib/format";
import EvaluationPart, { NotEvaluated } from "../evaluation/part";
import { SkeletonRows } from "../feedback";

/** More evaluations of one model are not looked at. */
const MOST = 20;

export default function JudgedPart({ version }: { version: ModelVersion }) {
  const model = useQuery({ ...loggedModelQuery(version.model_id ?? ""), enabled: Boolean(version.model_id), retry: false });
  const judges = (model.data?.metrics ?? []).map((point) => point.run_id ?? "");
  const ids = [...new Set([version.run_id ?? "", ...judges])].filter(Boolean).slice(0, MOST);
  const runs = useQueries({ queries: ids.map((id) => ({ ...runQuery(id), retry: false })) });
  const [asked, setAsked] = useState("");
  const uri = versionUri(version.name, version.version);
  if ((version.model_id && model.isPending) || runs.some((run) => run.isPending)) return <SkeletonRows rows={8} />;
  const found = runs
    .flatMap(({ data }) => (data && isOf(data.tags[EVALUATED_TAG], data.run_id, version) ? [data] : []))
    .sort((a, b) => (b.start_time ?? 0) - (a.start_time ?? 0));
  const shown = found.find((run) => run.run_id === asked) ?? found[0];
  if (shown === undefined) return <NotEvaluated modelUri={uri} />;
  return (
    <>
      <div className="bar">
        <span className="muted">Evaluated in</span>
        {found.length === 1 ? (
          <Link to="/runs/$runId" params={{ runId: shown.run_id }} search={{ tab: "evaluation" }} className="link">
            {shown.run_name || shown.run_id}
          </Link>
        ) : (
          <select className="field" aria-label="Which evaluation" value={shown.run_id} onChange={(event) => setAsked(event.target.value)}>
            {found.map((run) => (
              <option key={run.run_id} value={run.run_id}>
                {run.run_name || run.run_id} · {formatTime(run.start_time ?? 0)}
              </option>
            ))}
          </select>
        )}
      </div>
      <EvaluationPart key={shown.run_id} runId={shown.run_id} modelUri={uri} />
    </>
  );
}
