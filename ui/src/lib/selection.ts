/** Which runs are selected: these, or all that match but these. */

export type Selection = { all: false; ids: ReadonlySet<string> } | { all: true; except: ReadonlySet<string> };

export const NOTHING: Selection = { all: false, ids: new Set() };
export const EVERYTHING: Selection = { all: true, except: new Set() };

export function isSelected(selection: Selection, id: string): boolean {
  return selection.all ? !selection.except.has(id) : selection.ids.has(id);
}

/** With all of `ids` selected, or none of them. */
export function withIds(selection: Selection, ids: readonly string[], selected: boolean): Selection {
  const next = new Set(selection.all ? selection.except : selection.ids);
  for (const id of ids) {
    if (selected === selection.all) next.delete(id);
    else next.add(id);
  }
  return selection.all ? { all: true, except: next } : { all: false, ids: next };
}

export function flipped(selection: Selection, id: string): Selection {
  return withIds(selection, [id], !isSelected(selection, id));
}

/** How many runs are selected of `total` that match. */
export function countOf(selection: Selection, total: number): number {
  return selection.all ? Math.max(0, total - selection.except.size) : selection.ids.size;
}

/** "true" and "false" where all or none are selected, "mixed" between. */
export function stateOf(selection: Selection, total: number): "true" | "false" | "mixed" {
  const count = countOf(selection, total);
  return count === 0 ? "false" : count >= total ? "true" : "mixed";
}

/** The indices from one row to another, both included, in either direction. */
export function between(from: number, to: number): number[] {
  const low = Math.min(from, to);
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => low + index);
}
