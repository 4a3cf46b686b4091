/** A chart by ECharts, whose code comes with the first of them; its colours are those of the page. */

import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { useTheme } from "../../lib/theme";
import { Failure } from "../feedback";
import { PlotSkeleton } from "./linecard";
import { colours } from "./look";

/** The colours and the font of the page. */
export interface Look {
  readonly text: string;
  readonly quiet: string;
  readonly rule: string;
  readonly ground: string;
  readonly accent: string;
  readonly font: string;
  readonly runs: readonly string[];
  readonly sequential: readonly string[];
  readonly diverging: readonly string[];
}

export type Option = EChartsCoreOption;

interface Props {
  /** Made anew when it is another function. */
  option: (look: Look, width: number) => Option;
  height: number;
  summary: string;
  onPoint?: (runId: string | null) => void;
  onOpen?: (runId: string) => void;
  /** What somebody brushed on an axis of parallel coordinates. */
  onBrush?: (axis: number, intervals: [number, number][]) => void;
  /** Brushes to show. */
  brushed?: readonly (readonly (readonly [number, number])[])[];
}

interface PointEvent {
  readonly data?: { readonly runId?: string };
}

interface BrushEvent {
  readonly parallelAxisId?: string;
  readonly intervals?: [number, number][];
}

export function EChart(props: Props) {
  const { option, height, summary, brushed } = props;
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [width, setWidth] = useState(0);
  const latest = useRef(props);
  const { shown: theme } = useTheme();

  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = box.current;
    if (!element || error !== null) return;
    let made: ECharts | null = null;
    let ended = false;
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth === 0) return;
      setWidth(element.clientWidth);
      made?.resize({ width: element.clientWidth, height: element.clientHeight });
    });
    import("./engine")
      .then(({ init }) => {
        if (ended) return;
        made = init(element, null, { renderer: "canvas" });
        made.on("mouseover", (event) => latest.current.onPoint?.((event as PointEvent).data?.runId ?? null));
        made.on("mouseout", () => latest.current.onPoint?.(null));
        made.on("click", (event) => {
          const runId = (event as PointEvent).data?.runId;
          if (runId) latest.current.onOpen?.(runId);
        });
        made.on("axisareaselected", (event) => {
          const { parallelAxisId, intervals = [] } = event as BrushEvent;
          if (parallelAxisId !== undefined) latest.current.onBrush?.(Number(parallelAxisId), intervals);
        });
        watcher.observe(element);
        setWidth(element.clientWidth);
        setChart(made);
      })
      .catch((reason: unknown) => setError(reason));
    return () => {
      ended = true;
      watcher.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, [error]);

  useEffect(() => {
    const element = box.current;
    if (!chart || !element || width === 0) return;
    chart.setOption({ animation: false, textStyle: { fontFamily: lookOf(element).font }, ...option(lookOf(element), width) }, { notMerge: true });
    latest.current.brushed?.forEach((intervals, axis) => {
      if (intervals.length > 0) brush(chart, axis, intervals);
    });
  }, [chart, option, theme, width]);

  useEffect(() => {
    if (chart) brushed?.forEach((intervals, axis) => brush(chart, axis, intervals));
  }, [chart, brushed]);

  useEffect(() => {
    chart?.resize({ height });
  }, [chart, height]);

  if (error !== null) return <Failure what="The chart could not be drawn." error={error} retry={() => setError(null)} />;
  return (
    <div className="plot-frame" style={{ height }}>
      <div ref={box} className="plot" role="img" aria-label={summary} style={{ height }} />
      {!chart && <PlotSkeleton height={height} />}
    </div>
  );
}

function brush(chart: ECharts, axis: number, intervals: readonly (readonly [number, number])[]): void {
  chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: String(axis), intervals });
}

function lookOf(element: Element): Look {
  const dark = document.documentElement.dataset.theme === "dark";
  const colour = colours(element);
  const scale = (name: string, count: number) => Array.from({ length: count }, (_, index) => colour(`--${name}-${index}`));
  return {
    text: colour("--text2"),
    quiet: colour("--text3"),
    rule: colour("--border"),
    ground: colour("--bg"),
    accent: colour("--accent"),
    font: getComputedStyle(element).fontFamily,
    runs: scale("run", 10),
    // The end of the scale that is hardly seen on the ground is left out.
    sequential: dark ? scale("viridis", 10).slice(2) : scale("viridis", 10).slice(0, 9),
    diverging: scale("diverging", 7),
  };
}
