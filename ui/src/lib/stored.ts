/** Values that this browser remembers. Storage may be forbidden or full; then a value lasts as long as the page. */

import { useSyncExternalStore } from "react";

export interface Stored<T> {
  get: () => T;
  set: (value: T) => void;
}

/** Everything that the pages remember begins so. */
export const PREFIX = "treering.";

const resets = new Set<() => void>();

/** A remembered value under `treering.<name>`; `read` makes sense of what is there, whatever it is. */
export function stored<T>(name: string, read: (found: unknown) => T): Stored<T> & { subscribe: Subscribe } {
  const key = PREFIX + name;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  let value = read(load(key));
  resets.add(() => {
    value = read(undefined);
    tell();
  });
  if (typeof window !== "undefined") {
    window.addEventListener("storage", (event) => {
      if (event.key !== key) return;
      value = read(load(key));
      tell();
    });
  }
  return {
    get: () => value,
    set: (next) => {
      value = next;
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // It lasts as long as the page.
      }
      tell();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

type Subscribe = (listener: () => void) => () => void;

export function useStored<T>(item: Stored<T> & { subscribe: Subscribe }): T {
  return useSyncExternalStore(item.subscribe, item.get);
}

/** What is remembered, largest first, with its size in bytes. */
export function storedSizes(): { key: string; bytes: number }[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => ({ key, bytes: 2 * (key.length + (localStorage.getItem(key) ?? "").length) }))
      .sort((a, b) => b.bytes - a.bytes || a.key.localeCompare(b.key));
  } catch {
    return [];
  }
}

/** Forgets everything that is remembered. */
export function forgetStored(): void {
  for (const { key } of storedSizes()) localStorage.removeItem(key);
  for (const reset of resets) reset();
}

function load(key: string): unknown {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
