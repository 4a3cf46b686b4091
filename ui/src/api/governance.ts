/** What pages ask about the history and the rules of the registry, and decide, with the keys under which answers are cached. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import api, { answer, done } from "./client";
import { touchedBy } from "./models";

type Schemas = components["schemas"];
export type ApprovalRule = Schemas["ApprovalRule"];
export type Promotion = Schemas["Promotion"];
export type RegistryEvent = Schemas["RegistryEvent"];
export type VersionCheck = Schemas["VersionCheck"];
export type Note = Schemas["Note"];
export type VersionComparison = Schemas["VersionComparison"];

const EVENTS_AT_ONCE = 50;

export const rulesQuery = (model: string) =>
  queryOptions({
    queryKey: ["rules", model],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/registry/rules", { params: { query: { model } }, signal }))).rules,
    staleTime: 10_000,
  });

/** Promotions of a model, or with "" of all; in any state unless one is named. */
export const promotionsQuery = (name: string, state = "") =>
  queryOptions({
    queryKey: ["promotions", name, state],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/registry/promotions", { params: { query: { name, state } }, signal }))).promotions,
    refetchInterval: 15_000,
  });

export const checksQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ["checks", name, version],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/registry/checks", { params: { query: { name, version } }, signal }))).checks,
  });

export const notesQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ["notes", name, version],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/registry/notes", { params: { query: { name, version } }, signal }))).notes,
  });

/** Changes of a model, of one version of it, or with "" of all; the newest first, in pages. */
export const historyQuery = (name: string, version = 0) =>
  infiniteQueryOptions({
    queryKey: ["history", name, version],
    queryFn: ({ pageParam, signal }) => {
      const query = { name, version, max_results: EVENTS_AT_ONCE, page_token: pageParam };
      return answer(api.GET("/api/v1/registry/history", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next_token || null,
  });

export const comparisonQuery = (name: string, versions: readonly number[]) =>
  queryOptions({
    queryKey: ["version-comparison", name, versions],
    queryFn: ({ signal }) =>
      answer(api.POST("/api/v1/registry/compare", { body: { versions: versions.map((version) => ({ name, version })) }, signal })),
    staleTime: 30_000,
  });

/** Everything that a move of a version concerns. */
export function movedIn(name: string) {
  return [...touchedBy(name), ["promotions"], ["checks", name]] as const;
}

export const promote = (name: string, version: number, target: string, reason: string) =>
  answer(api.POST("/api/v1/registry/promotions", { body: { name, version, target, reason } }));

export type Verdict = "approve" | "reject" | "withdraw";

export const decide = (promotionId: string, verdict: Verdict, comment: string) => {
  const asked = { params: { path: { promotion_id: promotionId } }, body: { comment } };
  if (verdict === "approve") return answer(api.POST("/api/v1/registry/promotions/{promotion_id}/approve", asked));
  if (verdict === "reject") return answer(api.POST("/api/v1/registry/promotions/{promotion_id}/reject", asked));
  return answer(api.POST("/api/v1/registry/promotions/{promotion_id}/withdraw", asked));
};

export const rollBack = (name: string, target: string, reason: string, replacing: number) =>
  answer(api.POST("/api/v1/registry/rollback", { body: { name, target, reason, replacing } }));

export const setRule = (rule: ApprovalRule, reason = "") =>
  answer(api.PUT("/api/v1/registry/rules", { body: { ...rule, reason } }));

export const removeRule = ({ model, target }: ApprovalRule) =>
  done(api.DELETE("/api/v1/registry/rules", { params: { query: { model, target } } }));

export const annotate = (name: string, version: number, text: string, replyTo = "") =>
  answer(api.POST("/api/v1/registry/notes", { body: { name, version, text, reply_to: replyTo } }));

export type CardFormat = "markdown" | "html";

/** The model card of a version, written anew from what the server knows now. */
export const cardQuery = (name: string, version: number, format: CardFormat = "markdown") =>
  queryOptions({
    queryKey: ["model-card", name, version, format],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/model-versions/card", { params: { query: { name, version, format } }, signal }))).text,
    retry: false,
    staleTime: 0,
  });
