/** Which experiments a list shows, and in which order. */

import type { Experiment } from "../api/types";

export interface Activity {
  runs: number;
  running: number;
  last_start: number | null;
}

export const SORTS = ["name", "runs", "running", "last", "created"] as const;
export type Sort = (typeof SORTS)[number];

/** "name" or "-name" of an address; the newest activity first where it says nothing. */
export function readSort(text: string | undefined): { by: Sort; descending: boolean } {
  const by = (text ?? "").replace(/^-/, "") as Sort;
  return SORTS.includes(by) ? { by, descending: text!.startsWith("-") } : { by: "last", descending: true };
}

/** The other direction of a column, or its first one: names begin with A, figures with the greatest. */
export function turned(now: { by: Sort; descending: boolean }, by: Sort): string {
  const descending = now.by === by ? !now.descending : by !== "name";
  return descending ? `-${by}` : by;
}

/** Those whose name or a tag's text holds `text`, and that have the tag "key=value". */
export function matching(all: readonly Experiment[], text: string, tag: string): Experiment[] {
  const wanted = text.trim().toLowerCase();
  const cut = tag.indexOf("=");
  const [key, value] = cut < 0 ? [tag, null] : [tag.slice(0, cut), tag.slice(cut + 1)];
  return all.filter((item) => {
    if (tag && (item.tags?.[key] === undefined || (value !== null && item.tags[key] !== value))) return false;
    return !wanted || item.name.toLowerCase().includes(wanted) || item.experiment_id === wanted;
  });
}

export function sorted(
  items: readonly Experiment[],
  activity: ReadonlyMap<string, Activity> | undefined,
  { by, descending }: { by: Sort; descending: boolean },
): Experiment[] {
  const way = descending ? -1 : 1;
  const of = (item: Experiment) => activity?.get(item.experiment_id);
  const number = (item: Experiment): number => {
    if (by === "created") return item.creation_time;
    if (by === "last") return of(item)?.last_start ?? 0;
    return of(item)?.[by as "runs" | "running"] ?? 0;
  };
  return [...items].sort((a, b) =>
    by === "name"
      ? way * a.name.localeCompare(b.name, undefined, { numeric: true })
      : way * (number(a) - number(b)) || a.name.localeCompare(b.name),
  );
}
