/** How a model treats groups: the figures of each group, and how far apart they are. */

import { useState } from "react";
import { type GroupReport, spanOf } from "../../lib/evaluation";
import { formatNumber } from "../../lib/format";
import { Card } from "../card";
import { intervalText, Range } from "./drawing";
import { Part, PartsTable } from "./figures";

/** Below this part of the best group's share, a group is often held to be put at a disadvantage. */
const FOUR_FIFTHS = 0.8;

export function FairnessCard({ report }: { report: GroupReport }) {
  const keys = [...new Set(report.groups.flatMap((group) => [...group.metrics.keys()]))];
  const [asked, setAsked] = useState("selection_rate");
  const key = keys.includes(asked) ? asked : keys[0];
  const span = key === undefined ? null : spanOf(report.groups.flatMap((group) => group.metrics.get(key) ?? []));
  return (
    <Card
      title={`Groups by ${report.attribute}`}
      count={report.groups.length}
      actions={
        keys.length > 1 && (
          <select
            className="field"
            aria-label={`Metric of the groups by ${report.attribute}`}
            value={key}
            onChange={(event) => setAsked(event.target.value)}
          >
            {keys.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )
      }
    >
      {report.warnings.length > 0 && (
        <ul className="warnings">
          {report.warnings.map((text) => (
            <li key={text} className="state warn wraps">
              {text}
            </li>
          ))}
        </ul>
      )}
      <PartsTable label={report.attribute} metric={key ?? "Metric"}>
        {report.groups.map((group) => (
          <Part
            key={group.name}
            name={group.name}
            rows={group.rows}
            value={key === undefined ? undefined : group.metrics.get(key)}
            span={span}
            mark={undefined}
          />
        ))}
      </PartsTable>
      <dl className="pairs plain">
        {[...report.summary].map(([name, value]) => (
          <div key={name}>
            <dt className="ellipsis" title={name}>
              {name.replaceAll("_", " ")}
            </dt>
            <dd>
              <span className="strong">{formatNumber(value.value)}</span> <span className="muted">{intervalText(value)}</span>
              {name.endsWith("_ratio") && <Range of={value} span={[0, 1]} mark={FOUR_FIFTHS} />}
            </dd>
          </div>
        ))}
      </dl>
      {report.groups.some((group) => group.suppressed) && (
        <p className="muted pad small">Groups with too few rows are named and not told about, so that nobody can be made out in them.</p>
      )}
    </Card>
  );
}
