/** All charts of a page: those of the metrics, in sections, and those that were added; beside a table or by themselves. */

import "../../styles/charts.css";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { countsQuery, fieldKeysQuery } from "../../api/metrics";
import type { RunKey } from "../../api/types";
import { sectionsOf, telling } from "../../lib/chartkeys";
import { type ChartView, decodeCharts, DEFAULT_CHART_VIEW, encodeCharts, metricTest } from "../../lib/chartstate";
import { keyOf } from "../../lib/columns";
import { PANEL_FORMS, type PanelKind } from "../../lib/panels";
import type { Range } from "../../lib/zoom";
import { Empty, Failure } from "../feedback";
import { PanelCards } from "./panelcards";
import { PlotSkeleton } from "./linecard";
import { Sections } from "./sections";
import { Cell, type DrawnGroup, type DrawnRun, type Shared, SharedContext, useSettled } from "./state";
import { Toolbar } from "./toolbar";

export type { DrawnGroup, DrawnRun } from "./state";

export interface ChartPanelProps {
  experimentIds: readonly string[];
  runs: readonly DrawnRun[];
  /** Drawn instead of the runs where the table is grouped. */
  groups: readonly DrawnGroup[];
  /** What the table shows. */
  filter: string;
  /** The charts' own parameters of the address; see CHART_PARAMS of lib/chartstate. */
  params: Readonly<Record<string, string>>;
  onParams: (params: Record<string, string>) => void;
  hovered: string | null;
  onHover: (runId: string | null) => void;
  /** A condition to add to what the table shows. */
  onFilter: (condition: string) => void;
  /** Another one when anything in the experiments has changed. */
  version: string;
}

/** So few charts stand together without headings. */
const FEW = 8;
/** Of up to so many metrics that not all runs have the points are counted, to leave out those that no drawn run has. */
const COUNTED = 300;
const ALL_KINDS = Object.keys(PANEL_FORMS) as PanelKind[];
const RUN_KINDS: readonly PanelKind[] = ["lines"];
const NONE: readonly never[] = [];

/** The charts beside a table of runs. */
export function ChartPanel(props: ChartPanelProps) {
  const { experimentIds, runs, groups, filter, params, onParams, hovered, onHover, onFilter, version } = props;
  const view = useMemo(() => decodeCharts(params), [params]);
  const settled = useSettled(version, 10_000);
  const known = useQuery(fieldKeysQuery(experimentIds));
  const all = useMemo(() => frequent(known.data ?? []), [known.data]);
  const some = useMemo(() => known.data !== undefined && !inAllRuns(known.data), [known.data]);
  const ids = useMemo(() => (groups.length > 0 ? groups.flatMap((group) => group.runIds) : runs.map((run) => run.runId)).slice(0, 100).sort(), [runs, groups]);
  const counted = some && all.length <= COUNTED && ids.length > 0;
  const counts = useQuery({ ...countsQuery(experimentIds, ids, all, settled), enabled: counted });
  const points = counts.data;
  const ordered = useMemo(() => telling(all, points), [all, points]);
  const keys = useMemo(() => ordered.filter((key) => points?.get(key) !== 0), [ordered, points]);
  const unread = known.isPending || (counted && counts.isPending);
  return (
    <Page
      {...{ experimentIds, runs, groups, filter, version, view, hovered, onHover, onFilter }}
      onView={(next) => onParams(encodeCharts(next))}
      tools={<Toolbar keys={ordered} kinds={ALL_KINDS} />}
    >
      <PanelCards keys={ordered} />
      {known.isError && all.length === 0 ? (
        <Failure what="The metrics could not be listed." error={known.error} retry={() => void known.refetch()} />
      ) : unread ? (
        <Skeletons />
      ) : (
        <MetricCharts keys={keys} drawn={ids.length} known={all.length} />
      )}
    </Page>
  );
}

interface RunChartsProps {
  run: DrawnRun;
  keys: readonly string[];
  params: Readonly<Record<string, string>>;
  onParams: (params: Record<string, string>) => void;
  version: string;
}

/** The charts of one run. */
export function RunCharts({ run, keys, params, onParams, version }: RunChartsProps) {
  const view = useMemo(() => decodeCharts(params), [params]);
  const runs = useMemo(() => [run], [run]);
  return (
    <Page
      {...{ experimentIds: NONE, runs, groups: NONE, filter: "", version, view, hovered: null, onHover: null, onFilter: null }}
      onView={(next) => onParams(encodeCharts(next))}
      tools={<Toolbar keys={keys} kinds={RUN_KINDS} />}
    >
      <PanelCards keys={keys} />
      <MetricCharts keys={keys} drawn={1} known={keys.length} />
    </Page>
  );
}

interface ChartsProps {
  keys: readonly string[];
  runs: readonly DrawnRun[];
  /** Metrics of one prefix stand together under it. */
  grouped?: boolean;
}

/** Charts of some metrics without tools; zooming lasts as long as the page. */
export function Charts({ keys, runs, grouped = false }: ChartsProps) {
  const [view, setView] = useState(DEFAULT_CHART_VIEW);
  const sections = useMemo(() => sectionsOf(keys, view.order, grouped), [keys, view.order, grouped]);
  return (
    <Page
      {...{ experimentIds: NONE, runs, groups: NONE, filter: "", version: "", view, hovered: null, onHover: null, onFilter: null }}
      onView={setView}
    >
      <Sections sections={sections} />
    </Page>
  );
}

interface PageProps extends Pick<Shared, "experimentIds" | "runs" | "groups" | "filter" | "version" | "view"> {
  hovered: string | null;
  /** Null where no table beside the charts follows. */
  onHover: ((id: string | null) => void) | null;
  onFilter: ((condition: string) => void) | null;
  onView: (view: ChartView) => void;
  tools?: ReactNode;
  children: ReactNode;
}

/** Holds what all charts share, and the zoom of a gesture until it has ended. */
function Page(props: PageProps) {
  const { experimentIds, runs, groups, filter, version, view, hovered, children, tools } = props;
  const name = useId();
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const [hover] = useState(() => new Cell<string | null>(null));
  const [passing, setPassing] = useState<{ from: ChartView["zoom"]; zoom: Range | null } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => hover.set(hovered), [hover, hovered]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const points = usePoints(box, view);

  const change = useCallback((part: Partial<ChartView>) => latest.current.onView({ ...latest.current.view, ...part }), []);
  const zoom = useCallback(
    (range: Range | null, soon = false) => {
      clearTimeout(timer.current);
      setPassing({ from: latest.current.view.zoom, zoom: range });
      timer.current = setTimeout(() => change({ zoom: range }), soon ? 250 : 0);
    },
    [change],
  );
  const onHover = useCallback(
    (id: string | null) => {
      const { onHover: tell, groups: drawn } = latest.current;
      // A table that follows gives the name of the run back; the name of a group is of no use to it.
      if (tell && drawn.length === 0) tell(id);
      hover.set(id);
    },
    [hover],
  );
  const onFilter = props.onFilter;
  // What a gesture shows is given up as soon as the address says something else.
  if (passing && !sameRange(passing.from, view.zoom)) setPassing(null);
  const shown = passing ? passing.zoom : view.zoom;
  const shared = useMemo<Shared>(
    () => ({
      ...{ experimentIds, runs, groups, filter, version, change, zoom, hover, onHover, onFilter, name, points },
      view: sameRange(shown, view.zoom) ? view : { ...view, zoom: shown },
      asked: view.zoom,
    }),
    [experimentIds, runs, groups, filter, version, view, shown, change, zoom, hover, onHover, onFilter, name, points],
  );
  return (
    <SharedContext value={shared}>
      {tools}
      <div className="charts" ref={box}>
        {children}
      </div>
    </SharedContext>
  );
}

function MetricCharts({ keys, drawn, known }: { keys: readonly string[]; drawn: number; known: number }) {
  return (
    <SharedContext.Consumer>
      {({ view, change }) => <FoundCharts {...{ keys, drawn, known, view }} clear={() => change({ find: "" })} />}
    </SharedContext.Consumer>
  );
}

interface FoundProps {
  keys: readonly string[];
  drawn: number;
  known: number;
  view: ChartView;
  clear: () => void;
}

function FoundCharts({ keys, drawn, known, view, clear }: FoundProps) {
  const { find, order } = view;
  const found = useMemo(() => keys.filter(metricTest(find).test), [keys, find]);
  const sections = useMemo(() => sectionsOf(found, order, found.length > FEW), [found, order]);
  if (known === 0) {
    return (
      <Empty title="No metrics yet.">
        <p>Charts appear here as soon as a run logs a metric.</p>
      </Empty>
    );
  }
  if (drawn === 0) {
    return (
      <Empty title="No run is drawn.">
        <p>Choose runs with the mark before their name, or with x.</p>
      </Empty>
    );
  }
  if (keys.length === 0) {
    return (
      <Empty title="The drawn runs have no metrics yet.">
        <p>They appear here as soon as a run logs one.</p>
      </Empty>
    );
  }
  if (found.length === 0) {
    return (
      <Empty title={`No metric of ${keys.length.toLocaleString("en")} has such a name.`}>
        <button type="button" className="button" onClick={clear}>
          Show all
        </button>
      </Empty>
    );
  }
  return <Sections sections={sections} />;
}

function Skeletons() {
  return (
    <div className="chart-grid">
      {[0, 1, 2, 3].map((card) => (
        <article key={card} className="card chart-card">
          <header>
            <span className="skeleton" style={{ width: "30%" }} />
          </header>
          <PlotSkeleton height={220} />
        </article>
      ))}
    </div>
  );
}

/** The metrics: those that most runs have first, else by their names. */
function frequent(keys: readonly RunKey[]): string[] {
  const order = new Intl.Collator("en", { numeric: true });
  const metrics = keys.filter((key) => key.kind === "metric");
  return metrics.sort((a, b) => b.runs - a.runs || order.compare(a.key, b.key)).map((item) => item.key);
}

/** Whether every run has every metric. */
function inAllRuns(keys: readonly RunKey[]): boolean {
  const runs = keyOf(keys, "status")?.runs;
  return keys.every((key) => key.kind !== "metric" || key.runs === runs);
}

function sameRange(one: ChartView["zoom"], other: ChartView["zoom"]): boolean {
  return one === other || (one !== null && other !== null && one[0] === other[0] && one[1] === other[1]);
}

const WIDTHS = { s: 220, m: 300, l: 460 } as const;

/** What the edges of a card and its axis take of its width, in px. */
const EDGES = 72;

/** About as many points as a plot has pixels across, in steps, so that a wider window does not read again at once. */
function usePoints(box: { readonly current: HTMLElement | null }, view: Pick<ChartView, "size" | "across">): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setWidth(Math.ceil(element.clientWidth / 100) * 100));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [box]);
  const across = view.across > 0 ? view.across : Math.max(1, Math.floor(width / (WIDTHS[view.size] + 12)));
  return Math.min(2000, Math.max(200, Math.ceil((width / across - EDGES) / 100) * 100));
}
