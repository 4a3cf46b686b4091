/** What pages ask about logged and registered models, and change, with the keys under which answers are cached. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { nameFilter, quote } from "../lib/grammar";
import api, { answer, done } from "./client";

export const STAGES = ["None", "Staging", "Production", "Archived"] as const;

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
      const body = { filter: `name = ${quote(name)}`, order_by: ["version_number DESC"], max_results: 1000 };
      const page = await answer(api.POST("/api/v1/model-versions/search", { body, signal }));
      return [...page.versions].sort((a, b) => b.version - a.version);
    },
  });

/** Versions of all models, the one changed last first. */
export const lastVersionsQuery = queryOptions({
  queryKey: ["versions", "last"],
  queryFn: async ({ signal }) =>
    (await answer(api.POST("/api/v1/model-versions/search", { body: { max_results: 10 }, signal }))).versions,
  refetchInterval: 15_000,
});

export const versionQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ["version", name, version],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/registered-models/{name}/versions/{version}", {
          params: { path: { name, version } },
          signal,
        }),
      ),
  });

export function versionUri(name: string, version: number): string {
  return `models:/${name}/${version}`;
}

/** The queries that a change to a model concerns. */
export function touchedBy(name: string) {
  return [
    ["models"], ["model", name], ["versions"], ["version", name], ["version-comparison", name], ["model-card", name], ["history"],
  ] as const;
}

const of = (name: string) => ({ params: { path: { name } } });
const at = (name: string, version: number) => ({ params: { path: { name, version } } });

export const createModel = (name: string) => done(api.POST("/api/v1/registered-models", { body: { name } }));

export const deleteModel = (name: string) => done(api.DELETE("/api/v1/registered-models/{name}", of(name)));

export const renameModel = (name: string, newName: string) =>
  done(api.POST("/api/v1/registered-models/{name}/rename", { ...of(name), body: { new_name: newName } }));

export const describeModel = (name: string, description: string) =>
  done(api.PATCH("/api/v1/registered-models/{name}", { ...of(name), body: { description } }));

/** Sets a tag, or with null takes it away. */
export const tagModel = (name: string, key: string, value: string | null) =>
  value === null
    ? done(api.DELETE("/api/v1/registered-models/{name}/tags/{key}", { params: { path: { name, key } } }))
    : done(api.POST("/api/v1/registered-models/{name}/tags", { ...of(name), body: { tags: { [key]: value } } }));

/** Points an alias at a version, or with null takes it away. */
export const aliasModel = (name: string, alias: string, version: number | null) => {
  const where = { params: { path: { name, alias } } };
  return version === null
    ? done(api.DELETE("/api/v1/registered-models/{name}/aliases/{alias}", where))
    : done(api.PUT("/api/v1/registered-models/{name}/aliases/{alias}", { ...where, body: { version } }));
};

export const describeVersion = (name: string, version: number, description: string) =>
  done(api.PATCH("/api/v1/registered-models/{name}/versions/{version}", { ...at(name, version), body: { description } }));

export const stageVersion = (name: string, version: number, stage: string, archive = false) =>
  done(
    api.POST("/api/v1/registered-models/{name}/versions/{version}/stage", {
      ...at(name, version),
      body: { stage, archive_existing: archive },
    }),
  );

export const deleteVersion = (name: string, version: number) =>
  done(api.DELETE("/api/v1/registered-models/{name}/versions/{version}", at(name, version)));

/** Sets a tag, or with null takes it away. */
export const tagVersion = (name: string, version: number, key: string, value: string | null) =>
  value === null
    ? done(
        api.DELETE("/api/v1/registered-models/{name}/versions/{version}/tags/{key}", {
          params: { path: { name, version, key } },
        }),
      )
    : done(
        api.POST("/api/v1/registered-models/{name}/versions/{version}/tags", {
          ...at(name, version),
          body: { tags: { [key]: value } },
        }),
      );
