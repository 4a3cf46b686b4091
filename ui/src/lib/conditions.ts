/** A filter as conditions that all must hold, where it is one; and filters made of others. */

import { tokens } from "./grammar";

export interface Condition {
  text: string;
  start: number;
  end: number;
}

/** The conditions that AND joins at the outermost level; a filter with OR there is one condition. */
export function conditionsOf(filter: string): Condition[] {
  const found: Condition[] = [];
  let depth = 0;
  let start = 0;
  const cut = (end: number) => {
    const text = filter.slice(start, end).trim();
    if (text) found.push({ text, start: filter.indexOf(text, start), end: filter.indexOf(text, start) + text.length });
  };
  for (const token of tokens(filter)) {
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
    else if (depth === 0 && token.kind === "word" && token.text.toLowerCase() === "or") {
      const text = filter.trim();
      return [{ text, start: filter.indexOf(text), end: filter.indexOf(text) + text.length }];
    } else if (depth === 0 && token.kind === "word" && token.text.toLowerCase() === "and") {
      cut(token.start);
      start = token.start + token.text.length;
    }
  }
  cut(filter.length);
  return found;
}

function hasOr(filter: string): boolean {
  let depth = 0;
  for (const token of tokens(filter)) {
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
    else if (depth === 0 && token.kind === "word" && token.text.toLowerCase() === "or") return true;
  }
  return false;
}

/** Both filters at once. */
export function both(filter: string, condition: string): string {
  const [a, b] = [filter.trim(), condition.trim()];
  if (!a || !b) return a || b;
  const enclosed = (text: string) => (hasOr(text) ? `(${text})` : text);
  return `${enclosed(a)} and ${enclosed(b)}`;
}

/** The filter without one of its conditions. */
export function without(filter: string, index: number): string {
  return conditionsOf(filter)
    .filter((_, other) => other !== index)
    .map((condition) => condition.text)
    .join(" and ");
}

/** Runs with these ids. */
export function idsFilter(ids: readonly string[]): string {
  return `attributes.run_id IN (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ")})`;
}

/** What the server is asked for: what the user wrote, without the runs that are hidden. */
export function askedFilter(filter: string, hidden: readonly string[]): string {
  if (hidden.length === 0) return filter;
  const rest = `attributes.run_id NOT IN (${hidden.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ")})`;
  return filter ? `(${filter}) and ${rest}` : rest;
}
