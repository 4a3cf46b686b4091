/** Which metrics have a chart, in which section, in which order. */

import { direction, isSystem } from "./columns";

export interface ChartSection {
  readonly name: string;
  readonly keys: readonly string[];
}

/** Most charts that are unfolded before anybody chose. */
export const OPEN = 48;

const JUDGED = /(^|[/_.\- ])(val|valid|validation|eval|dev|holdout|cv|test)([/_.\- ]|$)/i;

/** Metrics in the order of how much they tell: judged on held-out data first, the machine's last. */
export function telling(keys: readonly string[], points: ReadonlyMap<string, number> = new Map()): string[] {
  const weight = (key: string) =>
    (isSystem(key) ? -10 : 0) + (points.get(key) === 1 ? -4 : 0) + (JUDGED.test(key) ? 2 : 0) + (direction(key) !== 0 ? 1 : 0);
  return [...keys].sort((a, b) => weight(b) - weight(a));
}

/** The keys by what stands before their first slash, as they come; what was put into an order leads its section. */
export function sectionsOf(keys: readonly string[], order: readonly string[] = [], prefixes = true): ChartSection[] {
  const sections = new Map<string, string[]>();
  for (const key of keys) {
    const cut = key.indexOf("/");
    const name = !prefixes ? "" : cut > 0 ? key.slice(0, cut) : "Metrics";
    const members = sections.get(name);
    if (members) members.push(key);
    else sections.set(name, [key]);
  }
  const place = new Map(order.map((key, index) => [key, index]));
  const at = (key: string) => place.get(key) ?? Infinity;
  const ordered = (members: string[]) => (members.some((key) => place.has(key)) ? members.sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b))) : members);
  const found = [...sections].map(([name, members]) => ({ name, keys: ordered(members) }));
  return found.sort((a, b) => Number(a.name === "system") - Number(b.name === "system"));
}

/** Names of the sections that are unfolded: from the top until there are many charts, and but for those that were turned. */
export function openSections(sections: readonly ChartSection[], turned: readonly string[]): ReadonlySet<string> {
  let count = 0;
  const open = sections.filter((section, index) => {
    count += section.keys.length;
    return (index === 0 || count <= OPEN) !== turned.includes(section.name);
  });
  return new Set(open.map((section) => section.name));
}

/** The order after `key` was put where `target` is; only what must be said is said. */
export function moveKey(section: readonly string[], key: string, target: string, order: readonly string[]): string[] {
  const from = section.indexOf(key);
  const to = section.indexOf(target);
  if (from < 0 || to < 0 || from === to) return [...order];
  const moved = section.filter((other) => other !== key);
  moved.splice(to, 0, key);
  const said = Math.max(from, to, section.findLastIndex((other) => order.includes(other))) + 1;
  return [...order.filter((other) => !section.includes(other)), ...moved.slice(0, said)];
}
