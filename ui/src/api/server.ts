/** What pages ask about the server itself, and the addresses that it tells of changes. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/schema";
import api, { answer, done } from "./client";

type Schemas = components["schemas"];
export type Webhook = Schemas["Webhook"];
export type WebhookEvent = Schemas["WebhookEvent"];
export type WebhookReply = Schemas["WebhookReply"];
export type WebhookMessage = Schemas["WebhookMessage"];

const DELIVERIES_AT_ONCE = 20;

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

/** The events that a webhook may be told of, with words for them, by what they happen to. */
export const EVENTS: readonly { about: string; event: WebhookEvent; label: string }[] = [
  { about: "Models", event: { entity: "registered_model", action: "created" }, label: "A model is made" },
  { about: "Models", event: { entity: "registered_model", action: "updated" }, label: "A model is renamed or described" },
  { about: "Models", event: { entity: "registered_model", action: "deleted" }, label: "A model is deleted" },
  { about: "Versions", event: { entity: "model_version", action: "created" }, label: "A version is registered" },
  { about: "Versions", event: { entity: "model_version", action: "updated" }, label: "A version is described" },
  { about: "Versions", event: { entity: "model_version", action: "deleted" }, label: "A version is deleted" },
  { about: "Versions", event: { entity: "model_version_tag", action: "set" }, label: "A version's tag is set" },
  { about: "Versions", event: { entity: "model_version_tag", action: "deleted" }, label: "A version's tag is removed" },
  { about: "Moves", event: { entity: "model_version_alias", action: "created" }, label: "An alias is set" },
  { about: "Moves", event: { entity: "model_version_alias", action: "deleted" }, label: "An alias is removed" },
  { about: "Moves", event: { entity: "model_version", action: "transitioned" }, label: "A version changes its stage" },
  { about: "Moves", event: { entity: "model_version", action: "rolled_back" }, label: "A stage or alias is rolled back" },
  { about: "Moves", event: { entity: "promotion", action: "requested" }, label: "A promotion is asked for" },
  { about: "Moves", event: { entity: "promotion", action: "decided" }, label: "A promotion is decided on" },
  { about: "Moves", event: { entity: "promotion", action: "done" }, label: "A promotion is done" },
  { about: "Runs", event: { entity: "run", action: "finished" }, label: "A run finishes" },
  { about: "Runs", event: { entity: "run", action: "failed" }, label: "A run fails or is killed" },
];

/** Messages to one webhook, the newest first, in pages; looked at again while the page is open, since they change. */
export const deliveriesQuery = (webhook_id: string) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", webhook_id],
    queryFn: ({ pageParam, signal }) => {
      const query = { webhook_id, max_results: DELIVERIES_AT_ONCE, page_token: pageParam };
      return answer(api.GET("/api/v1/webhook-deliveries", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next_token || null,
    refetchInterval: 5_000,
    retry: false,
  });

export const redeliver = (message_id: string) =>
  answer(api.POST("/api/v1/webhook-deliveries/{message_id}/redeliver", { params: { path: { message_id } } }));

export const createWebhook = (made: { name: string; url: string; events: WebhookEvent[]; secret: string }) =>
  answer(api.POST("/api/v1/webhooks", { body: made }));

const at = (webhook_id: string) => ({ params: { path: { webhook_id } } });

export const deleteWebhook = (id: string) => done(api.DELETE("/api/v1/webhooks/{webhook_id}", at(id)));

export const switchWebhook = (id: string, status: "ACTIVE" | "DISABLED") =>
  done(api.PATCH("/api/v1/webhooks/{webhook_id}", { ...at(id), body: { status } }));

export const testWebhook = (id: string) => answer(api.POST("/api/v1/webhooks/{webhook_id}/test", { ...at(id), body: {} }));
