/** What pages ask about the server itself, and the addresses that it tells of changes. */

import { queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import api, { answer, done } from "./client";

type Schemas = components["schemas"];
export type Webhook = Schemas["Webhook"];
export type WebhookEvent = Schemas["WebhookEvent"];
export type WebhookReply = Schemas["WebhookReply"];

export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: ({ signal }) => answer(api.GET("/api/v1/server", { signal })),
  staleTime: Infinity,
});

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: async ({ signal }) =>
    (await answer(api.POST("/api/v1/webhooks/search", { body: { max_results: 200 }, signal }))).webhooks,
  retry: false,
});

/** The events of models that a webhook may be told of, with words for them. */
export const EVENTS: readonly { event: WebhookEvent; label: string }[] = [
  { event: { entity: "registered_model", action: "created" }, label: "A model is made" },
  { event: { entity: "model_version", action: "created" }, label: "A version is registered" },
  { event: { entity: "model_version_tag", action: "set" }, label: "A version's tag is set" },
  { event: { entity: "model_version_tag", action: "deleted" }, label: "A version's tag is removed" },
  { event: { entity: "model_version_alias", action: "created" }, label: "An alias is set" },
  { event: { entity: "model_version_alias", action: "deleted" }, label: "An alias is removed" },
];

export const createWebhook = (made: { name: string; url: string; events: WebhookEvent[]; secret: string }) =>
  answer(api.POST("/api/v1/webhooks", { body: made }));

const at = (webhook_id: string) => ({ params: { path: { webhook_id } } });

export const deleteWebhook = (id: string) => done(api.DELETE("/api/v1/webhooks/{webhook_id}", at(id)));

export const switchWebhook = (id: string, status: "ACTIVE" | "DISABLED") =>
  done(api.PATCH("/api/v1/webhooks/{webhook_id}", { ...at(id), body: { status } }));

export const testWebhook = (id: string) => answer(api.POST("/api/v1/webhooks/{webhook_id}/test", { ...at(id), body: {} }));
