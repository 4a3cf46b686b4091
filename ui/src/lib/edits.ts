/** Changes that a user makes: done, said, and taken back in one way on every page. */

import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { notify } from "./notices";

export interface Edit<Answer = unknown> {
  /** What was done, in the past: "Renamed to churn."; from the answer, where only that tells. */
  said: string | ((answer: Answer) => string);
  act: () => Promise<Answer>;
  /** Takes it back; left out where nothing can. */
  undo?: () => Promise<unknown>;
  /** Keys of the queries whose answers it changes. */
  touches: readonly QueryKey[];
}

/** Does an edit and says so; a failure is thrown, for who has a place to show it beside the field. */
export function useEdit(): <Answer>(edit: Edit<Answer>) => Promise<void> {
  const queries = useQueryClient();
  return useCallback(
    async ({ said, act, undo, touches }) => {
      const renew = () => Promise.all(touches.map((queryKey) => queries.invalidateQueries({ queryKey })));
      const back =
        undo &&
        (async () => {
          try {
            await undo();
          } finally {
            await renew();
          }
        });
      try {
        const answer = await act();
        // Before the page shows it: who sees the change and takes it back means this one, not the one before.
        notify({ text: typeof said === "string" ? said : said(answer), kind: "done", ...(back ? { undo: back } : {}) });
      } finally {
        // A change may have been made though its answer was lost.
        await renew();
      }
    },
    [queries],
  );
}

/** The same where nothing waits for the end: a failure becomes a notice. */
export function useQuietEdit(): <Answer>(edit: Edit<Answer>) => void {
  const edit = useEdit();
  return useCallback(
    (asked) => {
      edit(asked).catch((error: unknown) => notify({ text: messageOf(error), kind: "failed" }));
    },
    [edit],
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
