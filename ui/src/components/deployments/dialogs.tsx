/** Windows that promote, roll back and remove, and say beforehand what then happens. */

import { useId, useState } from "react";
import { ApiError } from "../../api/client";
import {
  type Deployment,
  promoteCandidate,
  type Promotion,
  readDeployment,
  type Release,
  removeDeployment,
  rollBackDeployment,
  touchedWith,
} from "../../api/deployments";
import { releaseText, sameChoice, shareText, shortText, stepsIn, wayBack } from "../../lib/deployments";
import { useEdit } from "../../lib/edits";
import { formatDuration } from "../../lib/format";
import { Dialog } from "../dialog";
import { Buttons, ConfirmDialog, useSubmit, Wrong } from "../forms";
import { NameField } from "../whoami";

/**
 * Decides on what is shown. Whoever looks at a deployment may write down how it stands: where that alone has changed,
 * the decision is still about the same.
 */
async function decide(shown: Deployment, act: (revision: number) => Promise<Deployment>): Promise<Deployment> {
  try {
    return await act(shown.revision);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const now = await readDeployment(shown.name);
    if (!sameChoice(shown, now)) throw error;
    return act(now.revision);
  }
}

type Way = "all" | "canary" | "weight";

/** What somebody asked to do, with what the fields begin with. */
export type Asked = { what: "promote"; way: Way; weight?: number } | { what: "rollback" } | { what: "remove" };

interface Props {
  item: Deployment;
  asked: Asked;
  close: () => void;
  removed: () => void;
}

export function DeploymentDialog({ item, asked, close, removed }: Props) {
  const { current, candidate } = item;
  if (asked.what === "remove") return <RemoveDialog {...{ item, close, removed }} />;
  if (asked.what === "rollback") return <RollBackDialog {...{ item, close }} />;
  return candidate ? <PromoteDialog {...{ item, current, candidate, asked, close }} /> : null;
}

const STEPS = "5, 25, 50, 100";
const EVERY = 60;
const WAYS: readonly [Way, string][] = [
  ["canary", "In steps, and back by itself where it does worse"],
  ["weight", "A share that stays until somebody decides"],
  ["all", "All of the traffic at once"],
];

interface PromoteProps {
  item: Deployment;
  current: Release;
  candidate: Release;
  asked: { way: Way; weight?: number };
  close: () => void;
}

function PromoteDialog({ item, current, candidate, asked, close }: PromoteProps) {
  const [way, setWay] = useState(asked.way);
  const [steps, setSteps] = useState(item.canary?.steps.join(", ") ?? STEPS);
  const [every, setEvery] = useState(String(item.canary?.every ?? EVERY));
  const [share, setShare] = useState(String(asked.weight ?? (item.weight > 0 ? item.weight : 10)));
  const [reason, setReason] = useState("");
  const edit = useEdit();
  const [next, before] = [shortText(candidate), shortText(current)];
  const wish = wished(way, { steps, every, share });
  const { busy, wrong, submit } = useSubmit(
    () =>
      edit({
        said: SAID[way](next, item.name, wish?.weight ?? 0),
        act: () => decide(item, (revision) => promoteCandidate(item.name, { ...wish, reason: reason.trim(), revision })),
        touches: touchedWith(item.name),
      }),
    close,
  );
  const about = useId();
  const group = useId();
  return (
    <Dialog
      title={`Promote ${releaseText(candidate)}`}
      close={close}
      onSubmit={submit}
      actions={<Buttons button={BUTTONS[way]} busy={busy} idle={wish === null} close={close} />}
    >
      <fieldset className="choices">
        <legend>How it gets its traffic</legend>
        {WAYS.map(([key, label]) => (
          <label key={key} className="line">
            <input type="radio" name={group} checked={way === key} autoFocus={asked.way === key} onChange={() => setWay(key)} />
            {label}
          </label>
        ))}
      </fieldset>
      {way === "canary" && (
        <div className="line">
          <label className="grow">
            Steps, in per cent
            <input type="text" className="field" value={steps} aria-invalid={stepsIn(steps) ? undefined : true} onChange={(event) => setSteps(event.target.value)} />
          </label>
          <label className="grow">
            At least so long on each, in seconds
            <input type="number" className="field" min="1" step="any" value={every} onChange={(event) => setEvery(event.target.value)} />
          </label>
        </div>
      )}
      {way === "weight" && (
        <label>
          Share of {next}, in per cent
          <input type="number" className="field" min="0" max="100" step="any" value={share} onChange={(event) => setShare(event.target.value)} />
        </label>
      )}
      <p role="status">{consequence(way, wish, next, before)}</p>
      <NameField />
      <label>
        Why
        <textarea className="field area" rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

const BUTTONS: Record<Way, string> = { all: "Promote", canary: "Begin", weight: "Set the share" };
const SAID: Record<Way, (next: string, name: string, weight: number) => string> = {
  all: (next, name) => `${next} has all of the traffic of ${name}.`,
  canary: (next, name) => `${next} gets the traffic of ${name} in steps.`,
  weight: (next, name, weight) => `${next} has ${shareText(weight)} of the traffic of ${name}.`,
};

type Wish = Pick<Promotion, "canary" | "every" | "weight">;

/** What the fields ask for; null where they make no sense. */
function wished(way: Way, { steps, every, share }: { steps: string; every: string; share: string }): Wish | null {
  if (way === "all") return {};
  if (way === "canary") {
    const canary = stepsIn(steps);
    return canary && Number(every) > 0 ? { canary, every: Number(every) } : null;
  }
  const weight = Number(share);
  return share.trim() !== "" && weight >= 0 && weight <= 100 ? { weight } : null;
}

function consequence(way: Way, wish: Wish | null, next: string, before: string): string {
  if (wish === null) return way === "canary" ? "Steps rise from above 0 to at most 100, and take longer than no time." : "A share is between 0 and 100.";
  if (way === "all") return before ? `${next} takes the place of ${before}, which a rollback brings back.` : `${next} is served then.`;
  const rest = before || "what is served";
  if (way === "weight") return `${next} answers ${shareText(wish.weight!)} of the requests and ${rest} the others. A canary that runs is held.`;
  const [first, last] = [wish.canary![0]!, wish.canary!.at(-1)!];
  const long = formatDuration(wish.canary!.length * wish.every! * 1000).replace(/ 0 (s|min)$/, "");
  return `${next} begins with ${shareText(first)} of the requests and has ${shareText(last)} after ${long} or later. Where it fails more often or is slower than ${rest}, all traffic goes back by itself.`;
}

function RollBackDialog({ item, close }: { item: Deployment; close: () => void }) {
  const [reason, setReason] = useState("");
  const edit = useEdit();
  const way = wayBack(item);
  const { busy, wrong, submit } = useSubmit(
    () =>
      edit({
        said: way ? `Rolled ${item.name} back to ${shortText(way.to)}.` : `Rolled ${item.name} back.`,
        act: () => decide(item, (revision) => rollBackDeployment(item.name, reason.trim(), revision)),
        touches: touchedWith(item.name),
      }),
    close,
  );
  const about = useId();
  return (
    <Dialog
      title={`Roll ${item.name} back`}
      close={close}
      onSubmit={submit}
      actions={<Buttons button="Roll back" busy={busy} idle={way === null} danger close={close} />}
    >
      <p role="status">
        {way === null
          ? "There is no version before this one to go back to."
          : way.drops
            ? `${releaseText(way.from)} is dropped as the candidate: all of the traffic goes to ${releaseText(way.to)}.`
            : `All of the traffic goes from ${releaseText(way.from)} back to ${releaseText(way.to)}.`}
      </p>
      <NameField />
      <label>
        Why
        <textarea className="field area" rows={3} autoFocus value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

function RemoveDialog({ item, close, removed }: { item: Deployment; close: () => void; removed: () => void }) {
  const [reason, setReason] = useState("");
  const edit = useEdit();
  return (
    <ConfirmDialog
      title={`Remove ${item.name}?`}
      button="Remove"
      danger
      typed={item.name}
      close={close}
      act={async () => {
        await edit({ said: `Removed ${item.name}.`, act: () => removeDeployment(item.name, reason.trim()), touches: touchedWith(item.name) });
        removed();
      }}
    >
      <p>
        What is served there ends{item.address ? `, and ${item.address} answers no more` : ""}. The record and its history stay; the models
        themselves are not touched.
      </p>
      <label>
        Why
        <input type="text" className="field" autoComplete="off" value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
    </ConfirmDialog>
  );
}
