/** What the charts of a page share: what they show, which runs, the run under the pointer. */

import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type ChartView, DEFAULT_CHART_VIEW } from "../../lib/chartstate";
import type { Range } from "../../lib/zoom";

/** A run that charts draw, in the colour of its slot. */
export interface DrawnRun {
  readonly runId: string;
  readonly name: string;
  readonly slot: number;
  readonly live: boolean;
  readonly group?: string;
}

/** Runs that are drawn as one line. */
export interface DrawnGroup {
  readonly name: string;
  readonly slot: number;
  readonly runIds: readonly string[];
}

/** A value that changes too often to go through the state of a component. */
export class Cell<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly set = (value: T): void => {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}

export interface Shared {
  readonly experimentIds: readonly string[];
  readonly runs: readonly DrawnRun[];
  readonly groups: readonly DrawnGroup[];
  readonly filter: string;
  readonly version: string;
  readonly view: ChartView;
  /** The range of x whose points are read; during a gesture that of `view` is another. */
  readonly asked: ChartView["zoom"];
  readonly change: (part: Partial<ChartView>) => void;
  /** Shows another range of x; `soon` while a gesture goes on, so that the address changes when it has ended. */
  readonly zoom: (range: Range | null, soon?: boolean) => void;
  /** The run, or the group, that stands out. */
  readonly hover: Cell<string | null>;
  readonly onHover: (id: string | null) => void;
  readonly onFilter: ((condition: string) => void) | null;
  /** Charts of one page share their cursor under this name. */
  readonly name: string;
  /** Points of a line of a card in the grid, about one for each pixel. */
  readonly points: number;
}

export const SharedContext = createContext<Shared>({
  experimentIds: [],
  runs: [],
  groups: [],
  filter: "",
  version: "",
  view: DEFAULT_CHART_VIEW,
  asked: null,
  change: () => undefined,
  zoom: () => undefined,
  hover: new Cell<string | null>(null),
  onHover: () => undefined,
  onFilter: null,
  name: "charts",
  points: 400,
});

export function useShared(): Shared {
  return useContext(SharedContext);
}

/** A value that follows the one given, but changes at most once in `pause` ms. */
export function useSettled<T>(value: T, pause: number): T {
  const [kept, keep] = useState(value);
  const changed = useRef(0);
  useEffect(() => {
    if (value === kept) return;
    const timer = setTimeout(
      () => {
        changed.current = Date.now();
        keep(value);
      },
      Math.max(0, changed.current + pause - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [value, kept, pause]);
  return kept;
}

const inSight = new Map<Element, (seen: boolean) => void>();
let watcher: IntersectionObserver | null = null;

/** Whether an element is on the screen, or nearly. */
export function useInSight(element: { readonly current: Element | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watched = element.current;
    if (!watched) return;
    watcher ??= new IntersectionObserver(
      (entries) => entries.forEach((entry) => inSight.get(entry.target)?.(entry.isIntersecting)),
      { rootMargin: "200px" },
    );
    inSight.set(watched, setSeen);
    watcher.observe(watched);
    return () => {
      watcher?.unobserve(watched);
      inSight.delete(watched);
    };
  }, [element]);
  return seen;
}
