/** The charts of many metrics: in sections that fold, as cards that can be put into another order. */

import { type CSSProperties, type DragEvent, useMemo, useState } from "react";
import { type ChartSection, moveKey, OPEN, openSections } from "../../lib/chartkeys";
import type { ChartView } from "../../lib/chartstate";
import { Boundary } from "../feedback";
import { Icon } from "../icons";
import type { CardAction } from "./cardmenu";
import { LineCard, type Moving } from "./linecard";
import { useShared } from "./state";

const CARRIED = "application/x-treering-chart";

export function Sections({ sections }: { sections: readonly ChartSection[] }) {
  const { view, change } = useShared();
  const open = useMemo(() => openSections(sections, view.turned), [sections, view.turned]);
  const turn = (name: string) => {
    const turned = view.turned.includes(name) ? view.turned.filter((other) => other !== name) : [...view.turned, name];
    change({ turned });
  };
  const alone = sections.length === 1 && sections[0]!.keys.length <= OPEN;
  return sections.map((section) => (
    <section key={section.name} className="chart-section" aria-label={section.name || "Charts"}>
      {!alone && (
        <h2 className="section-title">
          <button type="button" aria-expanded={open.has(section.name)} onClick={() => turn(section.name)}>
            <Icon name={open.has(section.name) ? "down" : "right"} size={14} />
            {section.name}
            <span className="muted">{section.keys.length.toLocaleString("en")}</span>
          </button>
        </h2>
      )}
      {(alone || open.has(section.name)) && <Cards keys={section.keys} level={alone ? "h2" : "h3"} />}
    </section>
  ));
}

function Cards({ keys, level }: { keys: readonly string[]; level: "h2" | "h3" }) {
  const { view, change } = useShared();
  const [most, setMost] = useState(OPEN);
  const move = (key: string, target: string | undefined) => {
    if (target !== undefined) change({ order: moveKey(keys, key, target, view.order) });
  };
  return (
    <>
      <div className="chart-grid" style={gridStyle(view)}>
        {keys.slice(0, most).map((key, index) => (
          <Boundary key={key} what={`The chart of ${key} could not be drawn.`}>
            <MetricCard metric={key} level={level} before={keys[index - 1]} after={keys[index + 1]} first={keys[0]!} move={move} />
          </Boundary>
        ))}
      </div>
      {keys.length > most && (
        <button type="button" className="button more-charts" onClick={() => setMost(most + OPEN)}>
          Show {Math.min(OPEN, keys.length - most)} more of {(keys.length - most).toLocaleString("en")}
        </button>
      )}
    </>
  );
}

interface MetricCardProps {
  metric: string;
  level: "h2" | "h3";
  before: string | undefined;
  after: string | undefined;
  first: string;
  move: (key: string, target: string | undefined) => void;
}

function MetricCard({ metric, level, before, after, first, move }: MetricCardProps) {
  const metrics = useMemo(() => [metric], [metric]);
  const moving = movingOf(metric, [
    { label: "Move to the front", run: () => move(metric, first), disabled: before === undefined },
    { label: "Move back by one", run: () => move(metric, before), disabled: before === undefined },
    { label: "Move on by one", run: () => move(metric, after), disabled: after === undefined },
  ], (key) => move(key, metric));
  return <LineCard title={metric} metrics={metrics} level={level} moving={moving} />;
}

/** A card that can be dragged to the place of another. */
export function movingOf(key: string, actions: readonly CardAction[], onDropped: (key: string) => void): Moving {
  const carries = (event: DragEvent) => event.dataTransfer.types.includes(CARRIED);
  return {
    key,
    actions,
    onDragStart: (event) => {
      event.dataTransfer.setData(CARRIED, key);
      event.dataTransfer.effectAllowed = "move";
    },
    onDragOver: (event) => {
      if (carries(event)) event.preventDefault();
    },
    onDrop: (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      onDropped(event.dataTransfer.getData(CARRIED));
    },
  };
}

const WIDTHS = { s: 220, m: 300, l: 460 } as const;

export function gridStyle(view: Pick<ChartView, "size" | "across">): CSSProperties {
  return {
    gridTemplateColumns:
      view.across > 0
        ? `repeat(${view.across}, minmax(0, 1fr))`
        : `repeat(auto-fill, minmax(min(${WIDTHS[view.size]}px, 100%), 1fr))`,
  };
}
