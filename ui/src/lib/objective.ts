/** What an experiment is for, and when it has succeeded, as a tag of it says. */

import { formatParam } from "./format";
import { parseJson } from "./jsontext";
import { isObject } from "./tables";

export const OBJECTIVE_TAG = "treering.objective";
const OPERATORS = [">=", "<=", ">", "<", "=="] as const;

export interface Criterion {
  metric: string;
  op: (typeof OPERATORS)[number];
  value: number;
  /** The part of the data on which it counts; "" for all of it. */
  slice: string;
}

export interface Objective {
  statement: string;
  owner: string;
  criteria: Criterion[];
  /** The metric by which two models are compared; "" where nobody said. */
  primary: string;
  greaterIsBetter: boolean;
  /** By how much of it a new model has to beat the old one. */
  minImprovement: number;
}

/** Null where the tags hold none, or something that is none: anybody can write a tag. */
export function objectiveOf(tags: Readonly<Record<string, string>> | undefined): Objective | null {
  const text = tags?.[OBJECTIVE_TAG];
  if (text === undefined) return null;
  let root: unknown;
  try {
    root = parseJson(text);
  } catch {
    return null;
  }
  if (!isObject(root) || typeof root.statement !== "string") return null;
  const criteria = Array.isArray(root.criteria) ? root.criteria.filter(isObject).flatMap(criterionOf) : [];
  return {
    statement: root.statement,
    owner: typeof root.owner === "string" ? root.owner : "",
    criteria,
    primary: typeof root.primary === "string" ? root.primary : "",
    greaterIsBetter: root.greater_is_better !== false,
    minImprovement: typeof root.min_improvement === "number" ? root.min_improvement : 0,
  };
}

function criterionOf(one: Record<string, unknown>): Criterion[] {
  const op = OPERATORS.find((known) => known === one.op);
  if (op === undefined || typeof one.metric !== "string" || typeof one.value !== "number") return [];
  return [{ metric: one.metric, op, value: one.value, slice: typeof one.slice === "string" ? one.slice : "" }];
}

export function criterionText({ metric, op, value, slice }: Criterion): string {
  const sign = { ">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<" }[op];
  return `${metric}${slice ? ` on ${slice}` : ""} ${sign} ${formatParam(String(value))}`;
}

/** A bound as the server takes it, and as people write it. */
export function criterionLine({ metric, op, value, slice }: Criterion): string {
  return `${metric}${slice ? `[${slice}]` : ""} ${op} ${value}`;
}

/**
 * The condition on runs; "" where no run has the metric, as for a part of the data.
 *
 * @param fields Metrics that runs have, as filters write them.
 */
export function conditionOf({ metric, op, value, slice }: Criterion, fields: ReadonlyMap<string, string>): string {
  const field = slice ? undefined : (fields.get(metric) ?? fields.get(`${metric}_score`));
  return field === undefined ? "" : `${field} ${op === "==" ? "=" : op} ${value}`;
}
