/** What pages ask about the repository that the server shows: tracked data, pipelines, experiments of DVC. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import { isMoving } from "../lib/stages";
import api, { answer } from "./client";

type Schemas = components["schemas"];
export type RepositoryInfo = Schemas["RepositoryInfo"];
export type Tracked = Schemas["Tracked"];
export type DataVersion = Schemas["DataVersion"];
export type FileChange = Schemas["FileChange"];
export type DataDiff = Schemas["DataDiff"];
export type PathUse = Schemas["PathUse"];
export type StageView = Schemas["StageView"];
export type PipelineView = Schemas["PipelineView"];
export type ExperimentColumn = Schemas["ExperimentColumn"];
/** By file and key; what a file holds may be anything. */
type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export type ExperimentRow = Omit<Schemas["ExperimentRow"], "metrics" | "params"> & { metrics: Values; params: Values };
export type ExperimentTable = Omit<Schemas["ExperimentTable"], "revisions"> & { revisions: readonly ExperimentRow[] };

/** Milliseconds between two questions while something runs. A tab that nobody sees asks nothing. */
const EVERY = 3000;
/** What lies in the working tree changes without anybody telling. */
const FRESH = 10_000;

export const repositoryQuery = queryOptions({
  queryKey: ["repository"],
  queryFn: ({ signal }) => answer(api.GET("/api/v1/repository", { signal })),
  staleTime: FRESH,
});

/** What is tracked; of a commit, or in the working tree. */
export const trackedQuery = (rev = "") =>
  queryOptions({
    queryKey: ["repository", "data", rev],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/repository/data", { params: { query: { rev } }, signal })),
    staleTime: FRESH,
  });

export const versionsQuery = (path: string) =>
  queryOptions({
    queryKey: ["repository", "versions", path],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/repository/versions", { params: { query: { path } }, signal })),
    staleTime: FRESH,
  });

/** How a path differs between two commits; "" is the working tree. */
export const diffQuery = (path: string, a: string, b: string) =>
  queryOptions({
    queryKey: ["repository", "diff", path, a, b],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/repository/diff", { params: { query: { path, a, b } }, signal })),
    staleTime: b === "" || a === "" ? FRESH : Infinity,
  });

export const pipelineQuery = (rev = "") =>
  queryOptions({
    queryKey: ["repository", "pipeline", rev],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/repository/pipeline", { params: { query: { rev } }, signal })),
    staleTime: FRESH,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.stages.some((stage) => stage.state === "running") ? EVERY : false),
  });

export const experimentTableQuery = queryOptions({
  queryKey: ["repository", "experiments"],
  queryFn: ({ signal }): Promise<ExperimentTable> => answer(api.GET("/api/v1/repository/experiments", { signal })),
  staleTime: FRESH,
  refetchInterval: (query) => (isMoving(query.state.data?.revisions ?? []) ? EVERY : false),
});

/** What a stage printed, from a byte of it on. */
export const readLog = (stage: string, start: number, signal: AbortSignal) =>
  answer(api.GET("/api/v1/repository/log", { params: { query: { stage, start } }, signal }));
