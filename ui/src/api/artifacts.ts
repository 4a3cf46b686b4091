/** What pages ask about artifacts, with the keys under which answers are cached. */

import { queryOptions } from "@tanstack/react-query";
import { decodeText } from "../lib/bytes";
import { nameOf } from "../lib/previews";
import { trackedAt, type TrackedPlace, within } from "../lib/tracked";
import api, { answer, readBytes, readText } from "./client";
import type { FileInfo } from "./types";

export const filesQuery = (uri: string, path: string, live = false) =>
  queryOptions({
    queryKey: ["files", uri, path],
    queryFn: async ({ signal }): Promise<FileInfo[]> => {
      const tracked = trackedAt(uri);
      if (tracked) return trackedFiles(tracked, path, signal);
      return (await answer(api.GET("/api/v1/artifacts", { params: { query: { uri, path } }, signal }))).files;
    },
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
  return contentOf(uri, path, {});
}

/** Where HTML and PDF are answered so that they can be looked at: HTML in a sandbox that runs and fetches nothing. */
export function previewUrl(uri: string, path: string): string {
  return contentOf(uri, path, { preview: "true" });
}

/** Files of a run or a model, or of what the repository tracks, of which a single file is itself at the path of its name. */
function contentOf(uri: string, path: string, more: Record<string, string>): string {
  const tracked = trackedAt(uri);
  if (!tracked) return `/api/v1/artifacts/content?${new URLSearchParams({ uri, path, ...more })}`;
  const { rev, isDir } = tracked;
  return `/api/v1/repository/content?${new URLSearchParams({ path: tracked.path, rev, under: isDir ? path : "", ...more })}`;
}

/** Pages of a tracked folder that are read at once; the tree shows no more than some thousands. */
const MOST_PAGES = 5;

async function trackedFiles({ path, rev, isDir }: TrackedPlace, under: string, signal: AbortSignal): Promise<FileInfo[]> {
  const found: FileInfo[] = [];
  let start = "";
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { path, rev, under, start };
    const part = await answer(api.GET("/api/v1/repository/files", { params: { query }, signal }));
    for (const file of part.files) {
      const own = isDir ? within(path, file.path) : nameOf(file.path);
      found.push({ path: own, is_dir: file.is_dir, size: file.size });
    }
    if (!part.next) break;
    start = part.next;
  }
  return found;
}
