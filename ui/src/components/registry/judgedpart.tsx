/** The last evaluation of a version: that of its model wherever it was made, else what lies in its source run. */

import { useQuery } from "@tanstack/react-query";
import { evaluationsQuery } from "../../api/evaluations";
import { versionUri } from "../../api/models";
import type { ModelVersion } from "../../api/types";
import EvaluationPart, { NotEvaluated } from "../evaluation/part";
import { Failure, SkeletonRows } from "../feedback";

export default function JudgedPart({ version }: { version: ModelVersion }) {
  const query = useQuery(evaluationsQuery(version.name, version.version));
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError) return <Failure what="The evaluations could not be found." error={query.error} retry={() => void query.refetch()} />;
  const uri = versionUri(version.name, version.version);
  const last = query.data[0];
  return last === undefined ? <NotEvaluated modelUri={uri} /> : <EvaluationPart runId={last} modelUri={uri} />;
}
