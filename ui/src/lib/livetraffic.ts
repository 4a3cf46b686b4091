/** Traffic as lines over time: from what the server kept of the last minutes, else from what the page itself has seen. */

import type { Live, LiveSeries } from "../api/deployments";
import { type ChartData, chartData } from "./chartdata";
import { DEFAULT_CHART_VIEW } from "./chartstate";

export type Figure = "rate" | "latency" | "errors";

/** Requests in a second, ms within which 95 % were answered, errors in per cent; NaN where nothing was asked. */
export type Figures = Readonly<Record<Figure, number>>;

/** What each variant did at one time, in seconds since the epoch. */
export interface Sample {
  readonly time: number;
  readonly variants: Readonly<Record<string, Figures>>;
}

/** How long the page remembers by itself, in seconds. */
export const REMEMBERED = 600;

const MOST_SLOTS = 20;
export const LIVE_VIEW = { ...DEFAULT_CHART_VIEW, x: "time" } as const;

/** The samples that the server kept; a value stands at the end of its interval. */
export function samplesOf(series: LiveSeries): Sample[] {
  const names = Object.keys(series.variants);
  const length = Math.max(0, ...Object.values(series.variants).map((figures) => figures.requests?.length ?? 0));
  return Array.from({ length }, (_, index) => ({
    time: series.start / 1000 + (index + 1) * series.interval,
    variants: Object.fromEntries(names.map((name) => [name, figuresAt(series, name, index)])),
  }));
}

function figuresAt({ interval, variants }: LiveSeries, name: string, index: number): Figures {
  const { requests = [], errors = [], p95 = [] } = variants[name]!;
  const asked = requests[index];
  const failed = errors[index];
  const within = p95[index];
  return {
    rate: asked == null ? NaN : asked / interval,
    latency: within == null ? NaN : within * 1000,
    errors: asked && failed != null ? (failed / asked) * 100 : NaN,
  };
}

/** Whether there is somebody who counts: some targets say no more than what was asked for. */
export function counts(live: Live): boolean {
  return live.reachable && (live.since > 0 || live.variants.some((item) => item.rate !== null));
}

/** What was seen, with the newest answer at its end; of a server that was started anew the old is forgotten. */
export function remember(seen: readonly Sample[], live: Live): readonly Sample[] {
  const time = live.time / 1000;
  const last = seen[seen.length - 1];
  if (!counts(live) || (last && time <= last.time)) return seen;
  const variants = Object.fromEntries(
    live.variants.map((item): [string, Figures] => [
      item.variant,
      {
        rate: item.rate ?? NaN,
        latency: item.p95 == null ? NaN : item.p95 * 1000,
        errors: item.error_rate == null || !item.rate ? NaN : item.error_rate * 100,
      },
    ]),
  );
  return [...seen.filter((sample) => sample.time >= time - REMEMBERED), { time, variants }];
}

/** The samples to draw: the server's where it keeps any. */
export function drawnSamples(seen: readonly Sample[], live: Live | undefined): readonly Sample[] {
  return live?.series ? samplesOf(live.series) : seen;
}

/** A colour for each variant that keeps it: those that are new take the first that are free. */
export function slotsFor(known: ReadonlyMap<string, number>, variants: readonly string[]): ReadonlyMap<string, number> {
  const fresh = variants.filter((name) => !known.has(name));
  if (fresh.length === 0) return known;
  // Those that are gone give their colour back.
  const slots = new Map([...known].filter(([name]) => variants.includes(name)));
  for (const name of fresh) {
    const taken = new Set(slots.values());
    let slot = 0;
    while (taken.has(slot) && slot < MOST_SLOTS - 1) slot += 1;
    slots.set(name, slot);
  }
  return slots;
}

/** One figure of all variants as a chart. Where nothing was asked a line has a gap, and what is counted begins at zero. */
export function trafficChart(
  samples: readonly Sample[],
  what: Figure,
  slots: ReadonlyMap<string, number>,
  zoom: readonly [number, number] | null,
): ChartData {
  const x = Float64Array.from(samples, (sample) => sample.time);
  const strands = [...slots].map(([name, slot]) => {
    const last = Float64Array.from(samples, (sample) => sample.variants[name]?.[what] ?? NaN);
    const known = last.some((value) => Number.isFinite(value));
    const line = { runId: name, key: what, x, last, minimum: last, maximum: last, exact: true, total: last.length };
    return { id: name, name, slot, metric: what, place: 0, grouped: false, lines: known ? [line] : [] };
  });
  const made = chartData(strands, { ...LIVE_VIEW, zoom });
  const most = Math.max(0, ...made.lines.flatMap((line) => Array.from(line.raw.last, (value) => (Number.isFinite(value) ? value : 0))));
  // Without a request there is nothing to mark.
  return { ...made, marks: [], y: [0, most || 1] };
}

/** The value that a line ends with; NaN where there is none. */
export function latest(samples: readonly Sample[], variant: string, what: Figure): number {
  return samples[samples.length - 1]?.variants[variant]?.[what] ?? NaN;
}
