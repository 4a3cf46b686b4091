/** Small marks: the state of a run, the colour of a run, the stage of a version, when something was. */

import type { RunStatus } from "../api/types";
import { formatAgo, formatTime } from "../lib/format";
import { colourVariable, isDashed } from "../lib/palette";
import { Icon, type IconName } from "./icons";
import { useNow } from "./feedback";

const STATES: Record<string, { word: string; tone: string; icon: IconName }> = {
  RUNNING: { word: "Running", tone: "info", icon: "play" },
  SCHEDULED: { word: "Scheduled", tone: "info", icon: "dots" },
  FINISHED: { word: "Finished", tone: "ok", icon: "check" },
  FAILED: { word: "Failed", tone: "err", icon: "cross" },
  KILLED: { word: "Killed", tone: "warn", icon: "stop" },
};

export function State({ status, icon = false }: { status: RunStatus | string; icon?: boolean }) {
  const state = STATES[status] ?? { word: status, tone: "", icon: "dots" as const };
  return (
    <span className={`state ${state.tone}`}>
      {icon && <Icon name={state.icon} size={14} />}
      {state.word}
    </span>
  );
}

export function Stroke({ slot }: { slot: number }) {
  if (slot < 0) return <span className="stroke" aria-hidden="true" />;
  const className = isDashed(slot) ? "stroke dashed" : "stroke";
  return <span className={className} style={{ borderTopColor: `var(${colourVariable(slot)})` }} aria-hidden="true" />;
}

export function Ago({ time }: { time: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(time).toISOString()} title={formatTime(time)}>
      {formatAgo(time, now)}
    </time>
  );
}

export function Stage({ stage }: { stage: string }) {
  if (!stage || stage === "None") return <span className="muted">None</span>;
  const tone = stage === "Production" ? "ok" : stage === "Staging" ? "info" : "";
  return <span className={`state ${tone}`}>{stage}</span>;
}
