/** A histogram, drawn as bars. */

import { formatNumber } from "../../lib/format";

const WIDTH = 720;
const HEIGHT = 240;

export function Histogram({ counts, edges, label }: { counts: readonly number[]; edges: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const scale = (edge: number) => ((edge - low) / (high - low || 1)) * WIDTH;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    <figure className="histogram">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}: ${total.toLocaleString("en")} values from ${formatNumber(low)} to ${formatNumber(high)}`}>
        {counts.map((count, at) => {
          const [from, to] = [scale(edges[at]!), scale(edges[at + 1]!)];
          const height = (count / most) * HEIGHT;
          return (
            <rect key={at} x={from} y={HEIGHT - height} width={Math.max(1, to - from - 1)} height={height}>
              <title>{`${formatNumber(edges[at]!)} to ${formatNumber(edges[at + 1]!)}: ${count.toLocaleString("en")}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="muted small">
        <span>{formatNumber(low)}</span>
        <span>
          {total.toLocaleString("en")} values, at most {most.toLocaleString("en")} a bar
        </span>
        <span>{formatNumber(high)}</span>
      </figcaption>
    </figure>
  );
}
