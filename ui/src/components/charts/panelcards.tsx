/** The charts that somebody added, above those of the metrics. */

import { lazy, Suspense, useMemo, useRef, useState } from "react";
import type { RunTable } from "../../lib/analysis";
import { type Panel, numbersOf, PANEL_FORMS, panelTitle, partsOf, withOption } from "../../lib/panels";
import { Boundary } from "../feedback";
import { type CardAction, CardMenu } from "./cardmenu";
import { FullScreen } from "./fullscreen";
import { HEIGHTS, LineCard, type Moving, PlotSkeleton, Room } from "./linecard";
import { savePicture, saveRows } from "./save";
import { gridStyle, movingOf } from "./sections";
import { useInSight, useShared } from "./state";

const Analysis = lazy(() => import("./analysis"));
const AddPanel = lazy(() => import("./addpanel"));

export function PanelCards({ keys }: { keys: readonly string[] }) {
  const { view, change, experimentIds } = useShared();
  const [edited, setEdited] = useState<number | null>(null);
  const { panels } = view;
  // Panels about many runs mean nothing on the page of one.
  const shown = panels.map((panel, index) => ({ panel, index })).filter(({ panel }) => experimentIds.length > 0 || panel.kind === "lines");
  if (shown.length === 0) return null;
  const put = (index: number, panel: Panel) => change({ panels: panels.map((other, at) => (at === index ? panel : other)) });
  const move = (from: number, to: number) => {
    const next = [...panels];
    const [panel] = next.splice(from, 1);
    if (panel && to >= 0 && to < panels.length) {
      next.splice(to, 0, panel);
      change({ panels: next });
    }
  };
  return (
    <section className="chart-section" aria-label="Added charts">
      <h2 className="section-title">Added charts</h2>
      <div className="chart-grid" style={gridStyle(view)}>
        {shown.map(({ panel, index }) => {
          const extra: CardAction[] = [
            ...scaleActions(panel, (next) => put(index, next)),
            { label: "Edit", run: () => setEdited(index) },
            { label: "Remove", run: () => change({ panels: panels.filter((_, at) => at !== index) }) },
          ];
          const moving = movingOf(
            `panel ${index}`,
            [
              { label: "Move back by one", run: () => move(index, index - 1), disabled: index === 0 },
              { label: "Move on by one", run: () => move(index, index + 1), disabled: index === panels.length - 1 },
            ],
            (key) => {
              const from = /^panel (\d+)$/.exec(key)?.[1];
              if (from !== undefined) move(Number(from), index);
            },
          );
          return (
            <Boundary key={`${index} ${panel.kind} ${panel.fields.join()}`} what={`${PANEL_FORMS[panel.kind].title}: this chart could not be drawn.`}>
              {panel.kind === "lines" ? (
                <LinesPanel panel={panel} moving={moving} extra={extra} />
              ) : (
                <PanelCard panel={panel} moving={moving} extra={extra} onPanel={(next) => put(index, next)} />
              )}
            </Boundary>
          );
        })}
      </div>
      {edited !== null && panels[edited] && (
        <Suspense fallback={null}>
          <AddPanel
            kind={panels[edited].kind}
            panel={panels[edited]}
            keys={keys}
            close={() => setEdited(null)}
            onDone={(panel) => {
              setEdited(null);
              put(edited, panel);
            }}
          />
        </Suspense>
      )}
    </section>
  );
}

function LinesPanel({ panel, moving, extra }: { panel: Panel; moving: Moving; extra: readonly CardAction[] }) {
  const metrics = useMemo(() => panel.fields.map((field) => partsOf(field)?.key ?? field), [panel.fields]);
  return <LineCard title={panelTitle(panel)} metrics={metrics} level="h3" moving={moving} extra={extra} />;
}

interface PanelCardProps {
  panel: Panel;
  moving: Moving;
  extra: readonly CardAction[];
  onPanel: (panel: Panel) => void;
}

function PanelCard({ panel, moving, extra, onPanel }: PanelCardProps) {
  const card = useRef<HTMLElement>(null);
  const inSight = useInSight(card);
  const { view } = useShared();
  const [asTable, setTable] = useState(false);
  const [full, setFull] = useState(false);
  const title = panelTitle(panel);
  const height = HEIGHTS[view.size] + 60;
  const save = (table: RunTable) => saveTable(title, table);
  const body = (room: number, enabled: boolean) => (
    <Suspense fallback={<PlotSkeleton height={room} />}>
      <Analysis {...{ panel, asTable, enabled, onPanel }} height={room} onTable={save} />
    </Suspense>
  );
  const canvas = panel.kind !== "bars" && panel.kind !== "importance";
  const actions: (CardAction | null)[] = [
    { label: "Full screen", run: () => setFull(true) },
    ...(panel.kind === "importance" ? [] : [{ label: asTable ? "View as chart" : "View as table", run: () => setTable(!asTable) }]),
    ...(canvas ? [{ label: "Save as PNG", run: () => card.current && savePicture(card.current, title), disabled: asTable }] : []),
    null,
    ...moving.actions,
    null,
    ...extra,
  ];
  return (
    <article
      ref={card}
      className={panel.kind === "parallel" ? "card chart-card wide-card" : "card chart-card"}
      aria-label={title}
      data-kind={panel.kind}
      onDragOver={moving.onDragOver}
      onDrop={moving.onDrop}
    >
      <header draggable onDragStart={moving.onDragStart}>
        <h3 className="ellipsis" title={title}>
          {title}
        </h3>
        <CardMenu title={title} actions={actions} />
      </header>
      <Room height={height}>{inSight && !full && body(height, inSight)}</Room>
      {full && (
        <FullScreen title={title} close={() => setFull(false)}>
          {(room) => body(room, true)}
        </FullScreen>
      )}
    </article>
  );
}

/** Turns the scale of an axis to what it would not be by itself. */
function scaleActions(panel: Panel, onPanel: (panel: Panel) => void): CardAction[] {
  if (panel.kind === "history") {
    const next = panel.options.way === "max" ? "min" : panel.options.way === "min" ? "max" : null;
    return (next === null ? (["min", "max"] as const) : [next]).map((way) => ({
      label: way === "min" ? "Least is best" : "Most is best",
      run: () => onPanel(withOption(panel, "way", way)),
    }));
  }
  if (panel.kind !== "scatter" && panel.kind !== "contour") return [];
  const turned = numbersOf(panel, "log");
  return ["Other scale across", "Other scale up"].map((label, axis) => ({
    label,
    run: () => {
      const next = new Set(turned);
      if (!next.delete(axis)) next.add(axis);
      onPanel(withOption(panel, "log", next));
    },
  }));
}

function saveTable(title: string, table: RunTable): void {
  const rows = table.runIds.map((id, row) => [id, table.names[row]!, ...table.columns.map((column) => column.cells[row] ?? null)]);
  saveRows(title, [["run_id", "run", ...table.columns.map((column) => column.title)], ...rows]);
}
