/** What pages ask about datasets that runs recorded. */

import { queryOptions } from "@tanstack/react-query";
import api, { answer } from "./client";

/** All datasets, without their schemas. */
export const datasetsQuery = queryOptions({
  queryKey: ["datasets"],
  queryFn: ({ signal }) => answer(api.POST("/api/v1/datasets/overview", { body: {}, signal })),
  staleTime: 10_000,
});

/** One dataset with the schemas of its versions; null where no run used one of that name. */
export const datasetQuery = (name: string) =>
  queryOptions({
    queryKey: ["dataset", name],
    queryFn: async ({ signal }) =>
      (await answer(api.POST("/api/v1/datasets/overview", { body: { name }, signal }))).datasets[0] ?? null,
    staleTime: 10_000,
  });
