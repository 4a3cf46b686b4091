/** Runs of an experiment, or of several: a table, and the chosen ones in charts beside it. The view stands in the address. */

import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { experimentQuery } from "../api/experiments";
import { everyRow, someRunsQuery } from "../api/runs";
import { CopyButton, Empty, Failure, SkeletonRows, Snippet, useNow } from "../components";
import { ChartPanel } from "../components/charts/panel";
import { CodeButton } from "../components/codeways";
import { TopBar } from "../components/frame";
import { QueryField } from "../components/queryfield";
import { scopesOf, useRunActions } from "../components/runs/actions";
import { BulkBar, MOST_COMPARED } from "../components/runs/bulk";
import { codeOf } from "../components/runs/code";
import { FilterMenu } from "../components/runs/filters";
import { ObjectiveBar } from "../components/runs/objective";
import { ObjectiveDialog } from "../components/objectivedialog";
import { ColumnMenu, DisplayMenu, GroupMenu } from "../components/runs/menus";
import type { Look } from "../components/runs/row";
import { ViewsMenu } from "../components/runs/savedviews";
import { batchesOf, useCurves, useStretch } from "../components/runs/sparks";
import { TablePane } from "../components/runs/tablepane";
import { useBest, useDrawn, useHeat, useSame, useTable } from "../components/runs/usetable";
import { useChanges } from "../components/runs/usechanges";
import { useView } from "../components/runs/useview";
import { useNarrow } from "../components/runs/window";
import { Split } from "../components/split";
import { useCommands } from "../lib/commands";
import { both } from "../lib/conditions";
import { formatCount } from "../lib/format";
import { notify } from "../lib/notices";
import { objectiveOf } from "../lib/objective";
import { draw } from "../lib/palette";
import { countOf, EVERYTHING, isSelected, NOTHING, type Selection } from "../lib/selection";
import type { WorkspaceView } from "../lib/viewstate";
import { firstRun } from "../lib/begin";
import "../styles/workspace.css";
import "../styles/charts.css";

const ExportDialog = lazy(() => import("../components/runs/export").then((module) => ({ default: module.ExportDialog })));

/** How often the keys of runs are asked for while runs change, in ms. */
const KEYS_AGAIN = 10_000;

export function WorkspacePage() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId" });
  return <Workspace key={experimentId} experimentId={experimentId} />;
}

function Workspace({ experimentId }: { experimentId: string }) {
  const ids = useMemo(() => [...new Set(experimentId.split(",").filter(Boolean))], [experimentId]);
  const { view, change, open, settled } = useView(experimentId);
  const names = useNames(ids);
  const table = useTable(ids, view, settled);
  const { rows, keys, scope, total, mistake } = table;
  const drawn = useDrawn(table, view);
  const best = useBest(table);
  const heat = useHeat(table, view.heat);
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const [hovered, setHovered] = useState<string | null>(null);
  const [exporting, setExporting] = useState(false);
  const [aiming, setAiming] = useState(false);
  const [sight, setSight] = useStretch();
  const [selection, select] = useSelection(JSON.stringify(scope));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const asked = useRef(0);

  const renew = useCallback(() => rows?.renew(false), [rows]);
  const actions = useRunActions(renew);
  const version = useChanges(ids, () => {
    rows?.renew(view.sort.length > 0 || isUsed(box.current));
    for (const key of ["run-counts", "some-runs"]) void queries.invalidateQueries({ queryKey: [key] });
    if (Date.now() - asked.current < KEYS_AGAIN) return;
    asked.current = Date.now();
    void queries.invalidateQueries({ queryKey: ["run-keys"] });
  });

  const pinIds = useSame([...new Set([view.base, ...view.pins])].filter(Boolean));
  const pinned = useQuery({ ...someRunsQuery(ids, pinIds, table.shown), enabled: pinIds.length > 0 });
  const pinnedRuns = useSame(pinIds.length > 0 ? (pinned.data ?? []) : []);
  const base = pinnedRuns.find((item) => item.key === view.base) ?? null;
  const keyAt = (index: number) => {
    const item = index < (rows?.model.size ?? 0) ? rows?.model.row(index).item : undefined;
    return item?.kind === "run" ? item.key : undefined;
  };
  const batches = useSame(batchesOf(sight, keyAt));
  const curves = useCurves(batches, table.shown, rows?.model.version ?? "");
  const now = useNow();
  const look = useMemo<Look>(
    () => ({ best, heat, base, aggregate: view.aggregate, curves, experiments: names.byId, now }),
    [best, heat, base, view.aggregate, curves, names.byId, now],
  );

  const chosen = countOf(selection, total ?? 0);
  const compared = !selection.all && chosen >= 2 ? [...selection.ids] : drawn.runs.map((run) => run.runId);
  const comparable = compared.length >= 2 && compared.length <= MOST_COMPARED;
  const compare = () => {
    if (comparable) void navigate({ to: "/compare", search: { runs: compared.join(",") } });
    else notify({ kind: "failed", text: `Between 2 and ${MOST_COMPARED} runs can be compared; select them with x.` });
  };
  const fold = (pane: WorkspaceView["pane"]) => change({ pane: view.pane === pane ? "both" : pane });
  useCommands([
    { id: "compare-runs", label: "Compare the selected runs", group: "Runs", keys: "c", run: compare },
    { id: "select-all-runs", label: "Select all that match", group: "Runs", run: () => select(EVERYTHING) },
    { id: "export-runs", label: "Export the runs", group: "Runs", run: () => setExporting(true) },
    { id: "fold-runs", label: "Fold the table, or not", group: "View", keys: "[", run: () => fold("charts") },
    { id: "fold-charts", label: "Fold the charts, or not", group: "View", keys: "]", run: () => fold("runs") },
    ...(names.single ? [{ id: "objective", label: "Say what this experiment is for", group: "Experiment", run: () => setAiming(true) }] : []),
    { id: "tree", label: "Nested runs below their parent, or not", group: "View", run: () => change({ tree: !table.nested }) },
  ]);
  const copyIds = () => void collectIds({ scope, selection }).then((found) => navigator.clipboard.writeText(found.join("\n")).then(() => notify({ kind: "done", text: `Copied ${formatCount(found.length, "id")}` })));
  const drawSelected = () => {
    const some = selection.all ? [] : [...selection.ids];
    change({ runs: some.reduce<readonly string[]>(draw, []).slice() });
  };
  const onParams = useCallback((charts: Record<string, string>) => change({ charts }), [change]);
  const metrics = useMemo(() => new Map(keys.flatMap((item) => (item.kind === "metric" ? [[item.key, item.field] as const] : []))), [keys]);
  const onFilter = useCallback((condition: string) => change({ q: both(view.q, condition) }), [change, view.q]);

  if (names.error) {
    return (
      <>
        <TopBar>
          <Crumb />
          <h1 className="ellipsis">{experimentId}</h1>
        </TopBar>
        <Failure what={`Experiment ${experimentId} could not be opened.`} error={names.error} retry={names.retry} />
      </>
    );
  }
  const target = { scope, selection: chosen > 0 ? selection : EVERYTHING };
  const ready = rows?.model.ready ?? false;
  const empty = ready && rows!.model.total === 0 && pinnedRuns.length === 0;
  const pane = narrow && view.pane === "both" ? "runs" : view.pane;
  const buttons = (
    <>
      {total !== null && total > 0 && (
        <button type="button" className="button wide" onClick={() => setExporting(true)}>
          Export
        </button>
      )}
      <span className="wide">
        <CodeButton title="These runs in code" ways={codeOf({ experimentIds: ids, filter: scope.filter, order: table.order, view: scope.view, origin: location.origin })} />
      </span>
      <CopyButton text={location.href} label="Copy link" />
      <button type="button" className="button primary wide" disabled={!comparable} onClick={compare}>
        Compare{comparable ? ` ${compared.length}` : ""}
      </button>
    </>
  );
  return (
    <>
      <TopBar actions={buttons}>
        <Crumb />
        <h1 className="ellipsis">{names.title || " "}</h1>
        {total !== null && (
          <span className="detail" role="status">
            {formatCount(total, "run")}
            {table.running > 0 ? ` · ${table.running.toLocaleString("en")} running` : ""}
          </span>
        )}
      </TopBar>
      {names.objective && <ObjectiveBar objective={names.objective} scope={scope} metrics={metrics} onFilter={onFilter} change={() => setAiming(true)} />}
      {aiming && names.single && <ObjectiveDialog experiment={names.single} close={() => setAiming(false)} />}
      <div className="bar filter-bar">
        <QueryField value={view.q} mistake={mistake} experimentIds={ids} keys={keys} onSubmit={(q) => change({ q })} />
        <div className="bar-buttons">
          <FilterMenu filter={view.q} experimentIds={ids} keys={keys} onChange={(q) => change({ q })} />
          <GroupMenu keys={keys} view={view} onChange={change} />
          <ColumnMenu keys={keys} columns={table.columns} chosen={view.cols !== null} onChange={(cols) => change({ cols })} />
          <DisplayMenu view={view} nested={table.nested} onChange={change} />
          {ids.length === 1 && <ViewsMenu experimentId={experimentId} view={view} open={open} />}
        </div>
        <div className="segments pane-switch" role="group" aria-label="What is shown">
          {(["runs", "charts"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={pane === name} onClick={() => change({ pane: name === "runs" ? "both" : name })}>
              {name === "runs" ? "Runs" : "Charts"}
            </button>
          ))}
        </div>
      </div>
      {chosen > 0 && (
        <BulkBar
          target={{ scope, selection }}
          total={total ?? 0}
          shown={view.shown}
          actions={actions}
          onSelect={select}
          onCompare={compare}
          onExport={() => setExporting(true)}
          onDraw={drawSelected}
          onCopyIds={copyIds}
        />
      )}
      {table.error !== null && !ready ? (
        <Failure what="The runs could not be listed." error={table.error} retry={renew} />
      ) : !ready ? (
        mistake ? <Empty title="The filter cannot be understood." /> : <SkeletonRows rows={16} />
      ) : empty ? (
        <NoRuns view={view} name={names.title} change={change} />
      ) : (
        <div className="workspace" data-pane={pane}>
          <Split
            left={
              <TablePane
                box={box}
                table={table}
                view={view}
                change={change}
                pinned={pinnedRuns}
                slots={drawn.slots}
                groupSlots={drawn.groupSlots}
                selection={selection}
                select={select}
                look={look}
                hovered={hovered}
                onHover={setHovered}
                actions={actions}
                onSight={setSight}
              />
            }
            right={
              pane !== "runs" && (
                <ChartPanel
                  experimentIds={ids}
                  runs={drawn.runs}
                  groups={table.grouped ? drawn.groups : NO_GROUPS}
                  filter={scope.filter}
                  params={view.charts}
                  onParams={onParams}
                  hovered={hovered}
                  onHover={setHovered}
                  onFilter={onFilter}
                  version={version || (rows?.model.version ?? "")}
                />
              )
            }
          />
        </div>
      )}
      {exporting && (
        <Suspense fallback={null}>
          <ExportDialog target={target} count={countOf(target.selection, total ?? 0)} order={table.order} columns={table.shown} name={names.title} close={() => setExporting(false)} />
        </Suspense>
      )}
    </>
  );
}

const NO_GROUPS: never[] = [];

function Crumb() {
  return (
    <Link to="/experiments" className="parent">
      Experiments /
    </Link>
  );
}

function NoRuns({ view, name, change }: { view: WorkspaceView; name: string; change: (part: Partial<WorkspaceView>) => void }) {
  if (view.q) {
    return (
      <Empty title="No run matches the filter.">
        <button type="button" className="button" onClick={() => change({ q: "" })}>
          Clear the filter
        </button>
      </Empty>
    );
  }
  if (view.hidden.length > 0 || view.shown !== "active") {
    return (
      <Empty title={view.shown === "deleted" ? "No run was deleted." : "No run is shown."}>
        <button type="button" className="button" onClick={() => change({ hidden: [], shown: "active" })}>
          Show all active runs
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

function useNames(ids: readonly string[]) {
  const results = useQueries({ queries: ids.map((id) => experimentQuery(id)) });
  const failed = results.find((result) => result.isError);
  const byId = useSame(Object.fromEntries(results.flatMap((result, at) => (result.data ? [[ids[at]!, result.data.name]] : []))));
  const title = ids.map((id) => byId[id]).filter(Boolean).join(", ");
  const retry = () => {
    for (const result of results) void result.refetch();
  };
  const single = ids.length === 1 ? results[0]?.data : undefined;
  return { byId, title, single, objective: objectiveOf(single?.tags), error: failed?.error ?? null, retry };
}

/** What is selected; all that match are others after the filter has changed. */
function useSelection(scope: string): [Selection, (selection: Selection) => void] {
  const [state, setState] = useState({ scope, selection: NOTHING });
  if (state.scope !== scope) setState({ scope, selection: state.selection.all ? NOTHING : state.selection });
  const select = useCallback((selection: Selection) => setState((now) => ({ ...now, selection })), []);
  return [state.selection, select];
}

/** Whether somebody is at the table, so that rows must not move. */
function isUsed(box: HTMLElement | null): boolean {
  return box !== null && (box.scrollTop > 0 || box.matches(":hover") || box.contains(document.activeElement));
}

async function collectIds(target: { scope: Parameters<typeof scopesOf>[0]["scope"]; selection: Selection }): Promise<string[]> {
  if (!target.selection.all) return [...target.selection.ids];
  const ids: string[] = [];
  for (const scope of scopesOf(target)) {
    for await (const { items } of everyRow(scope, [], [], new AbortController().signal)) {
      ids.push(...items.map((item) => item.key).filter((id) => isSelected(target.selection, id)));
    }
  }
  return ids;
}
