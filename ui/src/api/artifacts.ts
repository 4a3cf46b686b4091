/** What pages ask about artifacts, with the keys under which answers are cached. */

import { queryOptions } from "@tanstack/react-query";
import { decodeText } from "../lib/bytes";
import api, { answer, readBytes, readText } from "./client";

export const filesQuery = (uri: string, path: string, live = false) =>
  queryOptions({
    queryKey: ["files", uri, path],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/artifacts", { params: { query: { uri, path } }, signal }))).files,
    staleTime: 10_000,
    refetchInterval: live ? 4000 : false,
  });

/** Text as it is, for comparing. */
export const fileTextQuery = (uri: string, path: string) =>
  queryOptions({
    queryKey: ["file-text", uri, path],
    queryFn: ({ signal }) => readText(contentUrl(uri, path), signal),
    staleTime: 60_000,
  });

/** Text with its encoding, for showing. */
export const fileDecodedQuery = (uri: string, path: string) =>
  queryOptions({
    queryKey: ["file-decoded", uri, path],
    queryFn: async ({ signal }) => decodeText(await readBytes(contentUrl(uri, path), signal)),
    staleTime: 60_000,
    gcTime: 60_000,
  });

/** A part of a file, from `start` up to and without `end`. */
export const filePartQuery = (uri: string, path: string, start: number, end: number) =>
  queryOptions({
    queryKey: ["file-part", uri, path, start, end],
    queryFn: ({ signal }) => readBytes(contentUrl(uri, path), signal, start, end),
    staleTime: 60_000,
    gcTime: 60_000,
  });

export function contentUrl(uri: string, path: string): string {
  return `/api/v1/artifacts/content?${new URLSearchParams({ uri, path })}`;
}

/** Where HTML and PDF are answered so that they can be looked at: HTML in a sandbox that runs and fetches nothing. */
export function previewUrl(uri: string, path: string): string {
  return `/api/v1/artifacts/content?${new URLSearchParams({ uri, path, preview: "true" })}`;
}
