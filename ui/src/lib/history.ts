/** Steps that can be taken back and done again. */

export interface History<T> {
  past: readonly T[];
  future: readonly T[];
}

export const NO_HISTORY: History<never> = { past: [], future: [] };

const MOST = 100;

/** After a step away from `now`. What had been taken back cannot be done again. */
export function stepped<T>(history: History<T>, now: T): History<T> {
  return { past: [...history.past, now].slice(-MOST), future: [] };
}

/** The state before `now`, or null where there is none. */
export function undone<T>(history: History<T>, now: T): { history: History<T>; state: T } | null {
  const state = history.past.at(-1);
  if (state === undefined) return null;
  return { history: { past: history.past.slice(0, -1), future: [now, ...history.future] }, state };
}

/** The state that was taken back last, or null where there is none. */
export function redone<T>(history: History<T>, now: T): { history: History<T>; state: T } | null {
  const [state, ...future] = history.future;
  if (state === undefined) return null;
  return { history: { past: [...history.past, now], future }, state };
}
