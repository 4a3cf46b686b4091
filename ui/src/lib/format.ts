/** How numbers, times and sizes are written. The full value always stands in a title or behind a copy button. */

const SI = ["", "k", "M", "G", "T", "P"];

/** What the user has chosen; `lib/preferences` sets it. */
let digits = 4;
let utc = false;

export function setFormats(chosen: { digits: number; zone: "local" | "utc" }): void {
  digits = chosen.digits;
  utc = chosen.zone === "utc";
}

/** A metric as it came over the wire: floats that JSON cannot hold come as words. */
export function toFloat(value: number | string | null | undefined): number {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return NaN;
}

/** Four significant digits, or as many as were chosen; whole numbers whole. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return minus(trimExponent(value.toExponential(digits - 1)));
  if (Number.isInteger(value)) return minus(groups(String(value)));
  if (size >= 1000) return minus(groups(value.toFixed(Math.max(0, digits - (size >= 10000 ? 5 : 3)))));
  return minus(size < 1e-2 ? String(Number(value.toPrecision(digits))) : value.toPrecision(digits));
}

/** A parameter is text; one that is a number with a long tail is shortened, all others stand as logged. */
export function formatParam(text: string): string {
  if (!/^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(text) || text.length <= 8) return text;
  const value = Number(text);
  return Number.isFinite(value) && !Number.isInteger(value) ? String(Number(value.toPrecision(digits))) : text;
}

/** Labels of an axis: as many digits as tell neighbours apart, SI prefixes for the large, exponents for the tiny. */
export function formatTicks(ticks: readonly number[]): string[] {
  const known = ticks.filter((tick) => Number.isFinite(tick));
  const largest = Math.max(0, ...known.map(Math.abs));
  if (largest === 0) return ticks.map(() => "0");
  const step = smallestStep(known) || largest;
  if (largest < 1e-3) return ticks.map((tick) => (tick === 0 ? "0" : exponent(tick, step)));
  const power = largest >= 1e4 ? Math.min(SI.length - 1, Math.floor(Math.log10(largest) / 3)) : 0;
  const scale = 10 ** (3 * power);
  const digits = Math.min(8, Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9)));
  const enough = isMultiple(step / scale, digits) ? digits : Math.min(8, digits + 1);
  return ticks.map((tick) => (tick === 0 ? "0" : minus((tick / scale).toFixed(enough)) + SI[power]));
}

export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "3 min ago"; beyond a week the date. */
export function formatAgo(then: number, now: number): string {
  const seconds = Math.round((now - then) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 7 * 86400) return `${Math.floor(seconds / 86400)} d ago`;
  return formatTime(then).slice(0, 10);
}

/** Time as 2026-11-21 14:02:09, here or, where that was chosen, in UTC: then " UTC" follows. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (utc) return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const pad = (part: number) => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** The hour and minute, for something of today. */
export function formatClock(milliseconds: number): string {
  const time = formatTime(milliseconds);
  return `${time.slice(11, 16)}${utc ? " UTC" : ""}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(SI.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 10 ** (3 * power);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${SI[power]}B`;
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${groups(String(count))} ${count === 1 ? one : many}`;
}

function groups(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}

function trimExponent(text: string): string {
  return text.replace(/\.?0+e/, "e").replace("e+", "e").replace("e-", "e−");
}

function exponent(tick: number, step: number): string {
  const power = Math.floor(Math.log10(Math.abs(tick)) + 1e-9);
  const digits = Math.max(0, power - Math.floor(Math.log10(step) + 1e-9));
  const enough = isMultiple(tick / 10 ** power, digits) ? digits : digits + 1;
  return minus(trimExponent(tick.toExponential(Math.min(6, enough))));
}

function smallestStep(values: readonly number[]): number {
  let step = Infinity;
  for (let index = 1; index < values.length; index++) {
    const gap = Math.abs(values[index]! - values[index - 1]!);
    if (gap > 0) step = Math.min(step, gap);
  }
  return Number.isFinite(step) ? step : 0;
}

/** Whether `digits` decimals show `step` without loss: 0.25 needs two, though its size says one. */
function isMultiple(step: number, digits: number): boolean {
  const scaled = step * 10 ** digits;
  return Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled);
}
