/**
 * The rows of the table, from the top to the bottom: runs, or groups of runs, and below those that are unfolded what is
 * in them, to any depth. Every list is fetched only where it is looked at; the place of a row is computed.
 */

import type { Figures } from "../api/types";
import { Blocks, type Load } from "./blocks";

export type Cell = string | number | null;

export interface RunItem {
  kind: "run";
  /** The run's id. */
  key: string;
  name: string;
  status: string;
  experimentId: string;
  start: number;
  end: number | null;
  user: string;
  active: boolean;
  parent: string;
  children: number;
  /** By column; what is not there yet is undefined, what the run lacks is null. */
  cells: Readonly<Record<string, Cell>>;
}

export interface GroupItem {
  kind: "group";
  /** The filter that finds its runs among those that match. */
  key: string;
  name: string;
  values: readonly Cell[];
  count: number;
  runIds: readonly string[];
  /** By column; null where no run of the group has a number. */
  figures: Readonly<Record<string, Figures | null>>;
}

export type Item = RunItem | GroupItem;

/** Where the rows of the top come from, and those below a row. */
export interface Source {
  top: Load<Item>;
  below: (item: Item) => Load<Item>;
}

interface Branch {
  blocks: Blocks<Item>;
  open: Map<string, { at: number; branch: Branch }>;
}

export interface Row {
  index: number;
  item: Item | undefined;
  depth: number;
  open: boolean;
}

export class RowModel {
  readonly #top: Branch;
  readonly #listeners = new Set<() => void>();
  #source: Source;
  #state = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#top = this.#branch(source.top);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number after each change. */
  state = (): number => this.#state;

  get ready(): boolean {
    return this.#top.blocks.total !== null;
  }

  get error(): unknown {
    return this.#top.blocks.error;
  }

  get version(): string {
    return this.#top.blocks.version;
  }

  /** How many there are at the top. */
  get total(): number {
    return this.#top.blocks.total ?? 0;
  }

  /** How many rows there are, with those that are unfolded. */
  get size(): number {
    return sizeOf(this.#top);
  }

  get waiting(): boolean {
    return every(this.#top).some((branch) => branch.blocks.waiting);
  }

  get behind(): boolean {
    return every(this.#top).some((branch) => branch.blocks.behind);
  }

  get arrived(): number {
    return this.#top.blocks.arrived;
  }

  /** Whether all rows of the top are here, and nothing hangs below any. */
  get complete(): boolean {
    return this.#top.blocks.complete && this.#top.open.size === 0;
  }

  /** What is here of all runs that are in some place of the table. */
  loaded(): Item[] {
    return every(this.#top).flatMap((branch) => branch.blocks.loaded());
  }

  row(index: number): Row {
    const found = placeOf(this.#top, index, 0);
    const item = found.branch.blocks.at(found.at);
    return { index, item, depth: found.depth, open: item !== undefined && found.branch.open.has(item.key) };
  }

  /** The index of a row at the top that is here, or -1. */
  find(key: string): number {
    const at = this.#top.blocks.find(key);
    if (at < 0) return -1;
    let index = at;
    for (const { at: below, branch } of this.#top.open.values()) if (below < at) index += sizeOf(branch);
    return index;
  }

  /** Folds or unfolds what is below a row. */
  toggle(index: number, open?: boolean): void {
    const { branch, at } = placeOf(this.#top, index, 0);
    const item = branch.blocks.at(at);
    if (!item || (item.kind === "run" && item.children === 0)) return;
    const now = branch.open.get(item.key);
    if (open !== undefined && open === (now !== undefined)) return;
    if (now) {
      for (const gone of every(now.branch)) gone.blocks.close();
      branch.open.delete(item.key);
    } else {
      const below = this.#branch(this.#source.below(item));
      below.blocks.want(0, 0);
      branch.open.set(item.key, { at, branch: below });
    }
    this.#tell();
  }

  want(first: number, last: number): void {
    const seen = new Map<Branch, [number, number]>();
    for (const stretch of stretches(this.#top, first, last)) {
      const known = seen.get(stretch.branch);
      const low = Math.min(known?.[0] ?? Infinity, stretch.first);
      seen.set(stretch.branch, [low, Math.max(known?.[1] ?? 0, stretch.last)]);
    }
    // Where nothing is in sight, as of an empty table, its beginning tells when there is something.
    if (this.#top.blocks.total === null) this.#top.blocks.want(first, last);
    else if (!seen.has(this.#top)) this.#top.blocks.want(0, 0);
    for (const [branch, [low, high]] of seen) branch.blocks.want(low, high);
  }

  /** Asks again for what is looked at; `held` keeps the order in which it is shown. */
  renew(held: boolean, first: number, last: number): void {
    for (const branch of every(this.#top)) branch.blocks.renew(held);
    this.want(first, last);
  }

  /** The same rows with other cells; nothing where the source is the same. */
  reload(source: Source, first: number, last: number): void {
    if (source === this.#source) return;
    this.#source = source;
    this.#top.blocks.reload(source.top);
    const inner = (branch: Branch) => {
      for (const [key, { at, branch: below }] of branch.open) {
        const item = branch.blocks.at(at);
        if (item?.key === key) below.blocks.reload(source.below(item));
        inner(below);
      }
    };
    inner(this.#top);
    this.want(first, last);
  }

  patch(key: string, change: (item: Item) => Item): void {
    for (const branch of every(this.#top)) branch.blocks.patch(key, change);
  }

  close(): void {
    for (const branch of every(this.#top)) branch.blocks.close();
  }

  #branch(load: Load<Item>): Branch {
    const branch: Branch = { open: new Map(), blocks: new Blocks(load, () => this.#moved(branch)) };
    return branch;
  }

  /** After an answer, what was unfolded may stand at another place, or nowhere. */
  #moved(branch: Branch): void {
    for (const [key, child] of branch.open) {
      const at = branch.blocks.find(key);
      if (at >= 0) child.at = at;
      else if (child.at >= (branch.blocks.total ?? 0)) branch.open.delete(key);
    }
    this.#tell();
  }

  #tell(): void {
    this.#state += 1;
    for (const listener of this.#listeners) listener();
  }
}

function every(branch: Branch): Branch[] {
  return [branch, ...[...branch.open.values()].flatMap((child) => every(child.branch))];
}

/** A list that has not answered yet takes one row, which says so. */
function ownSize(branch: Branch): number {
  return branch.blocks.total ?? 1;
}

function sizeOf(branch: Branch): number {
  let size = ownSize(branch);
  for (const child of branch.open.values()) size += sizeOf(child.branch);
  return size;
}

function inOrder(branch: Branch): { at: number; branch: Branch }[] {
  return [...branch.open.values()].sort((a, b) => a.at - b.at);
}

function placeOf(branch: Branch, index: number, depth: number): { branch: Branch; at: number; depth: number } {
  let above = 0;
  for (const child of inOrder(branch)) {
    const start = child.at + 1 + above;
    if (index < start) break;
    const size = sizeOf(child.branch);
    if (index < start + size) return placeOf(child.branch, index - start, depth + 1);
    above += size;
  }
  return { branch, at: index - above, depth };
}

/** Which part of each list the rows from `first` to `last` show. */
function stretches(branch: Branch, first: number, last: number): { branch: Branch; first: number; last: number }[] {
  const found: { branch: Branch; first: number; last: number }[] = [];
  let above = 0;
  let from = 0;
  const own = (to: number) => {
    const low = Math.max(from, first - above);
    const high = Math.min(to, last - above);
    if (low <= high) found.push({ branch, first: low, last: high });
    from = to + 1;
  };
  for (const child of inOrder(branch)) {
    own(child.at);
    const start = child.at + 1 + above;
    const size = sizeOf(child.branch);
    if (last >= start && first < start + size) {
      found.push(...stretches(child.branch, Math.max(0, first - start), Math.min(size - 1, last - start)));
    }
    above += size;
  }
  own(ownSize(branch) - 1);
  return found;
}
