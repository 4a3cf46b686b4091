/** Small drawings of figures: an interval on a scale, a bar from a middle, curves with their axes. */

import { useLayoutEffect, useRef, useState } from "react";
import { type Estimate, span, ticks } from "../../lib/evaluation";
import { formatNumber, formatTicks } from "../../lib/format";

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

/** How long a value is beside the greatest of its kind, whichever its sign. */
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

interface Line {
  points: readonly (readonly [number, number])[];
  /** Those who only help to read the others are quiet. */
  quiet?: boolean;
  /** Whether points stand by themselves, or are marked on the line; a line alone unless said. */
  dots?: "alone" | "joined";
}

/** Drawings are as wide as their place, so that letters are everywhere of one size. */
const [NARROWEST, HEIGHT] = [180, 220];
const LETTER = 6;
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 12, 10, 34];

interface CurvesProps {
  lines: readonly Line[];
  across: string;
  up: string;
  /** What the drawing says, for those who do not see it. */
  label: string;
  mark?: number | undefined;
  square?: boolean;
  /** What the places 0, 1, … of the axis across are called, where they are no numbers. */
  names?: readonly string[];
}

/** Lines over two axes. */
export function Curves({ lines, across, up, label, mark, square = false, names }: CurvesProps) {
  const [place, width] = useWidth();
  const drawn = lines.map((line) => ({ ...line, points: line.points.filter((point) => point.every(Number.isFinite)) }));
  const points = drawn.flatMap((line) => line.points);
  if (points.length === 0) return null;
  const xs = square ? ([0, 1] as const) : names ? ([-0.5, names.length - 0.5] as const) : span(points.map(([x]) => x), 0);
  const ys = square ? ([0, 1] as const) : span(points.map(([, y]) => y), 0.05);
  const room = width - LEFT - RIGHT;
  const x = (value: number) => LEFT + share(value, xs) * room;
  const y = (value: number) => HEIGHT - BOTTOM - share(value, ys) * (HEIGHT - TOP - BOTTOM);
  const upTicks = ticks(ys);
  const upNames = formatTicks(upTicks);
  return (
    <svg ref={place} className="curves" viewBox={`0 0 ${width} ${HEIGHT}`} height={HEIGHT} role="img" aria-label={label}>
      {upTicks.map((tick, index) => (
        <g key={tick}>
          <line className="curves-rule" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {upNames[index]}
          </text>
        </g>
      ))}
      {acrossLabels(xs, names, room).map(([tick, text]) => (
        <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 14} textAnchor="middle">
          {text}
        </text>
      ))}
      {mark !== undefined && Number.isFinite(mark) && (
        <line className="curves-mark" x1={x(mark)} x2={x(mark)} y1={TOP} y2={HEIGHT - BOTTOM} />
      )}
      {drawn.map((line, index) => (
        <g key={index} className={line.quiet ? "curves-quiet" : "curves-line"}>
          {line.dots !== "alone" && (
            <path d={line.points.map(([at, value], step) => `${step === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("")} />
          )}
          {line.dots && line.points.map(([at, value], step) => <circle key={step} cx={x(at)} cy={y(value)} r={3} />)}
        </g>
      ))}
      <text x={LEFT + room / 2} y={HEIGHT - 4} textAnchor="middle">
        {clipped(across, room)}
      </text>
      <text transform={`translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        {clipped(up, HEIGHT - TOP - BOTTOM)}
      </text>
    </svg>
  );
}

/** Of an element that is as wide as its place. */
function useWidth() {
  const place = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(360);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setWidth(Math.max(NARROWEST, Math.round(element.getBoundingClientRect().width))));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return [place, width] as const;
}

/** What stands below the axis, and where; of many names as many as have room. */
function acrossLabels(xs: readonly [number, number], names: readonly string[] | undefined, room: number): [number, string][] {
  if (names === undefined) {
    const at = ticks(xs);
    const texts = formatTicks(at);
    return at.map((tick, index) => [tick, texts[index] ?? ""]);
  }
  const every = Math.ceil(names.length / Math.max(1, Math.floor(room / 48)));
  return names.flatMap((name, index) => (index % every === 0 ? [[index, clipped(name, (room * every) / names.length - 4)]] : []));
}

function clipped(text: string, room: number): string {
  const most = Math.max(2, Math.floor(room / LETTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function share(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5;
}
