/** What a chart says of the place under the pointer: in its head, and in a table beside it. */

import { bestLine, type ChartData, type DrawnLine, lineTitle, placeOf, pointAt } from "../../lib/chartdata";
import type { ChartView } from "../../lib/chartstate";
import { direction } from "../../lib/columns";
import { formatNumber } from "../../lib/format";
import { colourVariable } from "../../lib/palette";
import { dashOf, metricsOf } from "./look";
import type { CursorAt } from "./plot";
import { type Cell, useCell } from "./state";

type Where = Pick<ChartView, "x" | "xKey">;

const MOST = 12;

interface Props {
  data: ChartData;
  view: Where;
  cursor: Cell<CursorAt | null>;
}

/** The best value, at the cursor or else of all. */
export function Headline({ metric, data, view, cursor }: Props & { metric: string }) {
  const at = useCell(cursor);
  return <span className="muted small ellipsis">{headline(metric, data, view, at?.x)}</span>;
}

export function Tip({ data, view, cursor }: Props) {
  const at = useCell(cursor);
  if (!at?.own) return null;
  const known = data.lines
    .map((line, index) => ({ line, index, value: valueAt(line, at.x) }))
    .filter((item) => item.value !== null)
    .sort((a, b) => rank(b.value!) - rank(a.value!));
  if (known.length === 0) return null;
  const start = Math.max(0, Math.min(known.findIndex((item) => item.index === at.near) - MOST + 2, known.length - MOST));
  const shown = known.slice(start, start + MOST);
  const style = at.left < at.width / 2 ? { left: at.left + 76 } : { right: `calc(100% - ${at.left + 40}px)` };
  const metrics = metricsOf(data.lines);
  return (
    <div className="tip" style={style} aria-hidden="true">
      <div className="muted">{placeOf(at.x, view)}</div>
      {start > 0 && <div className="muted">{start} above</div>}
      {shown.map(({ line, index, value }) => (
        <div key={index} className="tip-line" data-near={index === at.near || undefined}>
          <LineStroke line={line} metrics={metrics} />
          <span className="ellipsis">{lineTitle(line, data.lines)}</span>
          <span className="num">{formatNumber(value!)}</span>
        </div>
      ))}
      {known.length > start + MOST && <div className="muted">and {known.length - start - MOST} more</div>}
    </div>
  );
}

/** A stroke as the line has it in the chart. */
export function LineStroke({ line, metrics }: { line: Pick<DrawnLine, "slot" | "place">; metrics: number }) {
  const dash = dashOf(line, metrics);
  return (
    <svg className="line-stroke" width="16" height="4" viewBox="0 0 16 4" aria-hidden="true">
      <line
        x1="0"
        x2="16"
        y1="2"
        y2="2"
        strokeWidth="3"
        strokeDasharray={dash.length > 0 ? dash.join(" ") : undefined}
        style={{ stroke: `var(${colourVariable(line.slot)})` }}
      />
    </svg>
  );
}

function headline(metric: string, data: ChartData, view: Where, x: number | undefined): string {
  const way = direction(metric);
  const word = way < 0 ? "min" : "max";
  if (x === undefined) {
    const best = bestLine(data.lines, way);
    return best ? `${placeOf(best.x, view)} · ${word} ${formatNumber(best.value)}` : "";
  }
  const values = data.lines.map((line) => valueAt(line, x)).filter((value) => value !== null && Number.isFinite(value)) as number[];
  if (values.length === 0) return placeOf(x, view);
  return `${placeOf(x, view)} · ${word} ${formatNumber(way < 0 ? Math.min(...values) : Math.max(...values))}`;
}

/** The value of a line at x, or the last one before it. */
function valueAt(line: DrawnLine, x: number): number | null {
  const at = pointAt(line.curve, x);
  return at < 0 ? null : line.curve.last[at]!;
}

function rank(value: number): number {
  return Number.isNaN(value) ? -Infinity : value;
}
