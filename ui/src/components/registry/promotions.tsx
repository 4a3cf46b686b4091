/** Promotions: those that wait for somebody, what they wait for, and what was decided. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { decide, movedIn, type Promotion, promotionsQuery, type Verdict } from "../../api/governance";
import { useEdit } from "../../lib/edits";
import { targetText, waitText } from "../../lib/governance";
import { Card } from "../card";
import { Dialog } from "../dialog";
import { Failure } from "../feedback";
import { Buttons, useSubmit, Wrong } from "../forms";
import { Ago } from "../marks";
import { NameField, useName } from "../whoami";

/** Those that wait, of a model or with "" of all; nothing where none does. */
export function WaitingCard({ name, version }: { name: string; version?: number }) {
  const query = useQuery(promotionsQuery(name, "PENDING"));
  const waiting = (query.data ?? []).filter((item) => version === undefined || item.version === version);
  const [asked, setAsked] = useState<{ promotion: Promotion; verdict: Verdict } | null>(null);
  if (query.isError && !query.data) {
    return <Failure what="What waits for approval could not be read." error={query.error} retry={() => void query.refetch()} />;
  }
  if (waiting.length === 0) return null;
  return (
    <Card title="Waiting for approval" count={waiting.length}>
      <ul className="rows">
        {waiting.map((item) => (
          <li key={item.promotion_id} className="promotion">
            <div className="history-what">
              <div>
                <Link to="/models/$name/versions/$version" params={{ name: item.name, version: String(item.version) }} className="link">
                  {name === "" ? `${item.name} ` : ""}v{item.version}
                </Link>{" "}
                to {targetText(item.target)}
                <span className="muted">
                  , asked by {item.requested_by || "somebody"} <Ago time={item.created} />
                </span>
              </div>
              {item.reason && <div className="muted">“{item.reason}”</div>}
              {item.decisions.map((said) => (
                <div key={`${said.user} ${said.time}`} className="small">
                  <span className={said.approved ? "state ok" : "state err"}>{said.approved ? "approved" : "rejected"}</span> by {said.user || "somebody"}
                  {said.comment && <span className="muted"> “{said.comment}”</span>}
                </div>
              ))}
              {item.missing.length > 0 && <div className="small state warn wraps">{waitText(item.missing)}</div>}
            </div>
            <span className="push buttons">
              <button type="button" className="button" onClick={() => setAsked({ promotion: item, verdict: "approve" })}>
                Approve
              </button>
              <button type="button" className="button" onClick={() => setAsked({ promotion: item, verdict: "reject" })}>
                Reject
              </button>
              <button type="button" className="button quiet" onClick={() => setAsked({ promotion: item, verdict: "withdraw" })}>
                Withdraw
              </button>
            </span>
          </li>
        ))}
      </ul>
      {asked && <DecideDialog {...asked} close={() => setAsked(null)} />}
    </Card>
  );
}

const SAID: Record<Verdict, [string, string]> = {
  approve: ["Approve", "approved"],
  reject: ["Reject", "rejected"],
  withdraw: ["Withdraw", "withdrawn"],
};

function DecideDialog({ promotion, verdict, close }: { promotion: Promotion; verdict: Verdict; close: () => void }) {
  const [comment, setComment] = useState("");
  const [name] = useName();
  const edit = useEdit();
  const [word, past] = SAID[verdict];
  // Who has no name yet begins with that.
  const [known] = useState(name !== "");
  const what = `${promotion.name} v${promotion.version} for ${targetText(promotion.target)}`;
  const { busy, wrong, submit } = useSubmit(
    () =>
      edit({
        said: ({ state, missing }) => `${what} is ${past}.${state === "PENDING" ? ` ${waitText(missing)}` : ""}`,
        act: () => decide(promotion.promotion_id, verdict, comment.trim()),
        touches: movedIn(promotion.name),
      }),
    close,
  );
  const about = useId();
  return (
    <Dialog
      title={`${word} ${what}`}
      close={close}
      onSubmit={submit}
      actions={<Buttons button={word} busy={busy} idle={!name.trim()} danger={verdict === "reject"} close={close} />}
    >
      <NameField autoFocus={!known} />
      <label>
        Comment
        <textarea className="field area" rows={3} autoFocus={known} value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}
