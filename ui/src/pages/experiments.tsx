/** All experiments: found by name and tag, sorted, pinned, opened together, and looked after. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { activityQuery, allExperimentsQuery, createExperiment, deleteExperiment } from "../api/experiments";
import type { Experiment } from "../api/types";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { CodeButton } from "../components/codeways";
import { ExperimentTable } from "../components/experimenttable";
import { ConfirmDialog, TextDialog } from "../components/forms";
import { TopBar } from "../components/frame";
import { Icon } from "../components/icons";
import { SearchField } from "../components/searchfield";
import { firstRun } from "../lib/begin";
import { useCommands } from "../lib/commands";
import { useEdit } from "../lib/edits";
import { deletion } from "../lib/experimentedits";
import { matching, readSort, sorted } from "../lib/experimentlist";
import { formatCount } from "../lib/format";
import "../styles/experiments.css";


export function ExperimentsPage() {
  const search = useSearch({ from: "/experiments" });
  const { q = "", tag = "", sort, deleted } = search;
  const navigate = useNavigate({ from: "/experiments" });
  const view = deleted ? "DELETED_ONLY" : "ACTIVE_ONLY";
  const query = useQuery({ ...allExperimentsQuery(view), refetchInterval: 20_000 });
  const all = useMemo(() => query.data?.experiments ?? [], [query.data]);
  const ids = useMemo(() => all.map((item) => item.experiment_id), [all]);
  const activity = useQuery(activityQuery(deleted ? [] : ids));
  const order = readSort(sort);
  const { by, descending } = order;
  const shown = useMemo(
    () => sorted(matching(all, q, tag), activity.data, { by, descending }),
    [all, q, tag, activity.data, by, descending],
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = shown.filter((item) => chosen.has(item.experiment_id));
  const [asking, setAsking] = useState<"new" | "delete" | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const edit = useEdit();

  const change = (part: Record<string, string>) => {
    const next = Object.fromEntries(Object.entries({ ...search, ...part }).filter(([, value]) => value !== ""));
    void navigate({ search: next, replace: true });
  };
  const openTogether = () =>
    void navigate({
      to: "/experiments/$experimentId",
      params: { experimentId: selected.map((item) => item.experiment_id).join(",") },
    });
  useCommands([
    { id: "new experiment", label: "New experiment", group: "Experiments", keys: "n", run: () => setAsking("new") },
    { id: "find experiment", label: "Search by name", group: "Experiments", keys: "/", run: () => field.current?.focus() },
    ...(selected.length > 0
      ? [{ id: "open together", label: "Open the selected experiments together", group: "Experiments", keys: "o", run: openTogether }]
      : []),
  ]);

  return (
    <>
      <TopBar
        actions={
          <span className="bar-buttons">
            <CodeButton title="List experiments" ways={ways()} />
            <button type="button" className="button primary" onClick={() => setAsking("new")}>
              New experiment
            </button>
          </span>
        }
      >
        <h1>Experiments</h1>
        {query.data && <span className="detail">{count(shown.length, query.data.total ?? all.length)}</span>}
      </TopBar>
      <div className="bar">
        <SearchField field={field} label="Search experiments by name" value={q} change={(text) => change({ q: text })} />
        {tag && (
          <span className="chip accent edits">
            <span className="ellipsis">{tag.replace("=", ": ")}</span>
            <button type="button" aria-label={`No longer only those with the tag ${tag}`} onClick={() => change({ tag: "" })}>
              <Icon name="cross" size={12} />
            </button>
          </span>
        )}
        <span className="segments" role="group" aria-label="Which experiments">
          <button type="button" aria-pressed={!deleted} onClick={() => change({ deleted: "" })}>
            Active
          </button>
          <button type="button" aria-pressed={deleted !== undefined} onClick={() => change({ deleted: "1" })}>
            Deleted
          </button>
        </span>
      </div>
      {selected.length > 0 && (
        <div className="bar selection" role="region" aria-label="Selected experiments">
          <span>{formatCount(selected.length, "experiment")} selected</span>
          {!deleted && (
            <button type="button" className="button primary" onClick={openTogether}>
              {selected.length === 1 ? "Open" : "Open together"}
            </button>
          )}
          {!deleted && (
            <button type="button" className="button" onClick={() => setAsking("delete")}>
              Delete
            </button>
          )}
          <button type="button" className="button quiet" onClick={() => setChosen(new Set())}>
            Clear
          </button>
        </div>
      )}
      {query.isError && !query.data ? (
        <Failure what="The experiments could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={8} />
      ) : shown.length === 0 ? (
        <Nothing q={q} tag={tag} deleted={deleted !== undefined} clear={() => change({ q: "", tag: "" })} />
      ) : (
        <ExperimentTable
          items={shown}
          activity={activity.data}
          order={order}
          onSort={(next) => change({ sort: next })}
          onTag={(next) => change({ tag: next })}
          chosen={chosen}
          onChoose={setChosen}
          deleted={deleted !== undefined}
        />
      )}
      {asking === "new" && (
        <TextDialog
          title="New experiment"
          label="Name"
          button="Create"
          close={() => setAsking(null)}
          hint={<p className="muted small">Programs log to it by this name.</p>}
          save={async (name) => {
            const made = { id: "" };
            await edit({
              said: `Created ${name.trim()}.`,
              act: async () => {
                made.id = (await createExperiment(name.trim())).experiment_id;
              },
              undo: () => deleteExperiment(made.id),
              touches: [["experiments"]],
            });
            void navigate({ to: "/experiments/$experimentId", params: { experimentId: made.id } });
          }}
        />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${formatCount(selected.length, "experiment")}?`}
          button="Delete"
          danger
          close={() => setAsking(null)}
          act={async () => {
            await edit(deletion(selected));
            setChosen(new Set());
          }}
        >
          <p>{listed(selected)}</p>
          <p className="muted">Their runs go with them. Under “Deleted” they can be restored, until `treering gc` removes them for good.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function Nothing({ q, tag, deleted, clear }: { q: string; tag: string; deleted: boolean; clear: () => void }) {
  if (q || tag) {
    return (
      <Empty title={q ? `No experiment has “${q}” in its name.` : `No experiment has the tag ${tag}.`}>
        <button type="button" className="button" onClick={clear}>
          Clear the search
        </button>
      </Empty>
    );
  }
  if (deleted) return <Empty title="No experiment is deleted." />;
  return (
    <Empty title="No experiments yet.">
      <p>An experiment is made by the first run that is logged to it.</p>
      <Snippet label="How to log a first run" code={firstRun()} />
    </Empty>
  );
}

function count(shown: number, total: number): string {
  return shown === total ? formatCount(total, "experiment") : `${shown.toLocaleString("en")} of ${formatCount(total, "experiment")}`;
}

function listed(items: readonly Experiment[]): string {
  const names = items.slice(0, 5).map((item) => item.name);
  return items.length > 5 ? `${names.join(", ")} and ${items.length - 5} more` : names.join(", ");
}

function ways() {
  return {
    python: `import treering\n\ntreering.set_tracking_uri("${location.origin}")\nfor experiment in treering.search_experiments():\n    print(experiment.experiment_id, experiment.name)`,
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering experiments search`,
    rest: `curl -X POST ${location.origin}/api/v1/experiments/search -H 'content-type: application/json' -d '{}'`,
  };
}
