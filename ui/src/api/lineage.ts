/** What pages ask about what came of what. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { quote } from "../lib/grammar";
import api, { answer } from "./client";

export const lineageQuery = (uri: string, up: number, down: number, limit = 10) =>
  queryOptions({
    queryKey: ["lineage", uri, up, down, limit],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/lineage", { params: { query: { uri, up, down, limit } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  });

/** The newest runs of some experiments whose name holds `text`. */
export const recentRunsQuery = (text: string, experimentIds: readonly string[]) =>
  queryOptions({
    queryKey: ["recent-runs", text, experimentIds],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: {
            experiment_ids: [...experimentIds],
            filter: text ? `attributes.run_name ILIKE ${quote(`%${text}%`)}` : "",
            max_results: 12,
          },
          signal,
        }),
      ),
    enabled: experimentIds.length > 0,
    placeholderData: keepPreviousData,
  });
