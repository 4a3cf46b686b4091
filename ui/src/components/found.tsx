/** What the palette finds on the server: experiments, runs, models, versions and tags of a part of their name. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import api, { answer } from "../api/client";
import { deploymentsQuery } from "../api/deployments";
import { allExperimentsQuery } from "../api/experiments";
import { modelsQuery } from "../api/models";
import { experimentTableQuery, pipelineQuery, repositoryQuery, trackedQuery } from "../api/repository";
import { quote } from "../lib/grammar";
import type { Place } from "../lib/places";
import { best } from "../lib/ranking";
import { isReserved } from "../lib/tags";

export interface Found {
  experiments: Place[];
  runs: Place[];
  models: Place[];
  versions: Place[];
  tags: { key: string; value: string; count: number }[];
  tracked: Held[];
  stages: Held[];
  trials: Held[];
  deployments: Held[];
}

/** Something that has a name and a page. */
export interface Held {
  id: string;
  name: string;
}

const MOST = 6;

export function useFound(text: string): { found: Found; pending: boolean } {
  const experiments = useQuery(allExperimentsQuery());
  const models = useQuery(modelsQuery(text));
  const versions = useVersions(text);
  const ids = (experiments.data?.experiments ?? []).map((experiment) => experiment.experiment_id);
  const runs = useRuns(text, ids);
  const all = experiments.data?.experiments ?? [];
  const held = useHeld(text);
  const deployed = useQuery({ ...deploymentsQuery(), enabled: text.length > 0, refetchInterval: false }).data ?? [];
  return {
    pending: experiments.isPending || models.isFetching || runs.isFetching || versions.isFetching,
    found: {
      experiments: best(text, all, (item) => item.name, MOST).map((item) => ({
        kind: "experiment",
        id: item.experiment_id,
        name: item.name,
      })),
      models: (models.data?.models ?? [])
        .slice(0, MOST)
        .map((item) => ({ kind: "model", id: item.name, name: item.name })),
      versions: text ? (versions.data ?? []) : [],
      runs: text ? (runs.data ?? []) : [],
      tags: text ? tagsOf(text, all) : [],
      ...held,
      deployments: text ? best(text, deployed, (item) => item.name, MOST).map(({ name }) => ({ id: name, name })) : [],
    },
  };
}

/** Tracked paths, stages and experiments of the repository; nothing is asked before something is typed. */
function useHeld(text: string): Pick<Found, "tracked" | "stages" | "trials"> {
  const typed = text.length > 0;
  const repository = useQuery({ ...repositoryQuery, enabled: typed });
  const enabled = typed && repository.data?.found === true;
  const tracked = useQuery({ ...trackedQuery(), enabled });
  const pipeline = useQuery({ ...pipelineQuery(), enabled });
  const table = useQuery({ ...experimentTableQuery, enabled });
  if (!enabled) return { tracked: [], stages: [], trials: [] };
  const trials = (table.data?.revisions ?? []).filter((row) => row.name && row.kind !== "commit" && row.kind !== "workspace");
  return {
    tracked: best(text, tracked.data?.outputs ?? [], (item) => item.path, MOST).map(({ path }) => ({ id: path, name: path })),
    stages: best(text, pipeline.data?.stages ?? [], (stage) => stage.address, MOST).map(({ address }) => ({ id: address, name: address })),
    trials: best(text, trials, (row) => row.name, MOST).map(({ name, run_id }) => ({ id: run_id, name })),
  };
}

function tagsOf(text: string, experiments: readonly { tags?: Record<string, string> }[]): Found["tags"] {
  const counts = new Map<string, { key: string; value: string; count: number }>();
  for (const { tags = {} } of experiments) {
    for (const [key, value] of Object.entries(tags)) {
      if (isReserved(key)) continue;
      const known = counts.get(`${key}\n${value}`);
      if (known) known.count += 1;
      else counts.set(`${key}\n${value}`, { key, value, count: 1 });
    }
  }
  return best(text, [...counts.values()], (tag) => `${tag.key}: ${tag.value}`, 4);
}

function useRuns(text: string, ids: readonly string[]) {
  return useQuery({
    queryKey: ["palette-runs", text, ids],
    enabled: text.length > 0 && ids.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    queryFn: async ({ signal }): Promise<Place[]> => {
      const ask = async (filter: string) =>
        (await answer(api.POST("/api/v1/runs/search", { body: { experiment_ids: [...ids], filter, max_results: 8 }, signal }))).runs;
      const byName = ask(`attributes.run_name ILIKE ${quote(`%${text}%`)}`);
      const isId = /^[0-9a-f]{4,32}$/i.test(text);
      const byId = isId ? ask(`attributes.run_id LIKE ${quote(`${text.toLowerCase()}%`)}`) : Promise.resolve([]);
      const runs = [...(await byId), ...(await byName)];
      const once = new Map(runs.map((run) => [run.run_id, run]));
      return [...once.values()].slice(0, 8).map((run) => ({ kind: "run", id: run.run_id, name: run.run_name || run.run_id }));
    },
  });
}

/** Versions of models whose name holds the text; "churn 3" and "churn v3" mean the third one. */
function useVersions(text: string) {
  const [, name = text, number] = /^(.*?)[\s/]+v?(\d+)$/i.exec(text) ?? [];
  const filter = [`name ILIKE ${quote(`%${name.trim()}%`)}`, ...(number ? [`version_number = ${number}`] : [])].join(" AND ");
  return useQuery({
    queryKey: ["palette-versions", filter],
    enabled: text.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    queryFn: async ({ signal }): Promise<Place[]> => {
      const body = { filter, max_results: 4, order_by: ["version_number DESC"] };
      const page = await answer(api.POST("/api/v1/model-versions/search", { body, signal }));
      return page.versions.map((item) => ({
        kind: "version",
        id: `${item.name}/${item.version}`,
        name: `${item.name} v${item.version}`,
      }));
    },
  });
}
