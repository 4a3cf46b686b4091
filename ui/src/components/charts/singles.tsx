/** One value for each run: bars tell more than a line of one point. */

import type { ChartData } from "../../lib/chartdata";
import { formatNumber } from "../../lib/format";
import { colourVariable, isDashed } from "../../lib/palette";
import { useCell, useShared } from "./state";

export interface Bar {
  readonly id: string;
  readonly name: string;
  /** -1 for one that has no colour. */
  readonly slot: number;
  readonly value: number;
  /** How far the values of a group lie apart. */
  readonly from?: number;
  readonly to?: number;
}

export function SingleValues({ data, way, height }: { data: ChartData; way: -1 | 0 | 1; height: number }) {
  const bars = data.lines.map(({ id, name, slot, raw, grouped }): Bar => {
    const spread = grouped && raw.minimum[0] !== raw.maximum[0] ? { from: raw.minimum[0], to: raw.maximum[0] } : {};
    return { id, name, slot, value: raw.last[0] ?? NaN, ...spread };
  });
  if (bars.length === 1) {
    return (
      <p className="figure" style={{ height }} title={String(bars[0]!.value)}>
        {formatNumber(bars[0]!.value)}
      </p>
    );
  }
  return <BarList bars={bars} way={way} height={height} />;
}

/** Bars, the best at the top; those below zero go to the other side. */
export function BarList({ bars, way, height }: { bars: readonly Bar[]; way: -1 | 0 | 1; height: number }) {
  const { hover, onHover } = useShared();
  const hovered = useCell(hover);
  const sorted = [...bars].sort((a, b) => order(a.value, b.value, way));
  const ends = sorted.flatMap(({ value, from = value, to = value }) => [from, to]).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const share = (value: number) => (high > low ? ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * 100 : 0);
  return (
    <ul className="bars" style={{ height }} tabIndex={0} onPointerLeave={() => onHover(null)}>
      {sorted.map(({ id, name, slot, value, from, to }) => {
        const [left, right] = value < 0 ? [share(value), share(0)] : [share(0), share(value)];
        return (
          <li key={id} data-faint={(hovered !== null && hovered !== id && bars.some((bar) => bar.id === hovered)) || undefined} onPointerEnter={() => onHover(id)}>
            <span className="ellipsis small" title={name}>
              {name}
            </span>
            <span className="bar-track">
              {Number.isFinite(value) && (
                <span
                  className={slot >= 0 && isDashed(slot) ? "bar-fill striped" : "bar-fill"}
                  style={{
                    marginLeft: `${left}%`,
                    width: `${right - left}%`,
                    color: slot < 0 ? "var(--text3)" : `var(${colourVariable(slot)})`,
                  }}
                />
              )}
              {from !== undefined && to !== undefined && Number.isFinite(from) && (
                <span className="bar-spread" style={{ left: `${share(from)}%`, width: `${share(to) - share(from)}%` }} />
              )}
            </span>
            <span className="num small" title={String(value)}>
              {formatNumber(value)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function order(a: number, b: number, way: -1 | 0 | 1): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return way < 0 ? a - b : b - a;
}
