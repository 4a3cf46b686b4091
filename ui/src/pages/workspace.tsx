/** One experiment: its runs in a table, the chosen ones in charts beside it. The view stands in the address. */

import { keepPreviousData, useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { ApiError } from "../api/client";
import { experimentQuery, type Run, runCountQuery, runQuery, runsQuery } from "../api/queries";
import { CopyButton, Empty, Failure, SkeletonRows, Snippet } from "../components";
import { Charts, type DrawnRun } from "../components/charts";
import { TopBar } from "../components/frame";
import { QueryField } from "../components/queryfield";
import { RunsTable } from "../components/runstable";
import { Split } from "../components/split";
import { AxisMenu, ColumnMenu, SmoothMenu } from "../components/viewmenus";
import { chartOrder, chooseColumns, orderTerm } from "../lib/columns";
import { formatCount } from "../lib/format";
import { draw, erase } from "../lib/palette";
import { decodeView, encodeView, type WorkspaceView } from "../lib/viewstate";
import { firstRun } from "./experiments";

const FIRST_DRAWN = 6;

export function WorkspacePage() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId" });
  const [view, change] = useView();
  const experiment = useQuery(experimentQuery(experimentId));
  const running = useQuery({ ...runCountQuery(experimentId, "attributes.status = 'RUNNING'"), refetchInterval: 10_000 });
  const query = useInfiniteQuery(runsQuery({ experimentId, filter: view.q, order: orderTerm(view.sort) }));
  const [pane, setPane] = useState<"runs" | "charts">("runs");

  const kept = useKept(query.data, experimentId);
  const runs = useMemo(() => kept?.pages.flatMap((page) => page.runs) ?? [], [kept]);
  const total = kept?.pages[0]?.total ?? runs.length;
  const columns = useSettled(experimentId, runs, view.cols);
  const slots = useMemo(() => view.runs ?? firstDrawn(runs), [view.runs, runs]);
  const drawn = useDrawn(slots, runs);

  const toggle = useCallback(
    (runId: string) => change({ runs: slots.includes(runId) ? erase(slots, runId) : draw(slots, runId) }),
    [change, slots],
  );
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);

  if (experiment.isError) {
    return (
      <>
        <TopBar>
          <Crumb />
          <h1 className="ellipsis">{experimentId}</h1>
        </TopBar>
        <Failure
          what={`Experiment ${experimentId} could not be opened.`}
          error={experiment.error}
          retry={() => void experiment.refetch()}
        />
      </>
    );
  }

  const mistake = mistakeOf(query.error);
  const failed = query.isError && !mistake;
  return (
    <>
      <TopBar actions={<CopyButton text={location.href} label="Copy link" />}>
        <Crumb />
        <h1 className="ellipsis">{experiment.data?.name ?? " "}</h1>
        {kept && (
          <span className="detail" role="status">
            {formatCount(total, "run")}
            {running.data ? ` · ${running.data.toLocaleString("en")} running` : ""}
          </span>
        )}
      </TopBar>
      <div className="bar filter-bar">
        <QueryField value={view.q} mistake={mistake} onSubmit={(q) => change({ q })} />
        <div className="bar-buttons">
          <ColumnMenu runs={runs} columns={columns} chosen={view.cols !== null} onChange={(cols) => change({ cols })} />
          <AxisMenu x={view.x} log={view.log} onChange={change} />
          <SmoothMenu smooth={view.smooth} onChange={(smooth) => change({ smooth })} />
        </div>
        <div className="segments pane-switch" role="group" aria-label="What is shown">
          {(["runs", "charts"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={pane === name} onClick={() => setPane(name)}>
              {name === "runs" ? "Runs" : "Charts"}
            </button>
          ))}
        </div>
      </div>
      {failed && !kept ? (
        <Failure what="The runs could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : !kept ? (
        mistake ? <Empty title="The filter cannot be understood." /> : <SkeletonRows rows={16} />
      ) : runs.length === 0 ? (
        <NoRuns filter={view.q} name={experiment.data?.name} clear={() => change({ q: "" })} />
      ) : (
        <div className="workspace" data-pane={pane}>
          <Split
            left={
              <RunsTable
                runs={runs}
                total={total}
                columns={columns}
                sort={view.sort}
                slots={slots}
                dimmed={query.isPlaceholderData || query.isError}
                onSort={(sort) => change({ sort })}
                onToggle={toggle}
                onMore={more}
              />
            }
            right={<ChartPane drawn={drawn} view={view} />}
          />
        </div>
      )}
    </>
  );
}

function Crumb() {
  return (
    <Link to="/experiments" className="parent">
      Experiments /
    </Link>
  );
}

function ChartPane({ drawn, view }: { drawn: { runs: DrawnRun[]; keys: string[] }; view: WorkspaceView }) {
  if (drawn.runs.length === 0) {
    return (
      <Empty title="No run is drawn.">
        <p>Choose runs with the mark before their name, or with x.</p>
      </Empty>
    );
  }
  if (drawn.keys.length === 0) {
    return (
      <Empty title="The drawn runs have no metrics yet.">
        <p>They appear here as soon as a run logs one.</p>
      </Empty>
    );
  }
  return <Charts keys={drawn.keys} runs={drawn.runs} drawing={view} />;
}

function NoRuns({ filter, name, clear }: { filter: string; name: string | undefined; clear: () => void }) {
  if (filter) {
    return (
      <Empty title="No run matches the filter.">
        <button type="button" className="button" onClick={clear}>
          Clear the filter
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet.">
      <p>Runs appear here while they are being logged.</p>
      <Snippet label="How to log a run" code={firstRun(name)} />
    </Empty>
  );
}

function useView(): [WorkspaceView, (part: Partial<WorkspaceView>) => void] {
  const search = useSearch({ from: "/experiments/$experimentId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId" });
  const view = useMemo(() => decodeView(search), [search]);
  const change = useCallback(
    (part: Partial<WorkspaceView>) =>
      void navigate({
        search: (now) => encodeView({ ...decodeView(now), ...part }),
        replace: part.q === undefined && part.sort === undefined,
      }),
    [navigate],
  );
  return [view, change];
}

/** The last answer that came, so that a mistyped filter dims the table instead of emptying it. */
function useKept<T>(data: T | undefined, experimentId: string): T | undefined {
  const [kept, setKept] = useState({ experimentId, data });
  if (kept.experimentId !== experimentId || (data !== undefined && data !== kept.data)) setKept({ experimentId, data });
  return data ?? (kept.experimentId === experimentId ? kept.data : undefined);
}

/** Columns once chosen from the data stay while runs come and go; else they would jump at every refresh. */
function useSettled(experimentId: string, runs: readonly Run[], chosen: string[] | null): string[] {
  const [settled, setSettled] = useState<{ experimentId: string; columns: string[] } | null>(null);
  if (runs.length > 0 && settled?.experimentId !== experimentId) {
    setSettled({ experimentId, columns: chooseColumns(runs) });
  }
  return chosen ?? settled?.columns ?? ["status"];
}

function firstDrawn(runs: readonly Run[]): string[] {
  const telling = runs.filter((run) => Object.keys(run.metrics).length > 0);
  return telling.slice(0, FIRST_DRAWN).map((run) => run.run_id);
}

/** The runs in the slots; those that the table has not loaded are asked for one by one. */
function useDrawn(slots: readonly string[], runs: readonly Run[]): { runs: DrawnRun[]; keys: string[] } {
  const known = useMemo(() => new Map(runs.map((run) => [run.run_id, run])), [runs]);
  const missing = slots.filter((id) => id !== "" && !known.has(id));
  const fetched = useQueries({
    queries: missing.map((id) => ({ ...runQuery(id), placeholderData: keepPreviousData, retry: false })),
    combine: (results) => results.flatMap((result) => (result.data ? [result.data] : [])),
  });
  return useMemo(() => {
    const all = new Map([...known, ...fetched.map((run) => [run.run_id, run] as const)]);
    const members = slots.flatMap((id) => all.get(id) ?? []);
    return {
      runs: members.map((run) => ({
        runId: run.run_id,
        name: run.run_name || run.run_id,
        slot: slots.indexOf(run.run_id),
        live: run.status === "RUNNING",
      })),
      keys: chartOrder(members),
    };
  }, [known, fetched, slots]);
}

function mistakeOf(error: unknown): ApiError | null {
  return error instanceof ApiError && error.status === 400 ? error : null;
}
