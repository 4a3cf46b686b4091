/** The metrics of a run: last, least and greatest value, how often and when, and the course in small. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sparksQuery } from "../../api/runpage";
import type { Run } from "../../api/types";
import { direction, isSystem, rankMetrics } from "../../lib/columns";
import { formatNumber, toFloat } from "../../lib/format";
import { sparkPath } from "../../lib/spark";
import { Card } from "../card";
import { CopyButton } from "../copy";

const AT_ONCE = 20;
const FILTERED_FROM = 8;
const MOST_SPARKS = 60;
const WIDTH = 72;
const HEIGHT = 20;

export function MetricsCard({ run }: { run: Run }) {
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const ranked = rankMetrics([run]);
  const keys = [...ranked.filter((key) => !isSystem(key)), ...ranked.filter(isSystem)];
  const found = keys.filter((key) => key.toLowerCase().includes(text.trim().toLowerCase()));
  const shown = all ? found : found.slice(0, AT_ONCE);
  const curves = shown.filter((key) => run.metrics[key]!.count > 1).slice(0, MOST_SPARKS);
  const sparks = useQuery(sparksQuery(run.run_id, curves, run.status === "RUNNING"));
  const series = new Map((sparks.data ?? []).map((item) => [item.key, item]));
  return (
    <Card title="Metrics" count={keys.length}>
      {keys.length === 0 ? (
        <p className="muted pad">This run logged no metrics.</p>
      ) : (
        <>
          {keys.length >= FILTERED_FROM && (
            <div className="card-bar">
              <input className="field" type="search" placeholder="Filter metrics" aria-label="Filter metrics" value={text} onChange={(event) => setText(event.target.value)} />
              <CopyButton text={asText(run, found)} label="Copy" />
            </div>
          )}
          <table className="list compact metrics">
            <thead>
              <tr>
                <th scope="col">Metric</th>
                <th scope="col" className="wide">
                  <span className="hidden-text">Course</span>
                </th>
                <th scope="col" className="num">
                  Last
                </th>
                <th scope="col" className="num">
                  Min
                </th>
                <th scope="col" className="num">
                  Max
                </th>
                <th scope="col" className="num wide">
                  Step
                </th>
                <th scope="col" className="num wide">
                  Points
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((key) => (
                <Row key={key} run={run} name={key} points={series.get(key)?.last ?? []} />
              ))}
            </tbody>
          </table>
          {found.length === 0 && <p className="muted pad">No metric has this in its name.</p>}
          {found.length > AT_ONCE && (
            <p className="card-more">
              <button type="button" className="button quiet" onClick={() => setAll(!all)}>
                {all ? "Show fewer" : `Show all ${found.length.toLocaleString("en")}`}
              </button>
            </p>
          )}
        </>
      )}
    </Card>
  );
}

function Row({ run, name, points }: { run: Run; name: string; points: readonly (number | string)[] }) {
  const item = run.metrics[name]!;
  const better = direction(name);
  const path = sparkPath(points.map(toFloat), WIDTH, HEIGHT);
  return (
    <tr>
      <td className="main-cell" title={name}>
        {name}
      </td>
      <td className="wide spark-cell">
        {path && (
          <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
            <path d={path} />
          </svg>
        )}
      </td>
      <td className="num strong" title={String(item.last)}>
        {formatNumber(toFloat(item.last))}
      </td>
      <Extreme value={item.minimum} best={better < 0 && item.count > 1} />
      <Extreme value={item.maximum} best={better > 0 && item.count > 1} />
      <td className="num muted wide">{item.step.toLocaleString("en")}</td>
      <td className="num muted wide">{item.count.toLocaleString("en")}</td>
    </tr>
  );
}

function Extreme({ value, best }: { value: number | string | null; best: boolean }) {
  return (
    <td className={best ? "num best" : "num"} title={value === null ? undefined : `${value}${best ? ", the best" : ""}`}>
      {value === null ? "" : formatNumber(toFloat(value))}
    </td>
  );
}

function asText(run: Run, keys: readonly string[]): string {
  const lines = keys.map((key) => {
    const item = run.metrics[key]!;
    return [key, item.last, item.minimum ?? "", item.maximum ?? "", item.step, item.count].join("\t");
  });
  return ["metric\tlast\tmin\tmax\tstep\tpoints", ...lines].join("\n");
}
