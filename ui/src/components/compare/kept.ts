/** What runs keep of their code and environment, read from their artifacts. */

import { useQueries } from "@tanstack/react-query";
import { captureQuery } from "../../api/capture";
import type { Run } from "../../api/types";
import type { Environment } from "../../lib/environment";

export interface Kept {
  run: Run;
  /** null where the run keeps none. */
  environment: Environment | null;
  /** How the code differed from its commit; "" where it did not, or where nothing is kept. */
  patch: string;
}

/** The last capture of each run, in the order of `runs`. */
export function useKept(runs: readonly Run[]): { kept: Kept[]; pending: boolean; error: unknown } {
  const places = runs.map((run) => run.tags["treering.capture"] ?? "");
  return useQueries({
    queries: places.map((place) => ({ ...captureQuery(place), enabled: place !== "" })),
    combine: (results) => ({
      kept: results.flatMap((result, index): Kept[] => {
        const run = runs[index]!;
        if (places[index] === "") return [{ run, environment: null, patch: "" }];
        return result.data ? [{ run, environment: result.data.environment, patch: result.data.diff }] : [];
      }),
      pending: results.some((result, index) => places[index] !== "" && result.isPending),
      error: results.find((result) => result.isError)?.error ?? null,
    }),
  });
}
