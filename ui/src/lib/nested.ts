/** Keys with dots or slashes in them, as a tree: `model.depth` and `model.width` fold into `model`. */

export interface Branch {
  /** The part of the key that this node adds. */
  name: string;
  /** The whole key or prefix. */
  key: string;
  /** The value where a key ends here. */
  value: string | null;
  children: Branch[];
  /** How many values are in it. */
  count: number;
}

const FEWEST = 2;

/** Sorted by name; a prefix that holds a single key stays part of that key. */
export function nest(pairs: readonly (readonly [string, string])[], mark: "." | "/" | "" = markOf(pairs)): Branch[] {
  return mark ? level(pairs.map(([key, value]) => [key.split(mark), value] as const), "", mark) : pairs.map(leaf).sort(byName);
}

/** The mark that keys are nested by: the one that more of them have. */
export function markOf(pairs: readonly (readonly [string, string])[]): "." | "/" | "" {
  const having = (mark: string) => pairs.filter(([key]) => key.slice(1, -1).includes(mark)).length;
  const [dots, slashes] = [having("."), having("/")];
  if (dots + slashes < FEWEST) return "";
  return slashes > dots ? "/" : ".";
}

function level(items: readonly (readonly [string[], string])[], prefix: string, mark: string): Branch[] {
  const groups = new Map<string, (readonly [string[], string])[]>();
  for (const item of items) {
    const name = item[0][0] ?? "";
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  const found: Branch[] = [];
  for (const [name, group] of groups) {
    const key = prefix ? prefix + mark + name : name;
    const here = group.filter(([parts]) => parts.length === 1);
    const below = group.filter(([parts]) => parts.length > 1);
    for (const [, value] of here) found.push({ name, key, value, children: [], count: 1 });
    if (below.length === 1) {
      const [parts, value] = below[0]!;
      const rest = parts.join(mark);
      found.push({ name: rest, key: prefix ? prefix + mark + rest : rest, value, children: [], count: 1 });
    } else if (below.length > 0) {
      const children = level(below.map(([parts, value]) => [parts.slice(1), value] as const), key, mark);
      found.push({ name, key, value: null, children, count: below.length });
    }
  }
  return found.sort(byName);
}

function leaf([key, value]: readonly [string, string]): Branch {
  return { name: key, key, value, children: [], count: 1 };
}

function byName(a: Branch, b: Branch): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}
