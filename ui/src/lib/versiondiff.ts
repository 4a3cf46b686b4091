/** What versions of a model differ in, part by part: what the server compared, beside what each version says of itself. */

import type { VersionComparison } from "../api/governance";
import type { ModelVersion } from "../api/types";
import { direction, isSystem } from "./columns";
import { type Cell, type Row, rowsOf } from "./compare";
import { formatNumber, formatParam, formatTime } from "./format";
import { isReserved } from "./tags";

type Difference = VersionComparison["differences"][number];

/** Titles, and the kinds of differences below each. */
const PARTS: readonly (readonly [string, readonly string[]])[] = [
  ["Metrics", ["metric"]],
  ["Evaluation", ["evaluation"]],
  ["Params", ["param"]],
  ["Signature", ["input", "output", "parameter"]],
  ["Flavours", ["flavour"]],
  ["Requirements", ["requirement"]],
  ["Data", ["data"]],
  ["Code", ["code"]],
  ["Tags", ["tag"]],
];
const CODE_WORDS: Record<string, string> = { "mlflow.source.git.commit": "commit", "mlflow.source.name": "started from" };

export function partsOf({ differences }: VersionComparison): [string, Row[]][] {
  return PARTS.map(([title, kinds]) => [title, differences.filter((one) => kinds.includes(one.kind) && isShown(one)).map(rowOf)]);
}

export function factRows(versions: readonly ModelVersion[]): Row[] {
  return rowsOf(
    versions.map((version) => {
      const facts: [string, string][] = [
        ["stage", version.stage],
        ["aliases", (version.aliases ?? []).map((alias) => `@${alias}`).join(", ")],
        ["description", version.description ?? ""],
        ["source", version.source],
        ["created", formatTime(version.creation_time)],
      ];
      return new Map(facts.flatMap(([key, text]): [string, Cell][] => (text ? [[key, { text }]] : [])));
    }),
  );
}

function isShown({ kind, key }: Difference): boolean {
  return !(kind === "metric" && isSystem(key)) && !(kind === "tag" && isReserved(key));
}

function rowOf({ kind, key, values, same }: Difference): Row {
  const measured = kind === "metric" || kind === "evaluation";
  const signature = kind === "input" || kind === "output" || kind === "parameter";
  return {
    key: signature ? `${kind} ${key}` : (CODE_WORDS[key] ?? key),
    cells: values.map((value) => (value === null ? { text: null } : measured ? figure(value) : word(kind, key, value))),
    differs: !same,
    way: measured ? direction(key) : 0,
  };
}

function figure(text: string): Cell {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? { text } : { text: formatNumber(value), full: text, value };
}

function word(kind: string, key: string, value: string): Cell {
  if (kind === "code" && /^[0-9a-f]{40,64}$/.test(value)) return { text: value.slice(0, 12), full: value };
  if (kind === "param") return { text: formatParam(value), full: value };
  // A requirement repeats the name that the row begins with.
  if (kind === "requirement" && value.toLowerCase().startsWith(key)) return { text: value.slice(key.length).trim() || "any", full: value };
  return { text: value };
}
