/** A chart of lines as a drawing that any program can scale. */

import { type ChartData, lineTitle } from "./chartdata";
import type { ChartView } from "./chartstate";
import { formatDuration, formatTicks, formatTime } from "./format";
import { rangeOf } from "./lines";
import { shareOf } from "./statistics";
import { logSplits } from "./zoom";

export interface SvgLook {
  readonly title: string;
  readonly strokes: readonly { readonly colour: string; readonly dash: readonly number[] }[];
  readonly ground: string;
  readonly rule: string;
  readonly ink: string;
}

const [WIDTH, HEIGHT] = [800, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 40, 28];

export function chartSvg(data: ChartData, view: Pick<ChartView, "x" | "logX" | "logY" | "zoom">, look: SvgLook): string {
  const mains = data.series.flatMap(({ line, role }, index) => (role === "main" ? [{ line, column: data.columns[index]! }] : []));
  const across = view.zoom ?? rangeOf([data.x], view.logX) ?? [0, 1];
  const known = mains.map(({ column }) => column.map((value) => value ?? NaN));
  const up = data.y ?? rangeOf(known, view.logY) ?? [0, 1];
  const x = (value: number) => round(LEFT + shareOf(value, across, view.logX) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - shareOf(value, up, view.logY) * (HEIGHT - TOP - BOTTOM));
  const ticksUp = splits(up, view.logY);
  const ticksAcross = splits(across, view.logX);
  const namesUp = formatTicks(ticksUp);
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT + legendHeight(mains.length)}" fill="${look.ground}"/>`,
    `<text x="${LEFT}" y="20" font-size="14" font-weight="600">${escaped(look.title)}</text>`,
    ...ticksUp.map(
      (tick, index) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}" stroke="${look.rule}"/>` +
        `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${escaped(namesUp[index]!)}</text>`,
    ),
    ...ticksAcross.map(
      (tick, index) =>
        `<text x="${x(tick)}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(acrossNames(ticksAcross, view.x)[index]!)}</text>`,
    ),
    `<clipPath id="plot"><rect x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}"/></clipPath>`,
    ...mains.map(({ line, column }) => {
      const { colour, dash } = look.strokes[line]!;
      const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      return `<path clip-path="url(#plot)" fill="none" stroke="${colour}" stroke-width="1.75"${dashes} d="${pathOf(data.x, column, x, y)}"/>`;
    }),
    ...mains.map(({ line }, index) => {
      const { colour, dash } = look.strokes[line]!;
      const [left, top] = [LEFT + (index % 4) * 180, HEIGHT + 12 + Math.floor(index / 4) * 18];
      const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      return (
        `<line x1="${left}" x2="${left + 16}" y1="${top}" y2="${top}" stroke="${colour}" stroke-width="3"${dashes}/>` +
        `<text x="${left + 22}" y="${top + 4}">${escaped(lineTitle(data.lines[line]!, data.lines))}</text>`
      );
    }),
  ];
  const height = HEIGHT + legendHeight(mains.length);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="sans-serif" font-size="11" fill="${look.ink}">${parts.join("")}</svg>\n`
  );
}

/** Where a path is drawn across (undefined) and where it breaks (null). */
function pathOf(xs: Float64Array, column: readonly (number | null | undefined)[], x: (v: number) => number, y: (v: number) => number): string {
  let pen = "M";
  return column
    .map((value, index) => {
      if (value === undefined) return "";
      if (value === null) {
        pen = "M";
        return "";
      }
      const step = `${pen}${x(xs[index]!)} ${y(value)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function splits([low, high]: readonly [number, number], log: boolean): number[] {
  if (log) return logSplits(low, high);
  if (!(high > low)) return [low];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function acrossNames(ticks: readonly number[], kind: ChartView["x"]): string[] {
  if (kind === "time") return ticks.map((tick) => formatTime(tick * 1000));
  if (kind === "relative") return ticks.map((tick) => formatDuration(tick * 1000));
  return formatTicks(ticks);
}

function legendHeight(lines: number): number {
  return Math.ceil(lines / 4) * 18 + 8;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
