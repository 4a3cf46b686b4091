/** Requests, latency and errors of each variant over the last minutes. */

import { useId, useMemo, useRef, useState } from "react";
import type { ChartData } from "../../lib/chartdata";
import { latencyText, partText, rateText } from "../../lib/deployments";
import { formatDuration } from "../../lib/format";
import { type Figure, latest, LIVE_VIEW, type Sample, trafficChart } from "../../lib/livetraffic";
import type { Range } from "../../lib/zoom";
import { CardMenu } from "../charts/cardmenu";
import { HEIGHTS, PlotSkeleton, Room } from "../charts/linecard";
import { LinesTable } from "../charts/linestable";
import { type CursorAt, Plot } from "../charts/plot";
import { savePicture, savePoints } from "../charts/save";
import { Cell } from "../charts/state";
import { Tip } from "../charts/tip";
import type { Traffic } from "./uselive";

const CHARTS: Record<Figure, { title: string; text: (value: number) => string; idle: string }> = {
  rate: { title: "Requests per second", text: rateText, idle: "Nothing was asked yet." },
  latency: { title: "95 % answered within, ms", text: (value) => latencyText(value / 1000), idle: "Nothing was answered yet." },
  errors: { title: "Errors, %", text: (value) => partText(value / 100), idle: "Nothing was asked yet." },
};
const FIGURES = Object.keys(CHARTS) as Figure[];
/** A line needs two points. */
const FEWEST = 2;

export function TrafficCharts({ traffic }: { traffic: Traffic }) {
  const group = useId();
  const [zoom, setZoom] = useState<Range | null>(null);
  const [hover] = useState(() => new Cell<string | null>(null));
  return (
    <div className="chart-grid">
      {FIGURES.map((what) => (
        <TrafficChart key={what} {...{ what, traffic, group, zoom, setZoom, hover }} />
      ))}
    </div>
  );
}

interface ChartProps {
  what: Figure;
  traffic: Traffic;
  group: string;
  zoom: Range | null;
  setZoom: (range: Range | null) => void;
  hover: Cell<string | null>;
}

function TrafficChart({ what, traffic, group, zoom, setZoom, hover }: ChartProps) {
  const { live, samples, slots } = traffic;
  const { title, idle } = CHARTS[what];
  const card = useRef<HTMLElement>(null);
  const [cursor] = useState(() => new Cell<CursorAt | null>(null));
  const [asTable, setTable] = useState(false);
  const data = useMemo(() => trafficChart(samples, what, slots, zoom), [samples, what, slots, zoom]);
  const drawn = data.lines.length > 0 && samples.length >= FEWEST;
  const view = { ...LIVE_VIEW, zoom };
  const height = HEIGHTS.m;
  return (
    <article ref={card} className="card chart-card" aria-label={title}>
      <header>
        <h2 className="ellipsis">{title}</h2>
        {drawn && <span className="muted small ellipsis">{nowText(data, samples, what)}</span>}
        <CardMenu
          title={title}
          actions={[
            { label: asTable ? "View as chart" : "View as table", run: () => setTable(!asTable), disabled: !drawn },
            { label: "Show all of the time", run: () => setZoom(null), disabled: zoom === null },
            null,
            { label: "Save as PNG", run: () => card.current && savePicture(card.current, title, data.lines), disabled: !drawn || asTable },
            { label: "Save as CSV", run: () => savePoints(title, data, view), disabled: !drawn },
          ]}
        />
      </header>
      {!live ? (
        <PlotSkeleton height={height} />
      ) : !drawn ? (
        <Room height={height}>
          <p className="muted no-points">{live.reachable && !counted(samples) ? "Looking…" : idle}</p>
        </Room>
      ) : asTable ? (
        <LinesTable data={data} view={view} height={height} title={title} />
      ) : (
        <>
          <Plot
            data={data}
            view={view}
            height={height}
            group={group}
            summary={summary(title, data, samples, what)}
            labels={false}
            hover={hover}
            cursor={cursor}
            onZoom={setZoom}
            onNear={hover.set}
          />
          <Tip data={data} view={view} cursor={cursor} />
        </>
      )}
    </article>
  );
}

/** Whether it is known how much was asked, be it nothing: counting takes a moment after a start. */
function counted(samples: readonly Sample[]): boolean {
  return samples.length >= FEWEST && samples.some(({ variants }) => Object.values(variants).some(({ rate }) => Number.isFinite(rate)));
}

/** The newest values: "v3 210 · v4 52". */
function nowText(data: ChartData, samples: readonly Sample[], what: Figure): string {
  const known = data.lines.map((line) => ({ name: line.name, value: latest(samples, line.id, what) })).filter(({ value }) => Number.isFinite(value));
  const { text } = CHARTS[what];
  if (data.lines.length === 1) return known.map(({ value }) => text(value)).join("");
  return known.map(({ name, value }) => `${name} ${text(value)}`).join(" · ");
}

function summary(title: string, data: ChartData, samples: readonly Sample[], what: Figure): string {
  const span = formatDuration((samples[samples.length - 1]!.time - samples[0]!.time) * 1000);
  const names = data.lines.map((line) => line.name).join(", ");
  const now = nowText(data, samples, what);
  return `${title} of ${names} over ${span}${now ? `; now ${now}` : ""}.`;
}
