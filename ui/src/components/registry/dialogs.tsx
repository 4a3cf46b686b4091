/** Windows that move aliases and stages, and say beforehand what that replaces. */

import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { STAGES } from "../../api/models";
import type { ModelVersion, RegisteredModel } from "../../api/types";
import { movedIn, promote, type Promotion, rulesQuery } from "../../api/governance";
import { type Edit, useEdit } from "../../lib/edits";
import { ruleFor, ruleText, targetText } from "../../lib/governance";
import { aliasing, staging } from "../../lib/modeledits";
import { Dialog } from "../dialog";
import { Buttons, useSubmit, Wrong } from "../forms";
import { NameField } from "../whoami";

interface AliasProps {
  model: RegisteredModel;
  versions: readonly ModelVersion[];
  /** What the fields begin with. */
  alias?: string;
  version?: number;
  close: () => void;
}

export function AliasDialog({ model, versions, alias: given = "", version, close }: AliasProps) {
  const [alias, setAlias] = useState(given);
  const [number, setNumber] = useState(String(version ?? versions[0]?.version ?? ""));
  const edit = useEdit();
  const guard = useGuard(model.name, `alias:${alias.trim()}`);
  const move = () => (guard.rule ? edit(guard.promotion(Number(number))) : edit(aliasing(model, alias.trim(), Number(number))));
  const { busy, wrong, submit } = useSubmit(move, close);
  const about = useId();
  const before = model.aliases?.[alias.trim()];
  return (
    <Dialog
      title={given ? `Move @${given}` : "Set an alias"}
      close={close}
      onSubmit={submit}
      actions={<Buttons button={guard.rule ? "Ask for it" : "Set"} busy={busy} idle={!alias.trim() || !number || String(before) === number} close={close} />}
    >
      <label>
        Alias
        <input
          type="text"
          className="field"
          autoFocus={!given}
          placeholder="champion"
          value={alias}
          onChange={(event) => setAlias(event.target.value.replace(/^@/, ""))}
        />
      </label>
      <label>
        Version
        <VersionSelect versions={versions} value={number} focus={Boolean(given)} change={setNumber} />
      </label>
      <p className="muted" role="status">
        {!alias.trim()
          ? "An alias is a name that programs load a version by; it can be moved at any time."
          : before === undefined
            ? `models:/${model.name}@${alias.trim()} will mean v${number}.`
            : String(before) === number
              ? `@${alias.trim()} means v${before} already.`
              : `@${alias.trim()} means v${before} today. Whoever loads models:/${model.name}@${alias.trim()} gets v${number} then.`}
      </p>
      {guard.fields}
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

interface VersionSelectProps {
  versions: readonly ModelVersion[];
  value: string;
  focus: boolean;
  change: (value: string) => void;
}

function VersionSelect({ versions, value, focus, change }: VersionSelectProps) {
  return (
    <select className="field" autoFocus={focus} value={value} onChange={(event) => change(event.target.value)}>
      {versions.map((item) => (
        <option key={item.version} value={item.version}>
          v{item.version}
          {item.stage === "None" ? "" : ` · ${item.stage}`}
        </option>
      ))}
    </select>
  );
}

interface StageProps {
  version: ModelVersion;
  versions: readonly ModelVersion[];
  close: () => void;
}

export function StageDialog({ version, versions, close }: StageProps) {
  const [stage, setStage] = useState<string>(STAGES.find((item) => item !== version.stage && item !== "None") ?? "None");
  const [archive, setArchive] = useState(true);
  const held = versions.filter((item) => item.stage === stage && item.version !== version.version);
  // The server archives only where a stage is for one version at a time.
  const exclusive = stage === "Staging" || stage === "Production";
  const moved = exclusive && archive ? held : [];
  const edit = useEdit();
  const guard = useGuard(version.name, `stage:${stage}`);
  const move = () => (guard.rule ? edit(guard.promotion(version.version)) : edit(staging(version, stage, moved)));
  const { busy, wrong, submit } = useSubmit(move, close);
  const about = useId();
  const names = held.map((item) => `v${item.version}`).join(", ");
  return (
    <Dialog
      title={`Stage of ${version.name} v${version.version}`}
      close={close}
      onSubmit={submit}
      actions={<Buttons button={guard.rule ? `Ask for ${stage}` : `Move to ${stage}`} busy={busy} idle={stage === version.stage} close={close} />}
    >
      <label>
        Stage
        <select className="field" autoFocus value={stage} onChange={(event) => setStage(event.target.value)}>
          {STAGES.map((item) => (
            <option key={item} value={item}>
              {item}
              {item === version.stage ? " (as it is)" : ""}
            </option>
          ))}
        </select>
      </label>
      {exclusive && held.length > 0 && !guard.rule && (
        <label className="line">
          <input type="checkbox" checked={archive} onChange={(event) => setArchive(event.target.checked)} />
          Move {names} from {stage} to Archived
        </label>
      )}
      <p role="status">
        {exclusive
          ? held.length === 0
            ? `No other version is in ${stage}: nothing is replaced.`
            : archive
              ? `v${version.version} takes the place of ${names} in ${stage}.`
              : `${names} and v${version.version} are both in ${stage} then; models:/${version.name}/${stage} means the newest of them.`
          : version.stage === "None"
            ? `v${version.version} is ${stage} then.`
            : `v${version.version} leaves ${version.stage}.`}
      </p>
      {guard.fields}
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

/** Where a rule guards a target, a version is promoted to it rather than moved: the fields for that, and the deed. */
function useGuard(name: string, target: string) {
  const rules = useQuery(rulesQuery(name));
  const [reason, setReason] = useState("");
  const rule = ruleFor(rules.data ?? [], name, target);
  const promotion = (version: number): Edit<Promotion> => ({
    said: ({ state }) => `${state === "DONE" ? "Promoted" : "Asked to promote"} ${name} v${version} to ${targetText(target)}.`,
    act: () => promote(name, version, target, reason.trim()),
    touches: movedIn(name),
  });
  const fields = rule && (
    <>
      <p className="state warn wraps">
        {targetText(target)} asks for {ruleText(rule)}.
      </p>
      <NameField />
      <label>
        Why
        <textarea className="field area" rows={3} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
    </>
  );
  return { rule, promotion, fields };
}
