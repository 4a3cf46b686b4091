/** What pages ask about experiments, with the keys under which answers are cached. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import { nameFilter } from "../lib/grammar";
import api, { answer, done } from "./client";

/** More experiments than this are not listed; the page says so. */
export const MOST = 5000;

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

/** All experiments, active or deleted, the newest first. */
export const allExperimentsQuery = (view: "ACTIVE_ONLY" | "DELETED_ONLY" = "ACTIVE_ONLY") =>
  queryOptions({
    queryKey: ["experiments", "all", view],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/experiments/search", {
          body: { view, order_by: ["creation_time DESC"], max_results: MOST, with_total: true },
          signal,
        }),
      ),
    staleTime: 10_000,
  });

/** Experiment id to how much goes on in it. */
export const activityQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["experiments", "activity", ids],
    queryFn: async ({ signal }) => {
      const body = { experiment_ids: [...ids] };
      const found = await answer(api.POST("/api/v1/experiments/overview", { body, signal }));
      return new Map(found.experiments.map((item) => [item.experiment_id, item]));
    },
    enabled: ids.length > 0,
    staleTime: 5000,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

const at = (experiment_id: string) => ({ params: { path: { experiment_id } } });

export const createExperiment = (name: string, tags: Record<string, string> = {}) =>
  answer(api.POST("/api/v1/experiments", { body: { name, tags } }));

export const renameExperiment = (id: string, name: string) =>
  done(api.PATCH("/api/v1/experiments/{experiment_id}", { ...at(id), body: { name } }));

export const deleteExperiment = (id: string) => done(api.DELETE("/api/v1/experiments/{experiment_id}", at(id)));

export const restoreExperiment = (id: string) => done(api.POST("/api/v1/experiments/{experiment_id}/restore", at(id)));

/** Sets a tag, or with null takes it away. */
export const tagExperiment = (id: string, key: string, value: string | null) =>
  value === null
    ? done(api.DELETE("/api/v1/experiments/{experiment_id}/tags/{key}", { params: { path: { experiment_id: id, key } } }))
    : done(api.POST("/api/v1/experiments/{experiment_id}/tags", { ...at(id), body: { tags: { [key]: value } } }));

export type WrittenObjective = components["schemas"]["WrittenObjective"];

/** Says what an experiment is for, with bounds as people write them: "recall >= 0.9". */
export const setObjective = (written: WrittenObjective) =>
  answer(api.POST("/api/v1/experiments/objective", { body: written }));

/** Runs of these experiments that run now, the newest first. */
export const runningQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["home", "running", ids],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: { experiment_ids: [...ids], filter: "attributes.status = 'RUNNING'", max_results: 12, with_total: true },
          signal,
        }),
      ),
    enabled: ids.length > 0,
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
  });

/** Runs of these experiments that ended last. */
export const endedQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["home", "ended", ids],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/api/v1/runs/search", {
          body: {
            experiment_ids: [...ids],
            filter: "attributes.status IN ('FINISHED', 'FAILED', 'KILLED')",
            order_by: ["attributes.end_time DESC"],
            max_results: 15,
          },
          signal,
        }),
      ),
    enabled: ids.length > 0,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });
