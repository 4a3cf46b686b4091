/** Which row of the page shows which row of the table: one that goes out of sight shows the next that comes into it. */

export interface Line {
  /** Of the row of the table. */
  index: number;
  /** Of the row of the page. */
  place: number;
}

export class Places {
  #taken = new Map<number, number>();

  /** A place for each index; an index that had one keeps it. The same again for the same indices. */
  of(indices: readonly number[]): Line[] {
    const kept = new Map(indices.flatMap((index) => (this.#taken.has(index) ? [[index, this.#taken.get(index)!] as const] : [])));
    const held = new Set(kept.values());
    let free = 0;
    for (const index of indices) {
      if (kept.has(index)) continue;
      while (held.has(free)) free += 1;
      held.add(free);
      kept.set(index, free);
    }
    this.#taken = kept;
    return indices.map((index) => ({ index, place: kept.get(index)! }));
  }
}
