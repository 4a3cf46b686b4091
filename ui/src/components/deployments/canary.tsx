/** A canary: how far it has come, what it is judged by, and what can be done meanwhile; afterwards how it ended. */

import type { LiveCanary, Deployment } from "../../api/deployments";
import { checkText, checkValue, shareText, shortText } from "../../lib/deployments";
import { formatDuration } from "../../lib/format";
import { Card } from "../card";
import { useNow } from "../feedback";
import { Icon, type IconName } from "../icons";
import { Ago } from "../marks";
import type { Asked } from "./dialogs";
import type { Traffic } from "./uselive";

const STATES: Record<string, { word: string; tone: string; icon: IconName }> = {
  RUNNING: { word: "Running", tone: "info", icon: "play" },
  HELD: { word: "Held", tone: "warn", icon: "pause" },
  PROMOTED: { word: "Promoted", tone: "ok", icon: "check" },
  ROLLED_BACK: { word: "Rolled back", tone: "err", icon: "cross" },
};

type Step = "done" | "now" | "next" | "failed";
const SAID: Record<Step, string> = { done: "done", now: "now", next: "to come", failed: "rolled back here" };

interface Props {
  item: Deployment;
  traffic: Traffic;
  ask: (what: Asked) => void;
}

export function CanaryCard({ item, traffic, ask }: Props) {
  const { live, heard } = traffic;
  const canary = live?.canary ?? planned(item);
  if (!canary) return null;
  const moving = canary.state === "RUNNING" || canary.state === "HELD";
  const { word, tone, icon } = STATES[canary.state] ?? { word: canary.state.toLowerCase(), tone: "", icon: "dots" as const };
  return (
    <Card
      title={item.candidate && moving ? `Canary of ${shortText(item.candidate)}` : "Canary"}
      actions={
        <span className={`state ${tone}`}>
          <Icon name={icon} size={14} />
          {word}
        </span>
      }
    >
      <div className="canary">
        <div className="canary-progress">
          {canary.steps.length > 0 && (
            <ol className="canary-steps" aria-label="Steps of the canary">
              {canary.steps.map((step, index) => {
                const state = stepState(canary, index);
                return (
                  <li key={step} data-state={state} aria-current={state === "now" ? "step" : undefined}>
                    <span className="canary-dot">
                      {state === "done" && <Icon name="check" size={14} />}
                      {state === "failed" && <Icon name="cross" size={14} />}
                    </span>
                    <span>{shareText(step)}</span>
                    <span className="hidden-text">, {SAID[state]}</span>
                  </li>
                );
              })}
            </ol>
          )}
          <p className="muted" role="status">
            <Standing canary={canary} skew={live ? heard - live.time : 0} />
          </p>
          {canary.reason && <p className={canary.state === "ROLLED_BACK" ? "state err wraps" : "wraps"}>{canary.reason}</p>}
          {moving && item.managed && (
            <div className="buttons">
              {canary.state === "RUNNING" && (
                <button type="button" className="button" onClick={() => ask({ what: "promote", way: "weight", weight: canary.weight })}>
                  Hold here…
                </button>
              )}
              {canary.state === "HELD" && (
                <button type="button" className="button" onClick={() => ask({ what: "promote", way: "canary" })}>
                  Go on…
                </button>
              )}
              <button type="button" className="button" onClick={() => ask({ what: "promote", way: "all" })}>
                Promote now…
              </button>
              <button type="button" className="button danger" onClick={() => ask({ what: "rollback" })}>
                Roll back…
              </button>
            </div>
          )}
        </div>
        {canary.checks.length > 0 && <Checks canary={canary} item={item} />}
      </div>
    </Card>
  );
}

/** What was asked for, while nobody says how far it has come. */
function planned({ state, canary, weight, updated }: Deployment): LiveCanary | null {
  if (state !== "CANARY" || !canary) return null;
  const step = Math.max(0, canary.steps.findIndex((each) => each >= weight));
  return { state: "RUNNING", steps: canary.steps, step, weight, started: updated, step_since: updated, next: 0, reason: "", checks: [] };
}

function stepState({ state, step }: LiveCanary, index: number): Step {
  if (state === "PROMOTED" || index < step) return "done";
  if (index > step) return "next";
  return state === "ROLLED_BACK" ? "failed" : "now";
}

/** One sentence; `skew` is how far this browser's clock is before the server's, in ms. */
function Standing({ canary, skew }: { canary: LiveCanary; skew: number }) {
  const now = useNow(1000);
  const begun = <Ago time={canary.started + skew} />;
  switch (canary.state) {
    case "RUNNING": {
      const left = canary.next === 0 ? null : canary.next + skew - now;
      return (
        <>
          {shareText(canary.weight)} of the traffic
          {left === null ? "" : left > 0 ? `; judged in ${formatDuration(left)} at the earliest` : "; to be judged as soon as enough was asked"}. Begun {begun}.
        </>
      );
    }
    case "HELD":
      return (
        <>
          {shareText(canary.weight)} of the traffic, until somebody decides. Begun {begun}.
        </>
      );
    case "PROMOTED":
      return <>All of the traffic went over. Begun {begun}.</>;
    case "ROLLED_BACK":
      return <>The traffic went back. Begun {begun}.</>;
    default:
      return <>Begun {begun}.</>;
  }
}

function Checks({ canary, item }: { canary: LiveCanary; item: Deployment }) {
  const limited = canary.checks.some((check) => check.limit !== null);
  const running = canary.state === "RUNNING" || canary.state === "HELD";
  return (
    <div className="canary-checks">
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">Judged by</th>
            <th scope="col" className="num">
              {running ? shortText(item.current) : "Current"}
            </th>
            <th scope="col" className="num">
              {running && item.candidate ? shortText(item.candidate) : "Candidate"}
            </th>
            {limited && (
              <th scope="col" className="num">
                Limit
              </th>
            )}
            <th scope="col">
              <span className="hidden-text">Result</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {canary.checks.map(({ name, current, candidate, limit, passed }) => (
            <tr key={name}>
              <th scope="row">{checkText(name)}</th>
              <td className="num">{checkValue(name, current)}</td>
              <td className="num">{checkValue(name, candidate)}</td>
              {limited && <td className="num">{checkValue(name, limit)}</td>}
              <td>
                {candidate === null ? (
                  <span className="muted">{running ? "waits" : "not known"}</span>
                ) : (
                  <span className={passed ? "state ok" : "state err"}>{passed ? "good" : "too much"}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
