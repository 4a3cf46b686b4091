/** What a model goes by, what its scores and decisions are worth, and how it stands spoilt input. */

import type { Business, Calibration, Dependence, Explanation, Robustness } from "../../lib/evaluation";
import { formatCount, formatNumber } from "../../lib/format";
import { Card } from "../card";
import { Bar, Curves, intervalText } from "./drawing";

const MOST_FEATURES = 15;

export function ImportanceCard({ explanation }: { explanation: Explanation }) {
  const shown = explanation.importances.slice(0, MOST_FEATURES);
  const most = Math.max(0, ...shown.map(({ value }) => Math.abs(value)));
  const left = explanation.importances.length - shown.length;
  return (
    <Card
      title="What the model goes by"
      count={explanation.importances.length}
      actions={
        <span className="muted small">
          {[explanation.method, explanation.metric, formatCount(explanation.rows, "row")].filter(Boolean).join(" · ")}
        </span>
      }
    >
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" className="range-cell">
              <span className="hidden-text">Beside the others</span>
            </th>
            <th scope="col" className="num">
              Importance
            </th>
            <th scope="col" className="num wide">
              Deviation
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ feature, value, deviation }) => (
            <tr key={feature}>
              <td className="main-cell" title={feature}>
                {feature}
              </td>
              <td className="range-cell">
                <Bar value={value} most={most} />
              </td>
              <td className="num">{formatNumber(value)}</td>
              <td className="num muted wide">{deviation > 0 && `± ${formatNumber(deviation)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(left > 0 || explanation.notes.length > 0) && (
        <p className="muted pad small">
          {left > 0 && `${formatCount(left, "feature")} matter less. `}
          {explanation.notes.join(" ")}
        </p>
      )}
    </Card>
  );
}

export function DependenceCard({ dependences }: { dependences: readonly Dependence[] }) {
  return (
    <Card title="How predictions go with a feature" count={dependences.length}>
      <div className="curve-grid">
        {dependences.map((item) => (
          <Curves
            key={`${item.feature} ${item.output}`}
            {...placed(item)}
            across={item.feature}
            up={item.output || "prediction"}
            label={`The mean prediction by ${item.feature}: from ${said(item, 0)} to ${said(item, item.mean.length - 1)}.`}
          />
        ))}
      </div>
    </Card>
  );
}

/** Words stand beside each other as they come, and nothing lies between them. */
function placed({ values, mean }: Dependence) {
  if (values.every((value) => typeof value === "number")) {
    return { lines: [{ points: mean.map((value, index) => [values[index] ?? NaN, value] as const) }] };
  }
  return { lines: [{ points: mean.map((value, index) => [index, value] as const), dots: "alone" as const }], names: values.map(String) };
}

function said({ values, mean }: Dependence, at: number): string {
  return `${formatNumber(mean[at] ?? NaN)} at ${values[at] ?? ""}`;
}

export function CalibrationCard({ calibration }: { calibration: readonly Calibration[] }) {
  return (
    <Card title="Are scores probabilities?">
      <div className="curve-grid">
        {calibration.map((item) => (
          <figure key={item.label}>
            <Curves
              lines={[
                { points: [[0, 0], [1, 1]], quiet: true },
                { points: item.bins.map(({ predicted, observed }) => [predicted, observed] as const), dots: "joined" },
              ]}
              across={item.label ? `foretold for ${item.label}` : "foretold"}
              up="observed"
              square
              label={`Foretold and observed shares lie ${formatNumber(item.expectedError)} apart on average.`}
            />
            <figcaption className="muted small">
              apart by {formatNumber(item.expectedError)} on average · Brier score {formatNumber(item.brier)}
            </figcaption>
          </figure>
        ))}
      </div>
    </Card>
  );
}

export function BusinessCard({ business }: { business: Business }) {
  const facts: [string, string][] = [
    ["worth of a row", `${formatNumber(business.value.value)} ${parenthesised(intervalText(business.value))}`],
    ["as the model decides by itself", formatNumber(business.current.value)],
    ["with one decision for all", formatNumber(business.alternative)],
    ["all rows", formatNumber(business.total)],
  ];
  if (Number.isFinite(business.threshold)) facts.unshift(["best threshold", formatNumber(business.threshold)]);
  if (Number.isFinite(business.roi)) facts.push(["return on its cost", formatNumber(business.roi)]);
  return (
    <Card title="What decisions are worth">
      <dl className="pairs plain">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {business.matrix.length > 0 && <WorthTable business={business} />}
      {business.curve.length > 1 && (
        <div className="curve-grid">
          <Curves
            lines={[{ points: business.curve }]}
            across="threshold"
            up="worth of a row"
            mark={business.threshold}
            label={`The worth of a row by threshold; it is greatest at ${formatNumber(business.threshold)}.`}
          />
        </div>
      )}
    </Card>
  );
}

/** What everything else here is reckoned with. */
function WorthTable({ business: { labels, matrix } }: { business: Business }) {
  return (
    <div className="scrolls" tabIndex={0}>
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">A row is worth</th>
            {labels.map((label) => (
              <th key={label} scope="col" className="num">
                foretold {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, index) => (
            <tr key={index}>
              <td>where {labels[index] ?? index} is true</td>
              {row.map((worth, at) => (
                <td key={at} className="num">
                  {formatNumber(worth)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function parenthesised(text: string): string {
  return text ? `(${text})` : "";
}

export function RobustnessCard({ robustness }: { robustness: Robustness }) {
  const most = Math.max(0, ...robustness.probes.map(({ change }) => (Number.isFinite(change) ? Math.abs(change) : 0)));
  return (
    <Card
      title="On spoilt input"
      count={robustness.probes.length}
      actions={
        <span className="muted small">
          {robustness.metric} is {formatNumber(robustness.value)} on {formatCount(robustness.rows, "sound row")}
        </span>
      }
    >
      <div className="scrolls" tabIndex={0}>
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">What was done</th>
              <th scope="col" className="num">
                {robustness.metric}
              </th>
              <th scope="col" className="num">
                Change
              </th>
              <th scope="col" className="range-cell">
                <span className="hidden-text">Beside the others</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {robustness.probes.map((probe) => {
              const worse = robustness.greaterIsBetter ? probe.change < 0 : probe.change > 0;
              return (
                <tr key={probe.name}>
                  <td className="wrap">{probe.name}</td>
                  {Number.isNaN(probe.value) ? (
                    <td className="wrap muted" colSpan={3}>
                      {probe.reason || "The model gave no answer."}
                    </td>
                  ) : (
                    <>
                      <td className="num">{formatNumber(probe.value)}</td>
                      <td className="num">
                        {probe.change > 0 ? "+" : ""}
                        {formatNumber(probe.change)}
                      </td>
                      <td className="range-cell">
                        <Bar value={probe.change} most={most} tone={worse ? "err" : "ok"} />
                      </td>
                    </>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {robustness.notes.length > 0 && <p className="muted pad small">{robustness.notes.join(" ")}</p>}
    </Card>
  );
}
