/** The logged models that a run wrote. */

import { useQueries } from "@tanstack/react-query";
import { loggedModelQuery } from "../../api/models";
import type { Run } from "../../api/types";

export function useRunModels(run: Run) {
  return useQueries({
    queries: run.model_outputs.map((output) => ({ ...loggedModelQuery(output.model_id), retry: false })),
    combine: (results) => results.flatMap((result) => (result.data ? [result.data] : [])),
  });
}
