/** What Treering captured of a run's source and environment. */

import { queryOptions } from "@tanstack/react-query";
import { type Environment, readEnvironment } from "../lib/environment";
import { parseJson } from "../lib/jsontext";
import { contentUrl } from "./artifacts";
import { ApiError, readText } from "./client";

export interface Captured {
  environment: Environment;
  diff: string;
}

/** `place` is the tag treering.capture: `runs:/<run>/<folder>`, where the run may be the parent. */
export const captureQuery = (place: string) =>
  queryOptions({
    queryKey: ["capture", place],
    queryFn: async ({ signal }): Promise<Captured> => {
      const [runId, ...folder] = place.replace(/^runs:\//, "").split("/");
      const read = (name: string) => readText(contentUrl(`runs:/${runId}`, [...folder, name].join("/")), signal);
      const environment = readEnvironment(parseJson(await read("environment.json")));
      return { environment, diff: environment.source?.diff ? await read("source.diff").catch(nothing) : "" };
    },
    staleTime: 60_000,
  });

function nothing(error: unknown): string {
  if (error instanceof ApiError && error.status === 404) return "";
  throw error;
}
