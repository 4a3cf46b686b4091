/**
 * A long list of which only what is looked at is fetched, in blocks. What is there stays there while newer answers come;
 * a list that is held keeps its order and takes over new values alone.
 */

export const BLOCK = 150;

export interface Page<T> {
  total: number;
  version: string;
  items: readonly T[];
}

export type Load<T> = (offset: number, limit: number, signal: AbortSignal) => Promise<Page<T>>;

interface Block<T> {
  items: readonly T[];
  generation: number;
}

interface Request {
  generation: number;
  controller: AbortController;
}

export class Blocks<T extends { key: string }> {
  /** How many items there are; null before the first answer. */
  total: number | null = null;
  version = "";
  error: unknown = null;
  /** How many items have come while the list was held, or 0; it may be negative. */
  arrived = 0;
  /** Whether the order that is shown is no longer the server's. */
  behind = false;

  #load: Load<T>;
  readonly #changed: () => void;
  readonly #blocks = new Map<number, Block<T>>();
  readonly #waiting = new Map<number, Request>();
  #generation = 0;
  #held = false;
  /** Whether what was asked for in the server's order has not all come yet; until then nothing is held. */
  #owed = false;

  constructor(load: Load<T>, changed: () => void) {
    this.#load = load;
    this.#changed = changed;
  }

  at(index: number): T | undefined {
    return this.#blocks.get(Math.floor(index / BLOCK))?.items[index % BLOCK];
  }

  /** Whether all items are here. */
  get complete(): boolean {
    return this.total !== null && this.loaded().length >= this.total;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** What is here, in order. */
  loaded(): T[] {
    return [...this.#blocks.keys()].sort((a, b) => a - b).flatMap((block) => this.#blocks.get(block)!.items);
  }

  /** Where an item is that is here, or -1. */
  find(key: string): number {
    for (const [block, { items }] of this.#blocks) {
      const at = items.findIndex((item) => item.key === key);
      if (at >= 0) return block * BLOCK + at;
    }
    return -1;
  }

  /** Asks for the blocks from `first` to `last` that are missing or old, and no longer for others. */
  want(first: number, last: number): void {
    const low = Math.floor(Math.max(0, first) / BLOCK);
    const end = this.total === null ? 0 : Math.floor(Math.max(0, this.total - 1) / BLOCK);
    const high = Math.max(low, Math.min(end, Math.floor(Math.max(0, last) / BLOCK)));
    for (const [block, request] of this.#waiting) {
      if (block >= low && block <= high && request.generation === this.#generation) continue;
      request.controller.abort();
      this.#waiting.delete(block);
    }
    for (let block = low; block <= high; block++) {
      if (this.#blocks.get(block)?.generation === this.#generation || this.#waiting.has(block)) continue;
      void this.#fetch(block);
    }
  }

  /**
   * What is here is old from now on; `held` keeps the order in which it is shown. Who has asked for the server's order
   * gets it, even if news come in before the answer: else runs that were just deleted would stay in sight.
   */
  renew(held: boolean): void {
    this.#generation += 1;
    if (!held) this.#owed = true;
    this.#held = held && !this.#owed;
    this.error = null;
  }

  /** Another way to load the same items, such as with more cells. */
  reload(load: Load<T>): void {
    this.#load = load;
    this.renew(this.#held);
  }

  /** Puts another item in the place of one, before the server knows of it. */
  patch(key: string, change: (item: T) => T): void {
    for (const [block, { items, generation }] of this.#blocks) {
      if (!items.some((item) => item.key === key)) continue;
      this.#blocks.set(block, { items: items.map((item) => (item.key === key ? change(item) : item)), generation });
      this.#changed();
    }
  }

  /** Stops asking. */
  close(): void {
    for (const request of this.#waiting.values()) request.controller.abort();
    this.#waiting.clear();
  }

  async #fetch(block: number): Promise<void> {
    const request = { generation: this.#generation, controller: new AbortController() };
    this.#waiting.set(block, request);
    try {
      const page = await this.#load(block * BLOCK, BLOCK, request.controller.signal);
      if (this.#waiting.get(block) !== request) return;
      this.#waiting.delete(block);
      this.error = null;
      this.#put(block, page, request.generation);
      if (this.#waiting.size === 0) this.#owed = false;
    } catch (error) {
      if (this.#waiting.get(block) !== request) return;
      this.#waiting.delete(block);
      this.error = error;
    }
    this.#changed();
  }

  #put(block: number, page: Page<T>, generation: number): void {
    const known = this.#blocks.get(block)?.items;
    this.version = page.version;
    const same = !known || sameOrder(known, page.items);
    if (this.#held && !same) {
      const fresh = new Map(page.items.map((item) => [item.key, item]));
      this.#blocks.set(block, { items: known.map((item) => fresh.get(item.key) ?? item), generation });
      this.behind = true;
      this.arrived = page.total - (this.total ?? page.total);
      return;
    }
    this.#blocks.set(block, { items: page.items, generation });
    if (this.#held && this.behind) {
      this.arrived = page.total - (this.total ?? page.total);
      return;
    }
    this.behind = false;
    this.arrived = 0;
    const shrunk = this.total !== null && page.total < this.total;
    this.total = page.total;
    if (shrunk) for (const other of this.#blocks.keys()) if (other * BLOCK >= page.total) this.#blocks.delete(other);
  }
}

function sameOrder<T extends { key: string }>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item.key === b[index]!.key);
}
