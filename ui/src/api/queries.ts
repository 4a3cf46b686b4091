/** Everything that pages ask the server, with the keys under which answers are cached. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { quote } from "../lib/grammar";
import api, { answer, readText } from "./client";
import type { components } from "../../generated/schema";

type Schemas = components["schemas"];
export type Experiment = Schemas["Experiment"];
export type Run = Schemas["RunBody"];
export type RunStatus = Schemas["RunStatus"];
export type MetricSummary = Schemas["SummaryBody"];
export type SampledSeries = Schemas["SampledBody"];
export type FileInfo = Schemas["FileInfo"];
export type LoggedModel = Schemas["LoggedModelBody"];
export type RegisteredModel = Schemas["RegisteredModel"];
export type ModelVersion = Schemas["ModelVersion"];

export const PAGE = 200;
export const PARENT_TAG = "mlflow.parentRunId";
export const NOTE_TAG = "mlflow.note.content";

/** Experiments whose name holds `text`, the one changed last first. */
export const experimentsQuery = (text: string) =>
  queryOptions({
    queryKey: ["experiments", text],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/experiments/search", {
          body: { filter: nameFilter(text), order_by: ["last_update_time DESC"], max_results: 500, with_total: true },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const experimentQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["experiment", experimentId],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/experiments/{experiment_id}", { params: { path: { experiment_id: experimentId } }, signal }),
      ),
    staleTime: 60_000,
  });

/** How many runs of an experiment match, without fetching them. */
export const runCountQuery = (experimentId: string, filter: string) =>
  queryOptions({
    queryKey: ["run-count", experimentId, filter],
    queryFn: async ({ signal }) => {
      const page = await answer(
        api.POST("/api/v1/runs/search", {
          body: { experiment_ids: [experimentId], filter, max_results: 1, with_total: true },
          signal,
        }),
      );
      return page.total ?? 0;
    },
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });

export interface RunSearch {
  experimentId: string;
  filter: string;
  /** A term of the server's `order_by`; "" is its own order, the newest first. */
  order: string;
}

/** Runs page by page. Only the first page asks for the total, which costs the server a count. */
export const runsQuery = (search: RunSearch) =>
  infiniteQueryOptions({
    queryKey: ["runs", search],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: {
            experiment_ids: [search.experimentId],
            filter: search.filter,
            order_by: search.order ? [search.order] : [],
            max_results: PAGE,
            page_token: pageParam,
            with_total: pageParam === "",
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_token || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => {
      const pages = query.state.data?.pages ?? [];
      const running = pages.some((page) => page.runs.some((run) => run.status === "RUNNING"));
      return running ? 3000 * Math.max(1, pages.length) : 20_000;
    },
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: runId } }, signal })),
    refetchInterval: (query) => (query.state.data?.status === "RUNNING" ? 3000 : false),
  });

export const childRunsQuery = (experimentId: string, runId: string) =>
  queryOptions({
    queryKey: ["children", runId],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: {
            experiment_ids: [experimentId],
            filter: `tags.\`${PARENT_TAG}\` = ${quote(runId)}`,
            max_results: 50,
            with_total: true,
          },
          signal,
        }),
      ),
  });

/** Series thinned by the server to what a chart can show. */
export const sampleQuery = (runIds: readonly string[], keys: readonly string[], live: boolean) =>
  queryOptions({
    queryKey: ["sample", [...runIds].sort(), keys],
    queryFn: async ({ signal }) => {
      const body = { run_ids: [...runIds], keys: [...keys], max_points: 600 };
      return (await answer(api.POST("/api/v1/metrics/sample", { body, signal }))).series;
    },
    enabled: runIds.length > 0 && keys.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: live ? 4000 : false,
  });

export const filesQuery = (uri: string, path: string) =>
  queryOptions({
    queryKey: ["files", uri, path],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/artifacts", { params: { query: { uri, path } }, signal }))).files,
    staleTime: 10_000,
  });

export const fileTextQuery = (uri: string, path: string) =>
  queryOptions({
    queryKey: ["file-text", uri, path],
    queryFn: ({ signal }) => readText(contentUrl(uri, path), signal),
    staleTime: 60_000,
  });

export function contentUrl(uri: string, path: string): string {
  return `/api/v1/artifacts/content?${new URLSearchParams({ uri, path })}`;
}

export const loggedModelQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["logged-model", modelId],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/logged-models/{model_id}", { params: { path: { model_id: modelId } }, signal })),
    staleTime: 10_000,
  });

export const modelsQuery = (text: string) =>
  queryOptions({
    queryKey: ["models", text],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/registered-models/search", {
          body: { filter: nameFilter(text), max_results: 500, with_total: true },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: ["model", name],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/registered-models/{name}", { params: { path: { name } }, signal })),
  });

export const versionsQuery = (name: string) =>
  queryOptions({
    queryKey: ["versions", name],
    queryFn: async ({ signal }) => {
      const body = { filter: `name = ${quote(name)}`, order_by: ["version_number DESC"], max_results: 200 };
      const page = await answer(api.POST("/api/v1/model-versions/search", { body, signal }));
      return [...page.versions].sort((a, b) => b.version - a.version);
    },
  });

export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: ({ signal }) => answer(api.GET("/api/v1/server", { signal })),
  staleTime: Infinity,
});

function nameFilter(text: string): string {
  return text ? `name ILIKE ${quote(`%${text}%`)}` : "";
}
