/** States, releases, figures and events of deployments in words. */

import type { Deployment, DeploymentEvent, LiveComparison, Release } from "../api/deployments";
import { formatDuration, formatNumber } from "./format";

type Mark = { word: string; tone: "ok" | "info" | "warn" | "err" | ""; icon: "check" | "cross" | "stop" | "dots" | "play" | "clock" | "warn" };

const STATES: Record<string, Mark> = {
  PENDING: { word: "Pending", tone: "info", icon: "clock" },
  READY: { word: "Ready", tone: "ok", icon: "check" },
  CANARY: { word: "Canary", tone: "info", icon: "play" },
  DEGRADED: { word: "Degraded", tone: "warn", icon: "warn" },
  FAILED: { word: "Failed", tone: "err", icon: "cross" },
  UNKNOWN: { word: "Unknown", tone: "warn", icon: "warn" },
  REMOVED: { word: "Removed", tone: "", icon: "stop" },
};

export const STATE_NAMES = Object.keys(STATES).map((state) => state.toLowerCase());

export function stateOf(state: string): Mark {
  return STATES[state] ?? { word: state.toLowerCase(), tone: "", icon: "dots" };
}

/** A version as people say it: "v3", or what else it is called. */
export function versionText(version: string): string {
  return /^\d+$/.test(version) ? `v${version}` : version;
}

/** A release in few words: "iris v3", or where it has no such name what was asked for. */
export function releaseText({ model, version, source }: Pick<Release, "model" | "version" | "source">): string {
  return model ? `${model} ${versionText(version)}`.trim() : source;
}

/** A release beside another one: its version, else what it is called where it is served. */
export function shortText(release: Release): string {
  return versionText(release.version) || release.variant || releaseText(release);
}

/** The address of a registered version; "" for another thing. */
export function versionAddress({ registered, model, version }: Pick<Release, "registered" | "model" | "version">): string {
  return registered && model && /^\d+$/.test(version) ? `models:/${model}/${version}` : "";
}

/** Where lineage begins for a release: its version, else the run that it came of; "" where neither is known. */
export function originOf(release: Release): string {
  return versionAddress(release) || (release.run_id ? `runs:/${release.run_id}` : "");
}

/** What the version is that `rollback` leads to, and from which: null where there is no way back. */
export function wayBack(item: Pick<Deployment, "current" | "candidate" | "previous">): { from: Release; to: Release; drops: boolean } | null {
  const { current, candidate, previous } = item;
  if (candidate) return { from: candidate, to: current, drops: true };
  if (previous) return { from: current, to: previous, drops: false };
  return null;
}

/** Whether a decision on the one means the same for the other: what is served, waits and was before is the same. */
export function sameChoice(one: Deployment, other: Deployment): boolean {
  const names = ({ current, candidate, previous }: Deployment) => [current, candidate, previous].map((release) => release?.variant ?? "");
  return JSON.stringify(names(one)) === JSON.stringify(names(other));
}

/** A share of the traffic: "25 %", "0.5 %". */
export function shareText(weight: number): string {
  return `${Number(weight.toFixed(1))} %`;
}

/** Seconds that an answer took: "310 µs", "3.1 ms", "42 ms", "1.2 s"; a dash where nothing was asked. */
export function latencyText(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  const ms = seconds * 1000;
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return formatDuration(ms);
}

/** Requests in a second, with as many digits as mean something. */
export function rateText(rate: number | null | undefined): string {
  if (rate == null || !Number.isFinite(rate)) return "–";
  if (rate >= 100 || rate === 0) return formatNumber(Math.round(rate));
  return rate < 0.1 ? "< 0.1" : rate.toFixed(1);
}

/** A part of all requests, in per cent: "0 %", "0.03 %", "12 %". */
export function partText(part: number | null | undefined): string {
  if (part == null || !Number.isFinite(part)) return "–";
  const percent = part * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "< 0.01 %";
  return `${Number(percent.toPrecision(2))} %`;
}

/** Steps as a field holds them, "5, 25, 50, 100"; null where they do not rise to at most 100. */
export function stepsIn(text: string): number[] | null {
  const steps = text.split(/[,;%\s]+/).filter(Boolean).map(Number);
  const rise = steps.every((step, index) => step > (steps[index - 1] ?? 0) && step <= 100);
  return steps.length > 0 && rise ? steps : null;
}

/** Where it is run from: "host:/srv/ann/.treering" as "host, /srv/ann/.treering". */
export function keeperText(keeper: string): string {
  const at = keeper.indexOf(":");
  return at > 0 ? `${keeper.slice(0, at)}, ${keeper.slice(at + 1)}` : keeper;
}

const CHECKS: Record<string, string> = { error_rate: "Errors", errors: "Errors", objective: "Objective", reward: "Reward" };

/** What a canary is judged by, in words: of times, how many answers take longer than so many of the current version's. */
export function checkText(name: string): string {
  const share = /^p(\d+(\.\d+)?)$/.exec(name)?.[1];
  if (share) return `Slower than ${share} % of answers`;
  const text = name.replaceAll("_", " ");
  return CHECKS[name] ?? text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of a check in its own unit. */
export function checkValue(name: string, value: number | null | undefined): string {
  if (value == null) return "–";
  return /error|^p\d/.test(name) ? partText(value) : formatNumber(value);
}

/** What a comparison of rewards says now: it may be looked at at any time, so that what is sure stays so. */
export function verdictOf({ difference, low, high }: Pick<LiveComparison, "difference" | "low" | "high">): {
  word: string;
  tone: "ok" | "err" | "";
} {
  if (difference === null || low === null || high === null) return { word: "too few rewards yet", tone: "" };
  if (low > 0) return { word: "surely better", tone: "ok" };
  return high < 0 ? { word: "surely worse", tone: "err" } : { word: "no difference that is sure", tone: "" };
}

/** Who did it; what the router decides by itself is said so. */
export function doer(user: string): string {
  return user === "canary" ? "The canary" : user || "Somebody";
}

const inPlace = (before: string) => (before ? ` in place of ${versionText(before)}` : "");

const SAID: Record<string, (event: DeploymentEvent) => string> = {
  created: ({ after }) => `made the deployment${after ? ` with ${versionText(after)}` : ""}`,
  applied: ({ before, after }) => `put ${versionText(after)} there${before !== after ? inPlace(before) : ""}`,
  candidate: ({ before, after }) => `put ${versionText(after)} beside ${versionText(before) || "what is served"} as the candidate`,
  ready: ({ after }) => `found ${versionText(after) || "it"} ready`,
  failed: ({ after }) => `saw ${versionText(after) || "it"} fail`,
  "canary.started": ({ after, before }) => `began to move traffic${before ? ` from ${versionText(before)}` : ""} to ${versionText(after)} in steps`,
  "canary.step": ({ after, weight }) => `gave ${versionText(after)} ${shareText(weight)} of the traffic`,
  "canary.held": ({ after, weight }) => `held ${versionText(after)} at ${shareText(weight)} of the traffic`,
  promoted: ({ before, after }) => `promoted ${versionText(after)}${inPlace(before)}`,
  rolled_back: ({ before, after }) => `rolled back${before ? ` from ${versionText(before)}` : ""} to ${versionText(after) || "what was before"}`,
  updated: () => "changed how it is served",
  removed: ({ before }) => `took it away${before ? `; ${versionText(before)} was served` : ""}`,
};

/** What somebody did, for a sentence that begins with who. */
export function deploymentEventText(event: DeploymentEvent): string {
  const said = SAID[event.action];
  if (said) return said(event);
  return `${event.action.replaceAll(/[._]/g, " ")} ${versionText(event.after)}`.trim();
}
