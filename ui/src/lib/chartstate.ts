/** What the charts show, as parameters of an address, and back. What is at its default is left out. */

import type { Band } from "./grouped";
import { decodePanels, encodePanels, type Panel } from "./panels";
import { SMOOTHING_AMOUNTS, type Smoothing } from "./smoothing";

export type XKind = "step" | "relative" | "time" | "metric";
export type ChartSize = "s" | "m" | "l";

export interface ChartView {
  readonly x: XKind;
  /** The metric on the horizontal axis where `x` is "metric". */
  readonly xKey: string;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly smoothing: Smoothing;
  readonly amount: number;
  /** Leave outliers outside of the vertical axis. */
  readonly clip: boolean;
  readonly band: Band;
  readonly middle: "mean" | "median";
  /** The range of x that is shown; null for all. */
  readonly zoom: readonly [number, number] | null;
  /** Which metrics: a part of their names, or an expression between slashes. */
  readonly find: string;
  /** Sections that are not as they would be: folded, or unfolded where there are many charts. */
  readonly turned: readonly string[];
  readonly size: ChartSize;
  /** How many charts beside each other; 0 for as many as have room. */
  readonly across: number;
  /** Metrics that come first, in this order. */
  readonly order: readonly string[];
  readonly panels: readonly Panel[];
}

export const DEFAULT_CHART_VIEW: ChartView = {
  x: "step",
  xKey: "",
  logX: false,
  logY: false,
  smoothing: "none",
  amount: 0,
  clip: false,
  band: "range",
  middle: "mean",
  zoom: null,
  find: "",
  turned: [],
  size: "m",
  across: 0,
  order: [],
  panels: [],
};

/** The parameters that belong to the charts; a page keeps its own beside them. */
export const CHART_PARAMS = [
  "x",
  "logx",
  "log",
  "smooth",
  "clip",
  "band",
  "middle",
  "zoom",
  "metrics",
  "fold",
  "size",
  "across",
  "order",
  "panels",
] as const;

const BANDS: readonly Band[] = ["none", "range", "deviation", "error"];

/** The charts' part of an address. */
export function chartParams(search: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of CHART_PARAMS) if (search[name]) found[name] = search[name];
  return found;
}

export function encodeCharts(view: ChartView): Record<string, string> {
  const plain = DEFAULT_CHART_VIEW;
  const all: Record<string, string> = {
    x: view.x === "step" ? "" : view.x === "metric" ? `metrics.${view.xKey}` : view.x,
    logx: view.logX ? "1" : "",
    log: view.logY ? "1" : "",
    smooth: encodeSmoothing(view),
    clip: view.clip ? "1" : "",
    band: view.band === plain.band ? "" : view.band,
    middle: view.middle === plain.middle ? "" : view.middle,
    zoom: view.zoom ? view.zoom.map((end) => String(Number(end.toPrecision(12)))).join(",") : "",
    metrics: view.find,
    fold: view.turned.map(escape).join(","),
    size: view.size === plain.size ? "" : view.size,
    across: view.across > 0 ? String(view.across) : "",
    order: view.order.map(escape).join(","),
    panels: encodePanels(view.panels),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** The view that `params` describe; parts that make no sense are left at their default. */
export function decodeCharts(params: Readonly<Record<string, string | undefined>>): ChartView {
  const plain = DEFAULT_CHART_VIEW;
  const xKey = params.x?.startsWith("metrics.") ? params.x.slice("metrics.".length) : "";
  const x = xKey ? "metric" : params.x === "relative" || params.x === "time" ? params.x : "step";
  const across = Number(params.across ?? 0);
  return {
    x,
    xKey,
    logX: params.logx === "1",
    logY: params.log === "1",
    ...decodeSmoothing(params.smooth ?? ""),
    clip: params.clip === "1",
    band: BANDS.find((band) => band === params.band) ?? plain.band,
    middle: params.middle === "median" ? "median" : plain.middle,
    zoom: rangeOf(params.zoom ?? ""),
    find: params.metrics ?? "",
    turned: list(params.fold),
    size: params.size === "s" || params.size === "l" ? params.size : plain.size,
    across: Number.isInteger(across) && across > 0 && across <= 8 ? across : 0,
    order: list(params.order),
    panels: decodePanels(params.panels ?? ""),
  };
}

/** What was asked for as a test of a metric's name: a text that it contains, in whichever case, or an expression between slashes. */
export function metricTest(find: string): { test: (key: string) => boolean; wrong: boolean } {
  const expression = /^\/(.*?)\/?$/.exec(find)?.[1];
  if (expression === undefined) {
    const parts = find.toLowerCase().split(/\s+/).filter(Boolean);
    return { test: (key) => parts.every((part) => key.toLowerCase().includes(part)), wrong: false };
  }
  try {
    const pattern = new RegExp(expression, "i");
    return { test: (key) => pattern.test(key), wrong: false };
  } catch {
    return { test: () => true, wrong: true };
  }
}

function encodeSmoothing({ smoothing, amount }: Pick<ChartView, "smoothing" | "amount">): string {
  if (smoothing === "none" || amount <= 0) return "";
  return smoothing === "exponential" ? String(amount) : `${smoothing}:${amount}`;
}

function decodeSmoothing(text: string): Pick<ChartView, "smoothing" | "amount"> {
  const [, kind = "exponential", number = ""] = /^(?:([a-z-]+):)?([\d.]+)$/.exec(text) ?? [];
  const amount = Number(number);
  if (!(kind in SMOOTHING_AMOUNTS) || !(amount > 0)) return { smoothing: "none", amount: 0 };
  const known = kind as Exclude<Smoothing, "none">;
  const [least, most] = SMOOTHING_AMOUNTS[known];
  return { smoothing: known, amount: Math.min(most, Math.max(least, amount)) };
}

function rangeOf(text: string): [number, number] | null {
  const ends = text.split(",");
  const [first, last] = ends.map(Number);
  const known = ends.length === 2 && ends.every((end) => end.trim() !== "");
  return known && Number.isFinite(first) && Number.isFinite(last) && first! < last! ? [first!, last!] : null;
}

function list(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean).map(unescape);
}

function escape(text: string): string {
  return text.replaceAll("%", "%25").replaceAll(",", "%2C");
}

function unescape(text: string): string {
  return text.replaceAll("%2C", ",").replaceAll("%25", "%");
}
