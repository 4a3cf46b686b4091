/** Small drawings of figures: an interval on a scale, a bar from a middle, curves with their axes. */

import { formatNumber, formatTicks } from "../../lib/format";
import type { Estimate } from "../../lib/evaluation";

/** A value with its interval, on a scale that all rows of a table share. */
export function Range({ of, span, mark }: { of: Estimate; span: readonly [number, number] | null; mark?: number | undefined }) {
  if (span === null || !Number.isFinite(of.value)) return null;
  const at = (value: number) => `${(100 * share(value, span)).toFixed(2)}%`;
  const known = Number.isFinite(of.low) && Number.isFinite(of.high);
  return (
    <span className="range" aria-hidden="true">
      {mark !== undefined && Number.isFinite(mark) && <span className="range-mark" style={{ left: at(mark) }} />}
      {known && <span className="range-line" style={{ left: at(of.low), right: `calc(100% - ${at(of.high)})` }} />}
      <span className="range-dot" style={{ left: at(of.value) }} />
    </span>
  );
}

/** How long a value is beside the greatest of its kind; those below zero go to the left of the middle. */
export function Bar({ value, most, tone = "" }: { value: number; most: number; tone?: "" | "ok" | "err" }) {
  const long = most > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / most) * 100 : 0;
  return (
    <span className="measure" aria-hidden="true">
      <span className={`measure-fill ${tone}`} style={{ width: `${long.toFixed(1)}%` }} />
    </span>
  );
}

export function intervalText({ low, high }: Estimate): string {
  return Number.isFinite(low) && Number.isFinite(high) ? `${formatNumber(low)} … ${formatNumber(high)}` : "";
}

export interface Line {
  points: readonly (readonly [number, number])[];
  tone?: "accent" | "quiet";
  dots?: boolean;
}

const [WIDTH, HEIGHT] = [360, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 12, 10, 34];

interface CurvesProps {
  lines: readonly Line[];
  across: string;
  up: string;
  /** What the drawing says, for those who do not see it. */
  label: string;
  mark?: number | undefined;
  square?: boolean;
}

/** Lines over two axes. */
export function Curves({ lines, across, up, label, mark, square = false }: CurvesProps) {
  const points = lines.flatMap((line) => line.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (points.length === 0) return null;
  const xs = square ? ([0, 1] as const) : widened(points.map(([x]) => x), 0);
  const ys = square ? ([0, 1] as const) : widened(points.map(([, y]) => y), 0.05);
  const x = (value: number) => LEFT + share(value, xs) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - share(value, ys) * (HEIGHT - TOP - BOTTOM);
  const [acrossTicks, upTicks] = [ticks(xs), ticks(ys)];
  const [acrossNames, upNames] = [formatTicks(acrossTicks), formatTicks(upTicks)];
  return (
    <svg className="curves" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {upTicks.map((tick, index) => (
        <g key={tick}>
          <line className="curves-rule" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {upNames[index]}
          </text>
        </g>
      ))}
      {acrossTicks.map((tick, index) => (
        <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 14} textAnchor="middle">
          {acrossNames[index]}
        </text>
      ))}
      {mark !== undefined && Number.isFinite(mark) && (
        <line className="curves-mark" x1={x(mark)} x2={x(mark)} y1={TOP} y2={HEIGHT - BOTTOM} />
      )}
      {lines.map((line, index) => (
        <g key={index} className={line.tone === "quiet" ? "curves-quiet" : "curves-line"}>
          <path d={line.points.map(([at, value], step) => `${step === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("")} />
          {line.dots && line.points.map(([at, value]) => <circle key={at} cx={x(at)} cy={y(value)} r={3} />)}
        </g>
      ))}
      <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} textAnchor="middle">
        {across}
      </text>
      <text transform={`translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        {up}
      </text>
    </svg>
  );
}

function share(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5;
}

function widened(values: readonly number[], by: number): readonly [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? (high - low) * by : Math.abs(low) * 0.1 || 1;
  return high > low ? [low - room, high + room] : [low - room, low + room];
}

function ticks([low, high]: readonly [number, number]): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
