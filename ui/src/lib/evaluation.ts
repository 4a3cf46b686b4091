/** The record of an evaluation, as it lies among the artifacts of a run: what a model was found to do. */

import { toFloat } from "./format";
import { parseJson } from "./jsontext";
import { isObject } from "./tables";

export const RECORD_PATH = "evaluation/evaluation.json";

/** On a run that holds an evaluation: the id of the model that was evaluated, else its URI. */
export const EVALUATED_TAG = "treering.evaluation";

/** The format that is known here. */
const FORMAT = 1;

export interface Estimate {
  value: number;
  /** NaN, as `high`, where nothing is known. */
  low: number;
  high: number;
}

export interface Check {
  name: string;
  /** null: there is not enough data to say. */
  passed: boolean | null;
  value: number;
  bound: string;
  reason: string;
}

export interface Figures {
  name: string;
  rows: number | null;
  metrics: ReadonlyMap<string, Estimate>;
}

export interface GroupReport {
  attribute: string;
  groups: (Figures & { suppressed: boolean })[];
  summary: ReadonlyMap<string, Estimate>;
  warnings: string[];
}

export interface Business {
  labels: string[];
  /** What a row is worth: by its true class, then by the one that was foretold. */
  matrix: number[][];
  threshold: number;
  value: Estimate;
  current: Estimate;
  alternative: number;
  total: number;
  roi: number;
  curve: [number, number][];
}

export interface Calibration {
  label: string;
  bins: { rows: number; predicted: number; observed: number }[];
  expectedError: number;
  brier: number;
}

export interface Dependence {
  feature: string;
  output: string;
  /** Words where the feature is no number. */
  values: (number | string)[];
  mean: number[];
}

export interface Explanation {
  method: string;
  metric: string;
  rows: number;
  importances: { feature: string; value: number; deviation: number }[];
  dependences: Dependence[];
  notes: string[];
}

export interface Probe {
  name: string;
  value: number;
  change: number;
  reason: string;
}

export interface Robustness {
  metric: string;
  value: number;
  rows: number;
  greaterIsBetter: boolean;
  probes: Probe[];
  notes: string[];
}

export interface Difference {
  metric: string;
  candidate: number;
  baseline: number;
  difference: Estimate;
  better: boolean | null;
}

export interface EvaluationRecord {
  modelUri: string;
  modelType: string;
  dataset: string;
  digest: string;
  rows: number;
  created: number;
  confidence: number;
  metrics: ReadonlyMap<string, Estimate>;
  greaterIsBetter: ReadonlyMap<string, boolean>;
  slices: Figures[];
  fairness: GroupReport[];
  business: Business | null;
  explanation: Explanation | null;
  calibration: Calibration[];
  robustness: Robustness | null;
  comparison: { baseline: string; paired: boolean; differences: Difference[] } | null;
  checks: Check[];
  /** Plots and tables: what each is, and its path among the artifacts of the run. */
  files: [string, string][];
}

type Fields = Record<string, unknown>;

/** Throws Error where the text is no such record, or one of a format that is not known here. */
export function readEvaluation(text: string): EvaluationRecord {
  const root: unknown = parseJson(text);
  if (!isObject(root) || root.format === undefined) throw new Error("This is no record of an evaluation: it says no format.");
  if (Number(root.format) !== FORMAT) {
    throw new Error(`This record has the format ${String(root.format)}, and these pages read format ${FORMAT}. Update Treering.`);
  }
  return {
    modelUri: word(root.model_uri),
    modelType: word(root.model_type),
    dataset: word(root.dataset_name),
    digest: word(root.dataset_digest),
    rows: number(root.rows) || 0,
    created: number(root.created) || 0,
    confidence: number(root.confidence) || 0.95,
    metrics: withIntervals(root.metrics, root.intervals),
    greaterIsBetter: new Map(Object.entries(fields(root.greater_is_better)).map(([key, value]) => [key, value === true])),
    slices: list(root.slices).map(figures),
    fairness: list(root.fairness).map(groupReport),
    business: isObject(root.business) ? business(root.business) : null,
    explanation: isObject(root.explanation) ? explanation(root.explanation) : null,
    calibration: list(root.calibration).map(calibration),
    robustness: isObject(root.robustness) ? robustness(root.robustness) : null,
    comparison: isObject(root.comparison) ? comparison(root.comparison) : null,
    checks: list(root.checks).map(check),
    files: Object.entries(fields(root.files)).map(([key, path]) => [key, word(path)]),
  };
}

/** Passed, failed, and not to be told. */
export function tally(checks: readonly Check[]): { passed: number; failed: number; open: number } {
  return {
    passed: checks.filter(({ passed }) => passed === true).length,
    failed: checks.filter(({ passed }) => passed === false).length,
    open: checks.filter(({ passed }) => passed === null).length,
  };
}

/** From the least to the greatest of all that is known of some estimates; null where nothing is. */
export function spanOf(estimates: readonly Estimate[]): [number, number] | null {
  const ends = estimates.flatMap(({ value, low, high }) => [value, low, high]).filter(Number.isFinite);
  return ends.length === 0 ? null : [Math.min(...ends), Math.max(...ends)];
}

/** Where an axis begins and ends, with some room `by` the ends; around a single value. */
export function span(values: readonly number[], by: number): readonly [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? (high - low) * by : Math.abs(low) * 0.1 || 1;
  return [low - room, high + room];
}

/** From three to seven round numbers of an axis. */
export function ticks([low, high]: readonly [number, number]): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((size) => size >= rough * 0.999) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Whether a run with this tag judged a version: its tag names the model, or it is the version's own run and knew another name. */
export function isOf(evaluated: string | undefined, runId: string, version: { model_id?: string | null; run_id?: string | null; source: string }): boolean {
  if (evaluated === undefined) return false;
  if (evaluated === version.model_id || evaluated === version.source) return true;
  return runId === version.run_id && !(version.model_id && evaluated.startsWith("m-"));
}

function check(one: Fields): Check {
  const passed = typeof one.passed === "boolean" ? one.passed : null;
  return { name: word(one.name), passed, value: number(one.value), bound: word(one.bound), reason: word(one.reason) };
}

function figures(one: Fields): Figures {
  const rows = one.rows === null || one.rows === undefined ? null : number(one.rows);
  return { name: word(one.name), rows, metrics: withIntervals(one.metrics, one.intervals) };
}

function groupReport(one: Fields): GroupReport {
  return {
    attribute: word(one.attribute),
    groups: list(one.groups).map((group) => ({ ...figures(group), suppressed: group.suppressed === true })),
    summary: new Map(Object.entries(fields(one.summary)).map(([key, value]) => [key, estimate(value)])),
    warnings: words(one.warnings),
  };
}

function business(one: Fields): Business {
  return {
    labels: words(one.labels),
    matrix: lists(one.matrix),
    threshold: number(one.threshold),
    value: estimate(one.value),
    current: estimate(one.current),
    alternative: number(one.alternative),
    total: number(one.total),
    roi: number(one.roi),
    curve: lists(one.curve).map(([at = NaN, value = NaN]) => [at, value]),
  };
}

function calibration(one: Fields): Calibration {
  return {
    label: word(one.label),
    bins: list(one.bins).map((bin) => ({ rows: number(bin.rows), predicted: number(bin.predicted), observed: number(bin.observed) })),
    expectedError: number(one.expected_error),
    brier: number(one.brier),
  };
}

function explanation(one: Fields): Explanation {
  return {
    method: word(one.method),
    metric: word(one.metric),
    rows: number(one.rows) || 0,
    importances: list(one.importances).map((item) => ({
      feature: word(item.feature),
      value: number(item.value),
      deviation: number(item.deviation) || 0,
    })),
    dependences: list(one.dependences).map((item) => ({
      feature: word(item.feature),
      output: word(item.output),
      values: array(item.values).map((value) => (typeof value === "number" ? value : word(value))),
      mean: array(item.mean).map(number),
    })),
    notes: words(one.notes),
  };
}

function robustness(one: Fields): Robustness {
  return {
    metric: word(one.metric),
    value: number(one.value),
    rows: number(one.rows) || 0,
    greaterIsBetter: one.greater_is_better !== false,
    probes: list(one.probes).map((probe) => ({
      name: word(probe.name),
      value: number(probe.value),
      change: number(probe.change),
      reason: word(probe.reason),
    })),
    notes: words(one.notes),
  };
}

function comparison(one: Fields) {
  const differences = list(one.differences).map((item) => ({
    metric: word(item.metric),
    candidate: number(item.candidate),
    baseline: number(item.baseline),
    difference: estimate(item.difference),
    better: typeof item.better === "boolean" ? item.better : null,
  }));
  return { baseline: word(one.baseline), paired: one.paired === true, differences };
}

function withIntervals(metrics: unknown, intervals: unknown): Map<string, Estimate> {
  const known = fields(intervals);
  return new Map(
    Object.entries(fields(metrics)).map(([key, value]) => {
      const { low, high } = fields(known[key]);
      return [key, { value: number(value), low: number(low), high: number(high) }];
    }),
  );
}

function estimate(given: unknown): Estimate {
  const { value, low, high } = fields(given);
  return { value: number(value), low: number(low), high: number(high) };
}

function fields(given: unknown): Fields {
  return isObject(given) ? given : {};
}

function array(given: unknown): unknown[] {
  return Array.isArray(given) ? given : [];
}

function list(given: unknown): Fields[] {
  return array(given).filter(isObject);
}

function lists(given: unknown): number[][] {
  return array(given).map((row) => array(row).map(number));
}

function words(given: unknown): string[] {
  return array(given).map(word);
}

function word(given: unknown): string {
  return typeof given === "string" ? given : typeof given === "number" || typeof given === "boolean" ? String(given) : "";
}

function number(given: unknown): number {
  return toFloat(typeof given === "number" || typeof given === "string" ? given : null);
}
