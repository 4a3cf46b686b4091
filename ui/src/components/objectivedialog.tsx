/** Asks what an experiment is for, and when it has succeeded. */

import { useId, useState } from "react";
import type { Experiment } from "../api/types";
import { useEdit } from "../lib/edits";
import { aiming } from "../lib/experimentedits";
import { criterionLine, objectiveOf } from "../lib/objective";
import { Dialog } from "./dialog";
import { Buttons, useSubmit, Wrong } from "./forms";

export function ObjectiveDialog({ experiment, close }: { experiment: Experiment; close: () => void }) {
  const before = objectiveOf(experiment.tags);
  const [statement, setStatement] = useState(before?.statement ?? "");
  const said = before?.criteria.map(criterionLine).join("\n") ?? "";
  const [bounds, setBounds] = useState(said);
  const [primary, setPrimary] = useState(before?.primary ?? "");
  const [least, setLeast] = useState(String(before?.minImprovement ?? 0));
  const [owner, setOwner] = useState(before?.owner ?? "");
  const edit = useEdit();
  const nothing = !statement.trim();
  const { busy, wrong, submit } = useSubmit(() => {
    const success = bounds.split("\n").map((line) => line.trim()).filter(Boolean);
    // Which way is better is read off the metric's bound, where it has one that is new.
    const bounded = success.some((line) => line.split(/[[<>=\s]/)[0] === primary.trim());
    const kept = before?.primary === primary.trim() && !(bounded && bounds !== said) ? { greater_is_better: before.greaterIsBetter } : {};
    const written = { statement: statement.trim(), success, primary: primary.trim(), min_improvement: Number(least) || 0, owner: owner.trim(), ...kept };
    return edit(aiming(experiment, nothing ? null : written));
  }, close);
  const about = useId();
  return (
    <Dialog
      title={`Objective of ${experiment.name}`}
      close={close}
      onSubmit={submit}
      wide
      actions={<Buttons button={nothing && before ? "Take it away" : "Save"} busy={busy} idle={nothing && !before} danger={nothing && before !== null} close={close} />}
    >
      <label>
        What it is for
        <textarea className="field area" rows={2} autoFocus value={statement} onChange={(event) => setStatement(event.target.value)} />
      </label>
      <label>
        It has succeeded when all of these hold, one a line
        <textarea
          className="field area"
          rows={3}
          placeholder={"recall >= 0.9\nrecall[country=DE] >= 0.85"}
          value={bounds}
          onChange={(event) => setBounds(event.target.value)}
        />
      </label>
      <label>
        Metric by which models are compared
        <input type="text" className="field" placeholder="that of the first line" value={primary} onChange={(event) => setPrimary(event.target.value)} />
      </label>
      <label>
        By how much of it a new model has to be better
        <input type="number" className="field" min={0} step="any" value={least} onChange={(event) => setLeast(event.target.value)} />
      </label>
      <label>
        Who answers for it
        <input type="text" className="field" value={owner} onChange={(event) => setOwner(event.target.value)} />
      </label>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}
