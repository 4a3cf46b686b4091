/** A grid of charts, one for each metric. A chart asks for its points when it comes into sight, with its neighbours. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { sampleQuery } from "../api/queries";
import { direction } from "../lib/columns";
import { formatDuration, formatNumber, formatTime, toFloat } from "../lib/format";
import { chartColumns, type Columns, extreme, type Line, summarise } from "../lib/series";
import type { XAxis } from "../lib/viewstate";
import { Chart } from "./chart";
import { Boundary, Failure } from "./feedback";
import { Stroke } from "./marks";

export interface DrawnRun {
  runId: string;
  name: string;
  slot: number;
  live: boolean;
}

interface Drawing {
  x: XAxis;
  smooth: number;
  log: boolean;
}

const BATCH = 4;

/** Metrics of one prefix stand together under it where `grouped`. */
export function Charts({ keys, runs, drawing, grouped }: { keys: readonly string[]; runs: readonly DrawnRun[]; drawing: Drawing; grouped?: boolean }) {
  const sections = useMemo(() => (grouped ? byPrefix(keys) : [{ name: "", keys: [...keys] }]), [keys, grouped]);
  return (
    <div className="charts">
      {sections.map((section) => (
        <section key={section.name} aria-label={section.name || "Charts"}>
          {sections.length > 1 && <h2 className="section-title">{section.name}</h2>}
          <div className="chart-grid">
            {section.keys.map((key, index) => {
              const start = index - (index % BATCH);
              return (
                <Boundary key={key} what={`The chart of ${key} could not be drawn.`}>
                  <ChartCard metric={key} level={sections.length > 1 ? "h3" : "h2"} batch={section.keys.slice(start, start + BATCH)} runs={runs} drawing={drawing} />
                </Boundary>
              );
            })}
          </div>
        </section>
      ))}
    </div>
  );
}

interface CardProps {
  metric: string;
  level: "h2" | "h3";
  batch: readonly string[];
  runs: readonly DrawnRun[];
  drawing: Drawing;
}

function ChartCard({ metric, level: Heading, batch, runs, drawing }: CardProps) {
  const card = useRef<HTMLElement>(null);
  const inSight = useInSight(card);
  const live = runs.some((run) => run.live);
  const ids = useMemo(() => runs.map((run) => run.runId), [runs]);
  const sample = useQuery({ ...sampleQuery(ids, batch, live), enabled: inSight && ids.length > 0 });
  const lines = useMemo(() => linesOf(metric, runs, sample.data ?? []), [metric, runs, sample.data]);
  const [at, setAt] = useState<{ index: number; left: number } | null>(null);
  const [hovered, setHovered] = useState(false);
  const { x, smooth, log } = drawing;
  const data = useMemo(() => chartColumns(lines, x, smooth, log), [lines, x, smooth, log]);
  const slots = useMemo(() => lines.map((line) => line.slot), [lines]);
  const single = lines.length > 0 && lines.every((line) => line.series.total <= 1);

  return (
    <article
      ref={card}
      className="card chart-card"
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <header>
        <Heading className="ellipsis" title={metric}>
          {metric}
        </Heading>
        <span className="muted small ellipsis">{single ? "" : headline(metric, lines, data, at, x)}</span>
      </header>
      {sample.isError ? (
        <Failure what="The points could not be read." error={sample.error} retry={() => void sample.refetch()} />
      ) : lines.length === 0 ? (
        <div className="plot">{!sample.isPending && <p className="muted no-points">No points yet.</p>}</div>
      ) : single ? (
        <Bars metric={metric} lines={lines} />
      ) : (
        <Chart
          data={data}
          slots={slots}
          x={x}
          log={log}
          group={`cursor-${x}`}
          summary={summarise(metric, lines, direction(metric))}
          onCursor={setAt}
        />
      )}
      {hovered && at && !single && <Tip lines={lines} data={data} at={at} x={x} />}
    </article>
  );
}

/** One value for each run: bars tell more than a line of one point. */
function Bars({ metric, lines }: { metric: string; lines: readonly Line[] }) {
  const way = direction(metric);
  const bars = lines.map((line) => ({ line, value: toFloat(line.series.last[0]) }));
  if (bars.length === 1) return <p className="figure">{formatNumber(bars[0]!.value)}</p>;
  bars.sort((a, b) => (way < 0 ? a.value - b.value : b.value - a.value));
  const largest = Math.max(...bars.map((bar) => (Number.isFinite(bar.value) ? Math.abs(bar.value) : 0))) || 1;
  return (
    <ul className="bars">
      {bars.map(({ line, value }) => (
        <li key={line.runId}>
          <span className="ellipsis small" title={line.name}>
            {line.name}
          </span>
          <span className="bar-track">
            <span
              className="bar-fill"
              style={{
                width: `${Number.isFinite(value) ? (Math.abs(value) / largest) * 100 : 0}%`,
                background: `var(--run-${line.slot % 10})`,
              }}
            />
          </span>
          <span className="num small" title={String(value)}>
            {formatNumber(value)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Tip({ lines, data, at, x }: { lines: readonly Line[]; data: Columns; at: { index: number; left: number }; x: XAxis }) {
  const values = lines.map((line, index) => ({ line, value: valueAt(data, index + 1, at.index) }));
  const known = values.filter((item) => item.value !== null).sort((a, b) => b.value! - a.value!);
  if (known.length === 0) return null;
  const style = at.left < 140 ? { left: at.left + 76 } : { right: `calc(100% - ${at.left + 40}px)` };
  return (
    <div className="tip" style={style} aria-hidden="true">
      <div className="muted">{place(data[0][at.index], x)}</div>
      {known.slice(0, 10).map(({ line, value }) => (
        <div key={line.runId} className="tip-line">
          <Stroke slot={line.slot} />
          <span className="ellipsis">{line.name}</span>
          <span className="num">{formatNumber(value!)}</span>
        </div>
      ))}
      {known.length > 10 && <div className="muted">and {known.length - 10} more</div>}
    </div>
  );
}

function headline(metric: string, lines: readonly Line[], data: Columns, at: { index: number } | null, x: XAxis): string {
  if (lines.length === 0) return "";
  const way = direction(metric);
  const word = way < 0 ? "min" : "max";
  if (at) {
    const values = lines.map((_, index) => valueAt(data, index + 1, at.index)).filter((value) => value !== null);
    if (values.length === 0) return place(data[0][at.index], x);
    const end = way < 0 ? Math.min(...values) : Math.max(...values);
    return `${place(data[0][at.index], x)} · ${word} ${formatNumber(end)}`;
  }
  const ends = lines.map((line) => extreme(line.series, way)).filter((end) => !Number.isNaN(end.value));
  if (ends.length === 0) return "";
  const best = ends.reduce((a, b) => ((way < 0 ? b.value < a.value : b.value > a.value) ? b : a));
  return `step ${best.step} · ${word} ${formatNumber(best.value)}`;
}

function place(value: number | undefined, x: XAxis): string {
  if (value === undefined) return "";
  if (x === "step") return `step ${value}`;
  return x === "time" ? formatTime(value * 1000) : formatDuration(value * 1000);
}

/** The value of a line at an index, or the last one before it. */
function valueAt(data: Columns, column: number, index: number): number | null {
  const values = data[column] as (number | null | undefined)[] | undefined;
  for (let at = index; at >= 0; at--) {
    const value = values?.[at];
    if (value !== undefined) return value;
  }
  return null;
}

function linesOf(metric: string, runs: readonly DrawnRun[], series: readonly Line["series"][]): Line[] {
  return runs.flatMap((run) => {
    const found = series.find((item) => item.run_id === run.runId && item.key === metric);
    return found ? [{ runId: run.runId, name: run.name, slot: run.slot, series: found }] : [];
  });
}

function byPrefix(keys: readonly string[]): { name: string; keys: string[] }[] {
  const sections = new Map<string, string[]>();
  for (const key of keys) {
    const cut = key.indexOf("/");
    const name = cut > 0 ? key.slice(0, cut) : "Metrics";
    sections.set(name, [...(sections.get(name) ?? []), key]);
  }
  const found = [...sections].map(([name, members]) => ({ name, keys: members }));
  return found.sort((a, b) => Number(a.name === "system") - Number(b.name === "system"));
}

function useInSight(element: { current: HTMLElement | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const watcher = new IntersectionObserver((entries) => setSeen(entries.some((entry) => entry.isIntersecting)), {
      rootMargin: "200px",
    });
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, [element]);
  return seen;
}
