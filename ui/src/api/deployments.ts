/** What pages ask about deployments, and do with them, with the keys under which answers are cached. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import api, { answer, done } from "./client";

type Schemas = components["schemas"];
/** What may be left out where it is recorded is always said where it is told. */
type Told<T> = T extends readonly (infer Item)[]
  ? Told<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Told<Exclude<T[Key], undefined>> }
    : T;
export type Deployment = Told<Schemas["Deployment"]>;
export type Release = Told<Schemas["Release"]>;
export type DeploymentEvent = Told<Schemas["DeploymentEvent"]>;
export type Live = Told<Schemas["LiveDeployment"]>;
export type LiveVariant = Told<Schemas["LiveVariant"]>;
export type LiveCanary = Told<Schemas["LiveCanary"]>;
export type LiveComparison = Told<Schemas["LiveComparison"]>;
export type LiveSeries = Told<Schemas["LiveSeries"]>;

const told = <T>(asked: Promise<T>) => asked as Promise<Told<T>>;

const AT_ONCE = 200;
/** More than these are not listed: who has them searches. */
const MOST = 1000;
const EVENTS_AT_ONCE = 50;

/** All deployments, or those that were removed as well. */
export const deploymentsQuery = (removed = false) =>
  queryOptions({
    queryKey: ["deployments", "all", removed],
    queryFn: async ({ signal }) => {
      const found: Deployment[] = [];
      let page_token = "";
      do {
        const query = { removed, max_results: AT_ONCE, page_token };
        const page = await told(answer(api.GET("/api/v1/deployments", { params: { query }, signal })));
        found.push(...page.deployments);
        page_token = page.next_page_token;
      } while (page_token && found.length < MOST);
      return found;
    },
    refetchInterval: 10_000,
  });

/** Where a version of a model is served, or is to be. */
export const servedQuery = (model: string, version: string) =>
  queryOptions({
    queryKey: ["deployments", "of", model, version],
    queryFn: async ({ signal }) =>
      (await told(answer(api.GET("/api/v1/deployments", { params: { query: { model, version } }, signal })))).deployments,
    refetchInterval: 30_000,
  });

export const readDeployment = (name: string, signal?: AbortSignal) =>
  told(answer(api.GET("/api/v1/deployments/{name}", { params: { path: { name } }, ...(signal && { signal }) })));

export const deploymentQuery = (name: string) =>
  queryOptions({
    queryKey: ["deployment", name],
    queryFn: ({ signal }) => readDeployment(name, signal),
    refetchInterval: 10_000,
    retry: false,
  });

/** What goes on in it now; asked again every `every` ms. */
export const liveQuery = (name: string, every: number) =>
  queryOptions({
    queryKey: ["deployment", name, "live"],
    queryFn: ({ signal }) => told(answer(api.GET("/api/v1/deployments/{name}/live", { params: { path: { name } }, signal }))),
    refetchInterval: every,
    retry: false,
  });

/** What was done to it and by whom, the newest first, in pages. */
export const deploymentHistoryQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["deployment", name, "history"],
    queryFn: ({ pageParam, signal }) => {
      const query = { max_results: EVENTS_AT_ONCE, page_token: pageParam };
      return told(answer(api.GET("/api/v1/deployments/{name}/history", { params: { path: { name }, query }, signal })));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || null,
  });

/** The queries that a change of a deployment concerns. */
export function touchedWith(name: string) {
  return [["deployments"], ["deployment", name]] as const;
}

/** How the candidate gets its traffic: in steps that are judged, a share that stays, or, where nothing is said, all at once. */
export interface Promotion {
  canary?: number[];
  every?: number;
  weight?: number;
  reason: string;
  /** The one that the page shows: whoever decides on another one is refused. */
  revision: number;
}

const of = (name: string) => ({ params: { path: { name } } });

export const promoteCandidate = (name: string, promotion: Promotion) =>
  told(answer(api.POST("/api/v1/deployments/{name}/promote", { ...of(name), body: promotion })));

export const rollBackDeployment = (name: string, reason: string, revision: number) =>
  told(answer(api.POST("/api/v1/deployments/{name}/rollback", { ...of(name), body: { reason, revision } })));

/** Asks the target itself how it stands, and writes that down. */
export const lookAgain = (name: string) => told(answer(api.POST("/api/v1/deployments/{name}/status", of(name))));

export const removeDeployment = (name: string, reason: string) =>
  done(api.DELETE("/api/v1/deployments/{name}", { params: { path: { name }, query: { reason } } }));
