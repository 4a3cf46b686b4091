/** One chart of lines on a canvas, drawn by uPlot; it redraws only what changed. Pointer, touch and keys move it. */

import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { type ChartData, pointAt } from "../../lib/chartdata";
import type { ChartView } from "../../lib/chartstate";
import { useTheme } from "../../lib/theme";
import { limited, moved, type Range, scaled } from "../../lib/zoom";
import { axesOf, colours, type Drawn, emphasise, paddingOf, paintOver, scalesOf, seriesOf, shapeOf } from "./look";
import { type Cell } from "./state";
import { gestures } from "./gestures";

/** Where the cursor of a chart stands. */
export interface CursorAt {
  readonly x: number;
  /** Distances from the left of the plot and within which width, in pixels. */
  readonly left: number;
  readonly width: number;
  /** Whether the pointer is over this chart, and not over another that shares the cursor. */
  readonly own: boolean;
  /** Index of the line nearest to the pointer. */
  readonly near: number | null;
}

interface Props {
  data: ChartData;
  view: Pick<ChartView, "x" | "logX" | "logY" | "zoom">;
  height: number;
  /** Charts of one group share their cursor. */
  group: string;
  summary: string;
  labels: boolean;
  hover: Cell<string | null>;
  cursor: Cell<CursorAt | null>;
  onZoom: (range: Range | null, soon?: boolean) => void;
  onNear: (id: string | null) => void;
}

/** A line is near when the pointer is so many pixels from it. */
const NEAR = 40;

export function Plot(props: Props) {
  const { data, view, height, group, summary, labels, hover } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const columns = useMemo<uPlot.AlignedData>(() => [data.x, ...data.columns], [data]);
  const latest = useRef({ ...props, columns });
  const whole = useRef<Range | null>(null);
  const { shown: theme } = useTheme();
  const shape = shapeOf(data);
  const { x, logX, logY, zoom } = view;

  useEffect(() => {
    latest.current = { ...props, columns };
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = colours(element);
    const drawn = (): Drawn => ({ data: latest.current.data, zoom: latest.current.view.zoom, labels: latest.current.labels });
    const axes = { x, logX, logY };
    const made: uPlot = new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height: latest.current.height,
        padding: paddingOf(drawn),
        legend: { show: false },
        scales: scalesOf(axes, drawn),
        axes: axesOf(element, axes),
        ...seriesOf(latest.current.data, colour),
        cursor: cursorOf(group, () => latest.current),
        hooks: {
          setCursor: [(self) => report(self, latest.current)],
          setSelect: [(self) => selected(self, latest.current)],
          draw: [(self) => paintOver(self, drawn(), colour)],
        },
      },
      latest.current.columns,
      element,
    );
    plot.current = made;
    const still = () => emphasise(made, latest.current.data, latest.current.hover.get());
    if (latest.current.hover.get() !== null) still();
    const silence = latest.current.hover.subscribe(still);
    const rest = gestures(element, (factor, share) => {
      const range = shownRange(made);
      if (range) latest.current.onZoom(limited(scaled(range, factor, made.posToVal(share * made.over.clientWidth, "x"), logX), whole.current), true);
    });
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: made.height });
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      rest();
      silence();
      made.destroy();
      plot.current = null;
    };
  }, [shape, x, logX, logY, group, theme]);

  useEffect(() => {
    const made = plot.current;
    if (!zoom && data.x.length > 1) whole.current = [data.x[0]!, data.x[data.x.length - 1]!];
    if (!made) return;
    made.setData(columns);
    if (hover.get() !== null) emphasise(made, data, hover.get());
  }, [columns, data, zoom, labels, hover]);

  useEffect(() => {
    const made = plot.current;
    if (made && made.height !== height) made.setSize({ width: made.width, height });
  }, [height]);

  const keys = (event: KeyboardEvent) => {
    const made = plot.current;
    const range = made && shownRange(made);
    if (!made || !range || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = action(event, range, made, logX);
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (act === "cursor") moveCursor(made, event.key === "ArrowLeft" ? -1 : 1);
    else props.onZoom(act && limited(act, whole.current), act !== null);
  };

  return (
    <div
      ref={box}
      className="plot"
      role="img"
      aria-label={summary}
      aria-keyshortcuts="+ - 0 ArrowLeft ArrowRight Shift+ArrowLeft Shift+ArrowRight"
      tabIndex={0}
      style={{ height }}
      onKeyDown={keys}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
    />
  );
}

/** What a key does: another range, null for all, "cursor" to move that; undefined where it is no key of a chart. */
function action(event: KeyboardEvent, range: Range, plot: uPlot, log: boolean): Range | null | "cursor" | undefined {
  const about = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, "x") : middle(plot);
  switch (event.key) {
    case "+":
    case "=":
      return scaled(range, 0.5, about, log);
    case "-":
      return scaled(range, 2, about, log);
    case "0":
    case "Home":
      return null;
    case "ArrowLeft":
    case "ArrowRight":
      return event.shiftKey ? "cursor" : moved(range, event.key === "ArrowLeft" ? -0.2 : 0.2, log);
    default:
      return undefined;
  }
}

function middle(plot: uPlot): number {
  return plot.posToVal(plot.over.clientWidth / 2, "x");
}

function moveCursor(plot: uPlot, by: number): void {
  const from = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.cursor.left : by > 0 ? 0 : plot.over.clientWidth;
  const left = Math.min(plot.over.clientWidth, Math.max(0, from + by * Math.max(2, plot.over.clientWidth / 50)));
  plot.setCursor({ left, top: plot.over.clientHeight / 2 });
}

function shownRange(plot: uPlot): Range | null {
  const { min, max } = plot.scales.x ?? {};
  return min == null || max == null ? null : [min, max];
}

type Latest = Props & { columns: uPlot.AlignedData };

function cursorOf(group: string, latest: () => Latest): uPlot.Cursor {
  const isMain = (series: number) => latest().data.series[series - 1]?.role === "main";
  const forget: uPlot.Cursor.MouseListenerFactory = () => () => {
    latest().onZoom(null);
    return null;
  };
  return {
    // Only the place is shared: a selection would else be made by every chart.
    sync: { key: group, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
    points: { size: (_, series) => (isMain(series) ? 7 : 0), width: 1.5 },
    drag: { x: true, y: false, setScale: false },
    y: false,
    bind: { dblclick: forget },
  };
}

function selected(plot: uPlot, { onZoom }: Latest): void {
  const { left, width } = plot.select;
  if (width >= 4) onZoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function report(plot: uPlot, { cursor, data, onNear }: Latest): void {
  const { idx, left = -1, top = -1 } = plot.cursor;
  const before = cursor.get();
  const x = idx == null ? undefined : plot.data[0][idx];
  if (x === undefined || left < 0) {
    cursor.set(null);
    if (before?.own) onNear(null);
    return;
  }
  const own = plot.over.matches(":hover") || plot.root.parentElement === document.activeElement;
  const near = own ? nearest(plot, data, x, top) : null;
  cursor.set({ x, left, width: plot.over.clientWidth, own, near });
  if (own && near !== before?.near) onNear(near === null ? null : data.lines[near]!.id);
}

function nearest(plot: uPlot, data: ChartData, x: number, top: number): number | null {
  let found: number | null = null;
  let least = NEAR;
  data.lines.forEach((line, index) => {
    const at = pointAt(line.curve, x);
    const far = at < 0 ? NaN : Math.abs(plot.valToPos(line.curve.last[at]!, "y") - top);
    if (far < least) {
      least = far;
      found = index;
    }
  });
  return found;
}
