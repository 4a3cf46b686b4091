/** The runs around a run: its parent and its children, with the metric that tells most. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { childRunsQuery, PARENT_TAG, runQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import { direction, isSystem, rankMetrics } from "../../lib/columns";
import { formatCount, formatNumber, toFloat } from "../../lib/format";
import { Card } from "../card";
import { State } from "../marks";

const MOST_COMPARED = 10;

export function Related({ run }: { run: Run }) {
  const parentId = run.tags[PARENT_TAG] ?? "";
  const parent = useQuery({ ...runQuery(parentId), enabled: parentId !== "", retry: false });
  const children = useQuery(childRunsQuery(run.experiment_id, run.run_id));
  const below = children.data?.runs ?? [];
  if (!parentId && below.length === 0) return null;
  const total = children.data?.total ?? below.length;
  const metric = rankMetrics(below).find((key) => !isSystem(key)) ?? "";
  const best = bestOf(below, metric);
  return (
    <Card title="Related runs" count={total + (parentId ? 1 : 0)}>
      <table className="list compact related">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col" className="num">
              {metric && (
                <span className="ellipsis" title={metric}>
                  {metric}
                </span>
              )}
            </th>
          </tr>
        </thead>
        <tbody>
          {parentId && (
            <tr>
              <td className="main-cell">
                <Link to="/runs/$runId" params={{ runId: parentId }} className="link">
                  {parent.data?.run_name || parentId}
                </Link>{" "}
                <span className="muted small">parent</span>
              </td>
              <td>{parent.data && <State status={parent.data.status} />}</td>
              <td />
            </tr>
          )}
          {below.map((child) => (
            <tr key={child.run_id}>
              <td className="main-cell">
                <Link to="/runs/$runId" params={{ runId: child.run_id }} className="link">
                  {child.run_name || child.run_id}
                </Link>
              </td>
              <td>
                <State status={child.status} />
              </td>
              <td className={child.run_id === best ? "num best" : "num"}>{metric in child.metrics ? formatNumber(telling(child, metric)) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(total > below.length || below.length > 1) && (
        <p className="card-more">
          {below.length > 1 && (
            <Link to="/compare" search={{ runs: below.slice(0, MOST_COMPARED).map((child) => child.run_id).join(",") }} className="button">
              Compare {below.length > MOST_COMPARED ? `the first ${MOST_COMPARED}` : "the children"}
            </Link>
          )}
          {total > below.length && <span className="muted">and {formatCount(total - below.length, "child", "children")} more</span>}
        </p>
      )}
    </Card>
  );
}

/** The best value that a run reached, or its last one where it is not known what is better. */
function telling(run: Run, metric: string): number {
  const item = run.metrics[metric]!;
  const better = direction(metric);
  return toFloat(better < 0 ? item.minimum : better > 0 ? item.maximum : item.last);
}

function bestOf(runs: readonly Run[], metric: string): string {
  const better = direction(metric);
  const having = runs.filter((run) => metric in run.metrics && Number.isFinite(telling(run, metric)));
  if (better === 0 || having.length < 2) return "";
  return having.reduce((a, b) => ((telling(b, metric) - telling(a, metric)) * better > 0 ? b : a)).run_id;
}
