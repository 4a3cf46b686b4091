/** Gives a stage or an alias back to the version that had it before. */

import { useId, useState } from "react";
import { movedIn, rollBack } from "../../api/governance";
import type { ModelVersion, RegisteredModel } from "../../api/types";
import { useEdit } from "../../lib/edits";
import { targetText } from "../../lib/governance";
import { Dialog } from "../dialog";
import { Buttons, useSubmit, Wrong } from "../forms";
import { NameField } from "../whoami";

/** Targets that a version holds now, with the version. */
export function heldTargets(model: RegisteredModel, versions: readonly ModelVersion[]): [string, number][] {
  const aliases = Object.entries(model.aliases ?? {}).map(([alias, version]): [string, number] => [`alias:${alias}`, version]);
  const stages = ["Production", "Staging"].flatMap((stage): [string, number][] => {
    const holders = versions.filter((item) => item.stage === stage).map((item) => item.version);
    return holders.length > 0 ? [[`stage:${stage}`, Math.max(...holders)]] : [];
  });
  return [...stages, ...aliases];
}

interface Props {
  model: RegisteredModel;
  versions: readonly ModelVersion[];
  target?: string;
  close: () => void;
}

export function RollbackDialog({ model, versions, target: given, close }: Props) {
  const held = heldTargets(model, versions);
  const [target, setTarget] = useState(given ?? held[0]?.[0] ?? "");
  const [reason, setReason] = useState("");
  const edit = useEdit();
  const holder = held.find(([name]) => name === target)?.[1];
  const { busy, wrong, submit } = useSubmit(
    () =>
      edit({
        said: `Rolled ${targetText(target)} back.`,
        act: () => rollBack(model.name, target, reason.trim(), holder ?? 0),
        touches: movedIn(model.name),
      }),
    close,
  );
  const about = useId();
  return (
    <Dialog
      title={`Roll ${model.name} back`}
      close={close}
      onSubmit={submit}
      actions={<Buttons button="Roll back" busy={busy} idle={target === ""} danger close={close} />}
    >
      <label>
        What
        <select className="field" autoFocus value={target} onChange={(event) => setTarget(event.target.value)}>
          {held.map(([name, version]) => (
            <option key={name} value={name}>
              {targetText(name)}, now v{version}
            </option>
          ))}
        </select>
      </label>
      <NameField />
      <label>
        Why
        <textarea className="field area" rows={3} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <p role="status">
        {holder === undefined
          ? "No version is in a stage or has an alias, so there is nothing to take back."
          : `${targetText(target)} goes from v${holder} back to the version that had it before, without asking for approval.`}
      </p>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}
