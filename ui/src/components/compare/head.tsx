/** The runs that are compared: each can be the base, move, or go; further ones are found by name. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useId, useState } from "react";
import api, { answer } from "../../api/client";
import type { Run } from "../../api/types";
import { MOST_RUNS } from "../../lib/compareview";
import { quote } from "../../lib/grammar";
import { Icon } from "../icons";
import { Ago, State, Stroke } from "../marks";
import { Menu } from "../menu";
import { nameOf } from "./code";

interface Props {
  runs: readonly Run[];
  base: string;
  experiments: ReadonlyMap<string, string>;
  onBase: (runId: string) => void;
  onRuns: (runIds: string[]) => void;
}

export function RunsHead({ runs, base, experiments, onBase, onRuns }: Props) {
  const ids = runs.map((run) => run.run_id);
  const move = (at: number, by: number) => {
    const next = [...ids];
    next.splice(at + by, 0, ...next.splice(at, 1));
    onRuns(next);
  };
  return (
    <ol className="compare-runs" aria-label="Runs that are compared">
      {runs.map((run, index) => {
        const name = nameOf(run);
        return (
          <li key={run.run_id} className="card" data-base={run.run_id === base ? "" : undefined}>
            <div className="compare-name">
              <Stroke slot={index} />
              <Link to="/runs/$runId" params={{ runId: run.run_id }} className="ellipsis strong" title={name}>
                {name}
              </Link>
            </div>
            <div className="small muted ellipsis">
              <State status={run.status} /> · <Ago time={run.start_time} />
              {experiments.size > 1 && ` · ${experiments.get(run.experiment_id) ?? run.experiment_id}`}
            </div>
            <div className="compare-tools">
              <button type="button" className="button quiet" aria-pressed={run.run_id === base} onClick={() => onBase(run.run_id)}>
                {run.run_id === base ? "Base" : "Make base"}
              </button>
              <span className="push" />
              <button type="button" className="button quiet icon" disabled={index === 0} aria-label={`Move ${name} to the left`} onClick={() => move(index, -1)}>
                <Icon name="left" size={14} />
              </button>
              <button
                type="button"
                className="button quiet icon"
                disabled={index === runs.length - 1}
                aria-label={`Move ${name} to the right`}
                onClick={() => move(index, 1)}
              >
                <Icon name="right" size={14} />
              </button>
              <button type="button" className="button quiet icon" aria-label={`Leave ${name} out`} onClick={() => onRuns(ids.filter((id) => id !== run.run_id))}>
                <Icon name="cross" size={14} />
              </button>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** Finds runs by a part of their name, in the experiments of those that are there; in all where there are none. */
export function AddRun({ chosen, experimentIds, onAdd }: { chosen: readonly string[]; experimentIds: readonly string[]; onAdd: (runId: string) => void }) {
  if (chosen.length >= MOST_RUNS) return null;
  return (
    <Menu label="Add a run">
      <Found chosen={chosen} experimentIds={experimentIds} onAdd={onAdd} />
    </Menu>
  );
}

function Found({ chosen, experimentIds, onAdd }: { chosen: readonly string[]; experimentIds: readonly string[]; onAdd: (runId: string) => void }) {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const field = useId();
  const query = useQuery({
    queryKey: ["runs-to-add", wanted, experimentIds],
    queryFn: async ({ signal }) => {
      let ids = [...experimentIds];
      if (ids.length === 0) {
        const body = { order_by: ["last_update_time DESC"], max_results: 100 };
        ids = (await answer(api.POST("/api/v1/experiments/search", { body, signal }))).experiments.map((item) => item.experiment_id);
      }
      const filter = wanted ? `attributes.run_name ILIKE ${quote(`%${wanted}%`)}` : "";
      return answer(api.POST("/api/v1/runs/search", { body: { experiment_ids: ids, filter, max_results: 30 }, signal }));
    },
  });
  const found = (query.data?.runs ?? []).filter((run) => !chosen.includes(run.run_id)).slice(0, 10);
  return (
    <div className="compare-add">
      <label htmlFor={field} className="hidden-text">
        Name of a run
      </label>
      <input id={field} type="search" className="field" placeholder="Name of a run" autoFocus value={text} onChange={(event) => setText(event.target.value)} />
      {query.isError && <p role="alert">{query.error.message}</p>}
      {query.isSuccess && found.length === 0 && <p className="muted">No other run has this name.</p>}
      <ul>
        {found.map((run) => (
          <li key={run.run_id}>
            <button type="button" className="button quiet" onClick={() => onAdd(run.run_id)}>
              <span className="ellipsis">{nameOf(run)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
