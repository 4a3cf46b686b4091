/** One evaluation, read from the artifacts of its run. */

import { useQuery } from "@tanstack/react-query";
import { contentUrl, fileTextQuery } from "../../api/artifacts";
import { ApiError } from "../../api/client";
import { type EvaluationRecord, readEvaluation, RECORD_PATH } from "../../lib/evaluation";
import { messageOf } from "../../lib/edits";
import { formatCount } from "../../lib/format";
import { python } from "../../lib/begin";
import { Card } from "../card";
import { Empty, Failure, SkeletonRows, Snippet } from "..";
import { Ago } from "../marks";
import { ChecksCard, MetricsCard, SlicesCard } from "./figures";
import { FairnessCard } from "./fairness";
import { BusinessCard, CalibrationCard, DependenceCard, ImportanceCard, RobustnessCard } from "./insight";
import "../../styles/evaluation.css";
import "../../styles/registry.css";

interface Props {
  runId: string;
  /** What is to be evaluated where nothing was yet. */
  modelUri: string;
}

export default function EvaluationPart({ runId, modelUri }: Props) {
  const uri = `runs:/${runId}`;
  const query = useQuery({ ...fileTextQuery(uri, RECORD_PATH), retry: false });
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError) {
    const none = query.error instanceof ApiError && query.error.status === 404;
    if (none) return <NotEvaluated modelUri={modelUri} />;
    return <Failure what="The evaluation could not be read." error={query.error} retry={() => void query.refetch()} />;
  }
  let record: EvaluationRecord;
  try {
    record = readEvaluation(query.data);
  } catch (error) {
    return <Failure what={messageOf(error)} error={error} retry={() => void query.refetch()} />;
  }
  return <Found record={record} uri={uri} />;
}

export function NotEvaluated({ modelUri }: { modelUri: string }) {
  const call = `treering.evaluate(\n    ${python(modelUri)}, data, targets="label", model_type="classifier"\n)`;
  return (
    <div className="page tinted" tabIndex={0}>
      <Empty title="Not evaluated yet.">
        <p>Ask the model about rows whose answer is known; metrics, plots and a model card go into the run:</p>
        <Snippet label="Python" code={`import treering\n\ntreering.set_tracking_uri("${location.origin}")\n${call}`} />
      </Empty>
    </div>
  );
}

function Found({ record, uri }: { record: EvaluationRecord; uri: string }) {
  const pictures = record.files.filter(([, path]) => /\.(png|svg|jpe?g|webp)$/i.test(path));
  return (
    <div className="page two-columns" tabIndex={0}>
      <div className="column">
        <About record={record} />
        {record.checks.length > 0 && <ChecksCard checks={record.checks} />}
        <MetricsCard record={record} />
        {record.slices.length > 0 && <SlicesCard record={record} />}
        {record.fairness.map((report) => (
          <FairnessCard key={report.attribute} report={report} />
        ))}
        {record.robustness && <RobustnessCard robustness={record.robustness} />}
      </div>
      <div className="column">
        {record.business && <BusinessCard business={record.business} />}
        {record.explanation && record.explanation.importances.length > 0 && <ImportanceCard explanation={record.explanation} />}
        {record.explanation && record.explanation.dependences.length > 0 && <DependenceCard dependences={record.explanation.dependences} />}
        {record.calibration.length > 0 && <CalibrationCard calibration={record.calibration} />}
        {pictures.length > 0 && (
          <Card title="Plots" count={pictures.length}>
            <div className="curve-grid">
              {pictures.map(([name, path]) => (
                <figure key={path}>
                  <a href={contentUrl(uri, path)} target="_blank" rel="noreferrer">
                    <img className="evaluation-plot" src={contentUrl(uri, path)} alt={name.replaceAll("_", " ")} loading="lazy" />
                  </a>
                  <figcaption className="muted small">{name.replaceAll("_", " ")}</figcaption>
                </figure>
              ))}
            </div>
          </Card>
        )}
      </div>
    </div>
  );
}

function About({ record }: { record: EvaluationRecord }) {
  return (
    <Card title="Evaluation">
      <dl className="pairs plain">
        <div>
          <dt>model</dt>
          <dd>
            <code className="breaks">{record.modelUri || "predictions that came without a model"}</code>
          </dd>
        </div>
        {record.modelType && (
          <div>
            <dt>kind</dt>
            <dd>{record.modelType}</dd>
          </div>
        )}
        <div>
          <dt>data</dt>
          <dd>
            {record.dataset} <code>{record.digest}</code> · {formatCount(record.rows, "row")}
          </dd>
        </div>
        {record.created > 0 && (
          <div>
            <dt>evaluated</dt>
            <dd>
              <Ago time={record.created} />
            </dd>
          </div>
        )}
      </dl>
    </Card>
  );
}
