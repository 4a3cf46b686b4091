/** What the experiment is for, above its runs: each bound is a click away from the runs that keep it. */

import { useQuery } from "@tanstack/react-query";
import { countsQuery, type RunScope } from "../../api/runs";
import { formatCount } from "../../lib/format";
import { conditionOf, criterionText, type Objective } from "../../lib/objective";
import { Icon } from "../icons";

interface Props {
  objective: Objective;
  scope: RunScope;
  /** Metrics that runs have, as filters write them. */
  metrics: ReadonlyMap<string, string>;
  onFilter: (condition: string) => void;
  change: () => void;
}

export function ObjectiveBar({ objective, scope, metrics, onFilter, change }: Props) {
  const conditions = objective.criteria.map((one) => conditionOf(one, metrics)).filter(Boolean);
  const all = conditions.join(" and ");
  const judged = conditions.length > 0 && objective.criteria.every((one) => one.slice || conditionOf(one, metrics));
  const counts = useQuery({ ...countsQuery({ ...scope, filter: all }), enabled: judged });
  const met = counts.data?.total;
  return (
    <div className="bar objective">
      <span className="muted">Objective</span>
      <span className="ellipsis" title={objective.owner ? `${objective.statement} (${objective.owner})` : objective.statement}>
        {objective.statement}
      </span>
      <button type="button" className="button quiet icon" aria-label="Change the objective" onClick={change}>
        <Icon name="edit" size={14} />
      </button>
      <span className="chips">
        {objective.criteria.map((one) => {
          const condition = conditionOf(one, metrics);
          return condition ? (
            <button key={criterionText(one)} type="button" className="chip" title={`Show the runs with ${criterionText(one)}`} onClick={() => onFilter(condition)}>
              <span className="ellipsis">{criterionText(one)}</span>
            </button>
          ) : (
            <span key={criterionText(one)} className="chip" title={criterionText(one)}>
              <span className="ellipsis">{criterionText(one)}</span>
            </span>
          );
        })}
      </span>
      {met !== undefined && (
        <button type="button" className="button quiet push" disabled={met === 0} onClick={() => onFilter(all)}>
          {met === 0 ? "no run meets it yet" : `${formatCount(met, "run")} ${met === 1 ? "meets" : "meet"} it`}
        </button>
      )}
    </div>
  );
}
