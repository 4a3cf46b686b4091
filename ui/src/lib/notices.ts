/** Short messages about what the user has done, with a way back where there is one. */

import { useSyncExternalStore } from "react";

export interface Notice {
  id: number;
  text: string;
  kind: "done" | "failed";
  /** Takes back what was done; shown as a button. */
  undo?: () => unknown;
}

/** How long a notice stays, in ms; one that failed stays until it is closed. */
export const SHOWN = 8000;

let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

function put(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

/** Says that something was done, or failed. */
export function notify(notice: Omit<Notice, "id">): number {
  last += 1;
  put([...notices.slice(-3), { ...notice, id: last }]);
  return last;
}

export function dismiss(id: number): void {
  put(notices.filter((notice) => notice.id !== id));
}

/** Takes back what the newest notice that can be taken back is about; whether there was one. */
export function undoLast(): boolean {
  const found = notices.findLast((notice) => notice.undo);
  if (!found?.undo) return false;
  dismiss(found.id);
  takeBack(found);
  return true;
}

/** Runs a notice's way back, and says so where it fails. */
export function takeBack(notice: Notice): void {
  void Promise.resolve(notice.undo?.()).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    notify({ text: `It could not be taken back: ${why}`, kind: "failed" });
  });
}

/** What is said now. */
export function current(): readonly Notice[] {
  return notices;
}

export function useNotices(): readonly Notice[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notices,
  );
}
