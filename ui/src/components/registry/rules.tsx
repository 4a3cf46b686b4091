/** Rules of approval: what it takes to reach a stage or an alias. */

import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { type ApprovalRule, removeRule, rulesQuery, setRule } from "../../api/governance";
import { STAGES } from "../../api/models";
import type { RegisteredModel } from "../../api/types";
import { useEdit, useQuietEdit } from "../../lib/edits";
import { namesIn, ruleText, targetText } from "../../lib/governance";
import { Card } from "../card";
import { Dialog } from "../dialog";
import { Failure, SkeletonRows } from "../feedback";
import { Buttons, useSubmit, Wrong } from "../forms";
import { Icon } from "../icons";

export function RulesCard({ model }: { model: RegisteredModel }) {
  const query = useQuery(rulesQuery(model.name));
  const [asking, setAsking] = useState<ApprovalRule | "new" | null>(null);
  const quietly = useQuietEdit();
  const rules = query.data ?? [];
  const remove = (rule: ApprovalRule) =>
    quietly({
      said: `Removed the rule for ${targetText(rule.target)}${rule.model === "" ? " of every model" : ""}.`,
      act: () => removeRule(rule),
      undo: () => setRule(rule),
      touches: [["rules"], ["promotions"], ["history"]],
    });
  return (
    <Card
      title="Rules of approval"
      {...(query.data ? { count: rules.length } : {})}
      actions={
        <button type="button" className="button quiet" onClick={() => setAsking("new")}>
          Add a rule
        </button>
      }
    >
      {query.isError ? (
        <Failure what="The rules could not be read." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={1} />
      ) : rules.length === 0 ? (
        <p className="muted pad">Whoever may change models may move their versions. A rule asks for approvals, or for checks that have passed.</p>
      ) : (
        <ul className="rows">
          {rules.map((rule) => (
            <li key={`${rule.model} ${rule.target}`}>
              <span className="history-what">
                <span className="chip accent">{targetText(rule.target)}</span> asks for {ruleText(rule)}
                {rule.model === "" && <span className="muted"> (every model)</span>}
              </span>
              <span className="push">
                <button type="button" className="button quiet icon" aria-label={`Change the rule for ${targetText(rule.target)}`} onClick={() => setAsking(rule)}>
                  <Icon name="edit" size={14} />
                </button>
                <button type="button" className="button quiet icon" aria-label={`Remove the rule for ${targetText(rule.target)}`} onClick={() => remove(rule)}>
                  <Icon name="cross" size={14} />
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {asking !== null && <RuleDialog model={model} {...(asking === "new" ? {} : { rule: asking })} close={() => setAsking(null)} />}
    </Card>
  );
}

function RuleDialog({ model, rule, close }: { model: RegisteredModel; rule?: ApprovalRule; close: () => void }) {
  const targets = [
    ...STAGES.filter((stage) => stage !== "None").map((stage) => `stage:${stage}`),
    ...new Set([...Object.keys(model.aliases ?? {}), "champion"].map((alias) => `alias:${alias}`)),
  ];
  const [target, setTarget] = useState(rule?.target ?? "stage:Production");
  const [approvers, setApprovers] = useState(String(rule?.approvers ?? 1));
  const [who, setWho] = useState(rule?.who.join(", ") ?? "");
  const [checks, setChecks] = useState(rule?.checks.join(", ") ?? "");
  const [own, setOwn] = useState(rule?.allow_own ?? false);
  const [all, setAll] = useState(rule?.model === "");
  const edit = useEdit();
  const made: ApprovalRule = {
    model: all ? "" : model.name,
    target,
    approvers: Number(approvers) || 0,
    who: namesIn(who),
    checks: namesIn(checks),
    allow_own: own,
  };
  const { busy, wrong, submit } = useSubmit(
    () =>
      edit({
        said: `${targetText(target)} now asks for ${ruleText(made)}.`,
        act: () => setRule(made),
        undo: () => (rule ? setRule(rule) : removeRule(made)),
        touches: [["rules"], ["promotions"], ["history"]],
      }),
    close,
  );
  const about = useId();
  return (
    <Dialog
      title={rule ? `Rule for ${targetText(rule.target)}` : "Add a rule of approval"}
      close={close}
      onSubmit={submit}
      actions={<Buttons button="Set" busy={busy} idle={false} close={close} />}
    >
      <label>
        For
        <select className="field" value={target} disabled={rule !== undefined} autoFocus={!rule} onChange={(event) => setTarget(event.target.value)}>
          {[...new Set([target, ...targets])].map((item) => (
            <option key={item} value={item}>
              {targetText(item)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Approvals
        <input type="number" className="field" min={0} max={20} autoFocus={rule !== undefined} value={approvers} onChange={(event) => setApprovers(event.target.value)} />
      </label>
      <label>
        Of whom
        <input type="text" className="field" placeholder="anybody; or names between commas" value={who} onChange={(event) => setWho(event.target.value)} />
      </label>
      <label>
        Checks that must have passed
        <input type="text" className="field" placeholder="none; or names between commas" value={checks} onChange={(event) => setChecks(event.target.value)} />
      </label>
      <label className="line">
        <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} />
        Who asks may approve, too
      </label>
      <label className="line">
        <input type="checkbox" checked={all} disabled={rule !== undefined} onChange={(event) => setAll(event.target.checked)} />
        For every model that has no rule of its own
      </label>
      <p role="status">
        {targetText(target)} will ask for {ruleText(made)}.
      </p>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}
