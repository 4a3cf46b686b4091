/** One chart of lines on a canvas, drawn by uPlot; it redraws only what changed. */

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { formatDuration, formatNumber, formatTicks } from "../lib/format";
import { colourVariable, isDashed } from "../lib/palette";
import type { Columns } from "../lib/series";
import { useTheme } from "../lib/theme";
import type { XAxis } from "../lib/viewstate";

export const CHART_HEIGHT = 220;

interface Props {
  data: Columns;
  slots: readonly number[];
  x: XAxis;
  log: boolean;
  /** Charts of one group share their cursor. */
  group: string;
  summary: string;
  /** The index below the cursor and its distance from the left, or null when it left. */
  onCursor: (at: { index: number; left: number } | null) => void;
}

export function Chart({ data, slots, x, log, group, summary, onCursor }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ data, onCursor });
  const { shown: theme } = useTheme();
  const shape = slots.join();

  useEffect(() => {
    latest.current = { data, onCursor };
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const report = (self: uPlot) => {
      const { idx, left } = self.cursor;
      latest.current.onCursor(idx == null || left === undefined || left < 0 ? null : { index: idx, left });
    };
    const drawn = shape === "" ? [] : shape.split(",").map(Number);
    const options = { ...look(element, drawn, x, log), cursor: cursorOf(group), hooks: { setCursor: [report] } };
    const made = new uPlot(options, latest.current.data as uPlot.AlignedData, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: CHART_HEIGHT });
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, x, log, group, theme]);

  useEffect(() => {
    if (plot.current && plot.current.data !== (data as uPlot.AlignedData)) {
      plot.current.setData(data as uPlot.AlignedData);
    }
  }, [data]);

  return <div ref={box} className="plot" role="img" aria-label={summary} />;
}

function cursorOf(group: string): uPlot.Cursor {
  return {
    sync: { key: group, scales: ["x", null] },
    points: { size: 7, width: 1.5 },
    drag: { x: true, y: false, setScale: true },
    y: false,
  };
}

function look(element: HTMLElement, slots: readonly number[], x: XAxis, log: boolean): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: colour("--text3"), font, ticks: { show: false } };
  return {
    width: Math.max(80, element.clientWidth),
    height: CHART_HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: { x: { time: x === "time" }, y: { distr: log ? 3 : 1 } },
    axes: [
      { ...axis, size: 24, gap: 4, grid: { show: false }, ...(x === "time" ? {} : { values: xTicks(x) }) },
      {
        ...axis,
        size: 44,
        gap: 4,
        grid: { stroke: colour("--border"), width: 1 },
        values: (_: uPlot, ticks: number[]) =>
          log ? ticks.map((tick) => (tick == null ? "" : formatNumber(Number(tick.toPrecision(2))))) : formatTicks(ticks),
      },
    ],
    series: [
      {},
      ...slots.map((slot) => ({
        stroke: colour(colourVariable(slot)),
        width: 1.75,
        points: { show: pointsFor, size: 5, fill: colour(colourVariable(slot)) },
        ...(isDashed(slot) ? { dash: [6, 4] } : {}),
      })),
    ],
  };
}

/** A line of one point would not be seen without its marker. */
function pointsFor(self: uPlot, series: number): boolean {
  let seen = 0;
  for (const value of self.data[series] ?? []) if (value != null && ++seen > 1) return false;
  return seen === 1;
}

function xTicks(x: XAxis) {
  return (_: uPlot, ticks: number[]) =>
    x === "relative" ? ticks.map((tick) => (tick === 0 ? "0" : formatDuration(tick * 1000))) : formatTicks(ticks);
}
