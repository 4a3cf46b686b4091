/** What was measured: demands and whether they are met, metrics with their intervals, and the same for parts of the rows. */

import { type ReactNode, useState } from "react";
import { type Check, type Estimate, type EvaluationRecord, spanOf, tally } from "../../lib/evaluation";
import { formatNumber } from "../../lib/format";
import { Card } from "../card";
import { intervalText, Range } from "./drawing";

function Verdict({ passed }: { passed: boolean | null }) {
  if (passed === null) return <span className="state warn">too few rows</span>;
  return passed ? <span className="state ok">passed</span> : <span className="state err">failed</span>;
}

export function ChecksCard({ checks }: { checks: readonly Check[] }) {
  const { passed, failed, open } = tally(checks);
  const words = [`${passed} passed`, failed > 0 && `${failed} failed`, open > 0 && `${open} undecided`].filter(Boolean).join(", ");
  return (
    <Card title="Demands" count={checks.length} actions={<span className="muted small">{words}</span>}>
      <div className="scrolls" tabIndex={0}>
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Demand</th>
              <th scope="col">Outcome</th>
              <th scope="col" className="num">
                Found
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {checks.map((item) => (
              <tr key={`${item.name} ${item.bound}`}>
                <td className="wrap">
                  {item.name} <span className="muted">{item.bound}</span>
                </td>
                <td>
                  <Verdict passed={item.passed} />
                </td>
                <td className="num">{Number.isNaN(item.value) ? "" : formatNumber(item.value)}</td>
                <td className="wrap muted">{item.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

export function MetricsCard({ record }: { record: EvaluationRecord }) {
  const metrics = [...record.metrics];
  const others = new Map(record.comparison?.differences.map((item) => [item.metric, item]));
  const beside = record.comparison && others.size > 0;
  return (
    <Card
      title={beside ? `Metrics beside ${record.comparison?.baseline}` : "Metrics"}
      count={metrics.length}
      actions={<span className="muted small">{Math.round(record.confidence * 100)} % intervals</span>}
    >
      <div className="scrolls" tabIndex={0}>
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" className="num">
                Value
              </th>
              <th scope="col" className="num wide">
                Interval
              </th>
              {beside && (
                <>
                  <th scope="col" className="num">
                    Baseline
                  </th>
                  <th scope="col" className="num">
                    Difference
                  </th>
                  <th scope="col">
                    <span className="hidden-text">Which is better</span>
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {metrics.map(([key, value]) => {
              const other = others.get(key);
              return (
                <tr key={key}>
                  <td className="clip" title={key}>
                    {key}
                  </td>
                  <td className="num strong">{formatNumber(value.value)}</td>
                  <td className="num muted wide">{intervalText(value)}</td>
                  {beside && (
                    <>
                      <td className="num">{other ? formatNumber(other.baseline) : ""}</td>
                      <td className="num" title={other ? intervalText(other.difference) : ""}>
                        {other ? `${other.difference.value > 0 ? "+" : ""}${formatNumber(other.difference.value)}` : ""}
                      </td>
                      <td>{other && <Better better={other.better} />}</td>
                    </>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {beside && (
        <p className="muted pad small">
          {record.comparison?.paired
            ? "Both models were asked about the same rows, so the intervals are of the difference on each row."
            : "The models were asked about different rows: a difference may be one of the data."}
        </p>
      )}
    </Card>
  );
}

function Better({ better }: { better: boolean | null }) {
  if (better === null) return <span className="muted small">rows do not tell</span>;
  return better ? <span className="state ok">better</span> : <span className="state err">worse</span>;
}

/** Metrics that are kept for all slices, the first of which is shown. */
export function SlicesCard({ record }: { record: EvaluationRecord }) {
  const keys = [...new Set(record.slices.flatMap((slice) => [...slice.metrics.keys()]))];
  const [asked, setAsked] = useState("");
  const key = keys.includes(asked) ? asked : (keys.find((name) => record.slices.some((slice) => known(slice.metrics.get(name)))) ?? keys[0]);
  if (key === undefined) return null;
  const whole = record.metrics.get(key);
  const found = record.slices.flatMap((slice) => slice.metrics.get(key) ?? []);
  const span = spanOf(whole ? [...found, whole] : found);
  return (
    <Card
      title="Parts of the data"
      count={record.slices.length}
      actions={
        <select className="field" aria-label="Metric of the parts" value={key} onChange={(event) => setAsked(event.target.value)}>
          {keys.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      }
    >
      <PartsTable label="Part" metric={key}>
        {whole && <Part name="all rows" rows={record.rows} value={whole} span={span} mark={whole.value} />}
        {record.slices.map((slice) => (
          <Part key={slice.name} name={slice.name} rows={slice.rows} value={slice.metrics.get(key)} span={span} mark={whole?.value} />
        ))}
      </PartsTable>
    </Card>
  );
}

function known(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && Number.isFinite(estimate.low);
}

/** Parts of the rows, one below the other, on one scale; the rows are `Part`s. */
export function PartsTable({ label, metric, children }: { label: string; metric: string; children: ReactNode }) {
  return (
    <div className="scrolls" tabIndex={0}>
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">{label}</th>
            <th scope="col" className="num">
              Rows
            </th>
            <th scope="col" className="num">
              {metric}
            </th>
            <th scope="col" className="range-cell">
              <span className="hidden-text">On a scale</span>
            </th>
            <th scope="col" className="num wide">
              Interval
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface PartProps {
  name: string;
  rows: number | null;
  value: Estimate | undefined;
  span: readonly [number, number] | null;
  mark: number | undefined;
}

export function Part({ name, rows, value, span, mark }: PartProps) {
  return (
    <tr>
      <td className="wrap">{name}</td>
      <td className="num">{rows === null ? "few" : rows.toLocaleString("en")}</td>
      <td className="num strong">{value ? formatNumber(value.value) : <span className="muted">–</span>}</td>
      <td className="range-cell">{value && <Range of={value} span={span} mark={mark} />}</td>
      <td className="num muted wide">{value ? intervalText(value) : ""}</td>
    </tr>
  );
}
