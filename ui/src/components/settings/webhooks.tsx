/** Addresses that the server tells of changes in the registry: listed, made, tried, switched off and removed. */

import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { ApiError } from "../../api/client";
import {
  createWebhook,
  deleteWebhook,
  EVENTS,
  switchWebhook,
  testWebhook,
  type Webhook,
  type WebhookEvent,
  webhooksQuery,
} from "../../api/server";
import { messageOf, useEdit, useQuietEdit } from "../../lib/edits";
import { formatCount } from "../../lib/format";
import { notify } from "../../lib/notices";
import { Card } from "../card";
import { Dialog } from "../dialog";
import { Failure, SkeletonRows } from "../feedback";
import { Buttons, ConfirmDialog, useSubmit, Wrong } from "../forms";
import { Deliveries } from "./deliveries";

const TOUCHES = [["webhooks"]] as const;
const ABOUT = [...new Set(EVENTS.map(({ about }) => about))];
const FIRST = ["model_version.created", "model_version_alias.created"];

export function WebhooksCard() {
  const query = useQuery(webhooksQuery);
  const [asking, setAsking] = useState<"new" | Webhook | null>(null);
  const [watched, setWatched] = useState<Webhook | null>(null);
  const [busy, setBusy] = useState("");
  const edit = useEdit();
  const quietly = useQuietEdit();
  const found = query.data ?? [];
  const refused = query.error instanceof ApiError && (query.error.status === 403 || query.error.status === 401);
  const tried = (webhook: Webhook) => {
    setBusy(webhook.webhook_id);
    testWebhook(webhook.webhook_id)
      .then((reply) =>
        notify(
          reply.success
            ? { text: `${webhook.name} answered with ${reply.response_status ?? "success"}.`, kind: "done" }
            : { text: `${webhook.name}: ${reply.error || `the answer was ${reply.response_status}`}`, kind: "failed" },
        ),
      )
      .catch((error: unknown) => notify({ text: messageOf(error), kind: "failed" }))
      .finally(() => setBusy(""));
  };
  return (
    <Card
      title="Webhooks"
      {...(query.data ? { count: found.length } : {})}
      actions={
        <button type="button" className="button quiet" disabled={refused} onClick={() => setAsking("new")}>
          New webhook
        </button>
      }
    >
      {refused ? (
        <p className="muted pad">Only who administers this server sees and makes webhooks.</p>
      ) : query.isError ? (
        <Failure what="The webhooks could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={2} />
      ) : found.length === 0 ? (
        <p className="muted pad">
          None. A webhook is an address of yours that this server sends a message to when models, versions or aliases change, or
          runs end.
        </p>
      ) : (
        found.map((webhook) => (
          <div key={webhook.webhook_id} className="webhook">
            <div className="grow">
              <span className="strong">{webhook.name}</span>{" "}
              {webhook.status === "DISABLED" && <span className="state warn">Off</span>}
              <div>
                <code>{webhook.url}</code>
              </div>
              <div className="muted small" title={webhook.events.map(nameOf).join(", ")}>
                {formatCount(webhook.events.length, "event")}
              </div>
            </div>
            <button type="button" className="button" aria-label={`Deliveries to ${webhook.name}`} onClick={() => setWatched(webhook)}>
              Deliveries
            </button>
            <button type="button" className="button" disabled={busy === webhook.webhook_id} onClick={() => tried(webhook)}>
              Test
            </button>
            <button
              type="button"
              className="button"
              onClick={() => {
                const next = webhook.status === "ACTIVE" ? "DISABLED" : "ACTIVE";
                quietly({
                  said: `${webhook.name} is ${next === "ACTIVE" ? "on" : "off"}.`,
                  act: () => switchWebhook(webhook.webhook_id, next),
                  undo: () => switchWebhook(webhook.webhook_id, webhook.status),
                  touches: TOUCHES,
                });
              }}
            >
              {webhook.status === "ACTIVE" ? "Switch off" : "Switch on"}
            </button>
            <button type="button" className="button danger" aria-label={`Delete ${webhook.name}`} onClick={() => setAsking(webhook)}>
              Delete
            </button>
          </div>
        ))
      )}
      {watched && <Deliveries webhook={watched} close={() => setWatched(null)} />}
      {asking === "new" && <NewWebhook close={() => setAsking(null)} />}
      {asking !== null && asking !== "new" && (
        <ConfirmDialog
          title={`Delete ${asking.name}?`}
          button="Delete"
          danger
          close={() => setAsking(null)}
          act={() => edit({ said: `Deleted ${asking.name}.`, act: () => deleteWebhook(asking.webhook_id), touches: TOUCHES })}
        >
          <p>Its secret is not kept, so this cannot be undone. To have it rest for a while, switch it off.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function NewWebhook({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(FIRST));
  const edit = useEdit();
  const wrongId = useId();
  const { busy, wrong, submit } = useSubmit(() => {
    const made = { id: "" };
    const events = EVENTS.map(({ event }) => event).filter((event) => chosen.has(nameOf(event)));
    return edit({
      said: `Created ${name.trim()}.`,
      act: async () => {
        made.id = (await createWebhook({ name: name.trim(), url: url.trim(), events, secret })).webhook_id;
      },
      undo: () => deleteWebhook(made.id),
      touches: TOUCHES,
    });
  }, close);
  return (
    <Dialog
      title="New webhook"
      close={close}
      onSubmit={submit}
      actions={<Buttons button="Create" busy={busy} idle={!name.trim() || !url.trim() || chosen.size === 0} close={close} />}
    >
      <label>
        Name
        <input type="text" className="field" autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <label>
        Address
        <input
          type="url"
          className="field"
          placeholder="https://example.org/hook"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
      </label>
      <label>
        Secret, with which messages are signed (optional)
        <input type="password" className="field" autoComplete="new-password" value={secret} onChange={(event) => setSecret(event.target.value)} />
      </label>
      {ABOUT.map((part) => (
        <fieldset key={part} className="ticks">
          <legend>{part}</legend>
          {EVENTS.filter(({ about }) => about === part).map(({ event, label }) => (
            <label key={label} className="line">
              <input
                type="checkbox"
                checked={chosen.has(nameOf(event))}
                onChange={() => {
                  const next = new Set(chosen);
                  if (!next.delete(nameOf(event))) next.add(nameOf(event));
                  setChosen(next);
                }}
              />
              {label}
            </label>
          ))}
        </fieldset>
      ))}
      <Wrong id={wrongId} wrong={wrong} />
    </Dialog>
  );
}

function nameOf({ entity, action }: WebhookEvent): string {
  return `${entity}.${action}`;
}
