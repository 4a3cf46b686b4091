/** A chart of lines in a card: its head, the plot or what stands in its place, and what can be done with it. */

import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { type ChartData, summarise } from "../../lib/chartdata";
import { direction } from "../../lib/columns";
import { Failure } from "../feedback";
import { CardMenu, type CardAction } from "./cardmenu";
import { FullScreen } from "./fullscreen";
import { type CursorAt, Plot } from "./plot";
import { saveDrawing, savePicture, savePoints } from "./save";
import { SingleValues } from "./singles";
import { Cell, useInSight, useShared } from "./state";
import { Headline, Tip } from "./tip";
import { type ReadLines, useLines } from "./uselines";
import { LinesTable } from "./linestable";

export const HEIGHTS = { s: 150, m: 220, l: 340 } as const;

export interface Moving {
  readonly key: string;
  readonly onDragStart: (event: DragEvent) => void;
  readonly onDragOver: (event: DragEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
  readonly actions: readonly CardAction[];
}

interface Props {
  title: string;
  metrics: readonly string[];
  level: "h2" | "h3";
  moving?: Moving;
  /** What else its menu offers. */
  extra?: readonly CardAction[];
}

export function LineCard({ title, metrics, level: Heading, moving, extra = [] }: Props) {
  const card = useRef<HTMLElement>(null);
  const inSight = useInSight(card);
  const { view, points } = useShared();
  const [cursor] = useState(() => new Cell<CursorAt | null>(null));
  const [asTable, setTable] = useState(false);
  const [full, setFull] = useState(false);
  const read = useLines(metrics, inSight, points);
  const height = HEIGHTS[view.size];
  const { data } = read;
  const drawn = inSight && data.lines.length > 0 && !isSingle(data);

  const actions: (CardAction | null)[] = [
    { label: "Full screen", run: () => setFull(true) },
    { label: asTable ? "View as chart" : "View as table", run: () => setTable(!asTable) },
    null,
    { label: "Save as PNG", run: () => card.current && savePicture(card.current, title, data.lines), disabled: !drawn || asTable },
    { label: "Save as SVG", run: () => card.current && saveDrawing(card.current, title, data, view), disabled: data.lines.length === 0 },
    { label: "Save as CSV", run: () => savePoints(title, data, view), disabled: data.lines.length === 0 },
    ...(moving ? [null, ...moving.actions] : []),
    ...(extra.length > 0 ? [null, ...extra] : []),
  ];
  return (
    <article
      ref={card}
      className="card chart-card"
      aria-label={title}
      data-key={moving?.key}
      onDragOver={moving?.onDragOver}
      onDrop={moving?.onDrop}
    >
      <header draggable={moving !== undefined} onDragStart={moving?.onDragStart}>
        <Heading className="ellipsis" title={title}>
          {title}
        </Heading>
        {drawn && metrics.length === 1 && <Headline metric={metrics[0]!} data={data} view={view} cursor={cursor} />}
        <CardMenu title={title} actions={actions} />
      </header>
      <LineBody {...{ title, metrics, read, height, cursor, asTable, shown: inSight, full: false }} />
      {full && (
        <FullScreen title={title} close={() => setFull(false)}>
          {(room) => <LargeBody title={title} metrics={metrics} height={room} asTable={asTable} />}
        </FullScreen>
      )}
    </article>
  );
}

/** The chart over the whole window, read as fine as that is wide. */
function LargeBody({ title, metrics, height, asTable }: { title: string; metrics: readonly string[]; height: number; asTable: boolean }) {
  const [cursor] = useState(() => new Cell<CursorAt | null>(null));
  const read = useLines(metrics, true, 1600);
  return <LineBody {...{ title, metrics, read, height, cursor, asTable, shown: true, full: true }} />;
}

interface BodyProps {
  title: string;
  metrics: readonly string[];
  read: ReadLines;
  height: number;
  cursor: Cell<CursorAt | null>;
  asTable: boolean;
  shown: boolean;
  full: boolean;
}

function LineBody({ title, metrics, read, height, cursor, asTable, shown, full }: BodyProps) {
  const { view, hover, onHover, zoom, name } = useShared();
  const { data, pending, error, retry } = read;
  const way = metrics.length === 1 ? direction(metrics[0]!) : 0;
  if (error && data.lines.length === 0) {
    return (
      <Room height={height}>
        <Failure what="The points could not be read." error={error} retry={retry} />
      </Room>
    );
  }
  if (!shown) return <Room height={height} />;
  if (pending) return <PlotSkeleton height={height} />;
  if (data.lines.length === 0) {
    return (
      <Room height={height}>
        <p className="muted no-points">{view.zoom ? "No points in this range." : "No points yet."}</p>
      </Room>
    );
  }
  if (asTable) return <LinesTable data={data} view={view} height={height} title={title} />;
  if (isSingle(data)) return <SingleValues data={data} way={way} height={height} />;
  return (
    <>
      <Plot
        data={data}
        view={view}
        height={height}
        group={`${name} ${view.x} ${view.xKey}`}
        summary={summarise(title, data.lines, way, view)}
        labels={data.lines.length <= 8 && (full || view.size === "l")}
        hover={hover}
        cursor={cursor}
        onZoom={zoom}
        onNear={onHover}
      />
      <Tip data={data} view={view} cursor={cursor} />
    </>
  );
}

/** As much room as the plot takes, so that nothing moves when it comes. */
export function Room({ height, children }: { height: number; children?: ReactNode }) {
  return (
    <div className="plot-room" style={{ minHeight: height }}>
      {children}
    </div>
  );
}

/** The lines of a plot's grid, before its values are known. */
export function PlotSkeleton({ height }: { height: number }) {
  return (
    <div className="plot-skeleton" style={{ height }} aria-busy="true" aria-label="Loading" role="img">
      {[0, 1, 2, 3].map((line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/** Whether no line has more than one point: bars tell more. */
function isSingle(data: ChartData): boolean {
  return data.lines.every((line) => line.raw.x.length <= 1 && (line.grouped || line.total <= 1));
}

