/** Which params a metric depends on: how much a forest needs each to tell it, and which way each goes with it. */

import { useEffect, useState } from "react";
import { complete, type RunTable } from "../../lib/analysis";
import type { ForestResult } from "../../lib/forest";
import type { ForestAsk } from "../../lib/forest.worker";
import { rankCorrelation } from "../../lib/statistics";
import { Failure } from "../feedback";
import { PlotSkeleton } from "./linecard";

/** Fewer runs tell nothing. */
const LEAST = 10;
/** More runs tell hardly more. */
const MOST = 1500;

type Answer = { table: RunTable; result: ForestResult | null; error: unknown };

/** The first column of `table` is the metric, the others are params. */
export function ParamImportance({ table, height, title }: { table: RunTable; height: number; title: string }) {
  const [metric, ...params] = table.columns;
  const [answer, setAnswer] = useState<Answer | null>(null);
  const known = complete(table, [0]);
  const enough = known.length >= LEAST && params.length > 0;

  useEffect(() => {
    if (!enough) return;
    const ask = askOf(table);
    const worker = new Worker(new URL("../../lib/forest.worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<ForestResult>) => setAnswer({ table, result: data, error: null }));
    worker.addEventListener("error", (event) => setAnswer({ table, result: null, error: new Error(event.message || "The worker ended.") }));
    worker.postMessage(ask);
    return () => worker.terminate();
  }, [table, enough]);

  if (!enough) {
    return (
      <p className="muted no-points" style={{ minHeight: height }}>
        {params.length === 0
          ? "The runs that match have no param that differs."
          : `It takes ${LEAST} runs with ${metric!.title}; ${known.length} of those that match have it.`}
      </p>
    );
  }
  if (answer?.table === table && answer.error) return <Failure what="It could not be found out." error={answer.error} />;
  if (!answer?.result) return <PlotSkeleton height={height} />;
  const { importances, explained } = answer.result;
  const rows = params
    .map((column, index) => ({
      name: column.title,
      share: importances[index]?.share ?? 0,
      way: column.numeric ? rankCorrelation(column.values, metric!.values) : NaN,
    }))
    .sort((a, b) => b.share - a.share);
  const most = Math.max(...rows.map((row) => row.share), 1e-9);
  return (
    <div className="chart-table" style={{ height }} tabIndex={0} role="region" aria-label={title}>
      <table className="list compact importance">
        <thead>
          <tr>
            <th scope="col">Param</th>
            <th scope="col">Importance</th>
            <th scope="col">Correlation</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, share, way }) => (
            <tr key={name}>
              <th scope="row" className="ellipsis" title={name}>
                {name}
              </th>
              <td>
                <span className="share">
                  <span className="bar-track">
                    <span className="bar-fill" style={{ width: `${(share / most) * 100}%`, color: "var(--accent)" }} />
                  </span>
                  <span className="num">{Math.round(share * 100)} %</span>
                </span>
              </td>
              <td>{Number.isNaN(way) ? <span className="muted">–</span> : <Way way={way} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted small pad">
        {explained > 0.1
          ? `Together they explain ${Math.round(explained * 100)} % of how ${metric!.title} varies.`
          : `They tell little of ${metric!.title}; more runs may show more.`}
      </p>
    </div>
  );
}

/** A bar to the left for what falls, to the right for what rises. */
function Way({ way }: { way: number }) {
  return (
    <span className="share">
      <span className="bar-track">
        <span
          className="bar-fill"
          style={{
            marginLeft: `${way < 0 ? 50 + way * 50 : 50}%`,
            width: `${Math.abs(way) * 50}%`,
            color: way < 0 ? "var(--diverging-1)" : "var(--diverging-5)",
          }}
        />
      </span>
      <span className="num">{(way < 0 ? "−" : "+") + Math.abs(way).toFixed(2)}</span>
    </span>
  );
}

function askOf(table: RunTable): ForestAsk {
  const [metric, ...params] = table.columns;
  const known = complete(table, [0]);
  const every = Math.max(1, known.length / MOST);
  const rows = Array.from({ length: Math.min(known.length, MOST) }, (_, index) => known[Math.floor(index * every)]!);
  return {
    inputs: params.map(({ title, numeric, cells, values }) => ({
      name: title,
      values: rows.map((row) => (cells[row] === null || Number.isNaN(values[row]) ? null : numeric ? values[row]! : String(cells[row]))),
    })),
    outcome: rows.map((row) => metric!.values[row]!),
  };
}
