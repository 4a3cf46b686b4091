"""Webhooks in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.entities.webhook import MessageState, NewWebhook, Webhook, WebhookChanges, WebhookMessage, WebhookReply
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import webhooks as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: NewWebhook) -> Webhook:
    return services.registry.webhooks.create(asked)


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.WebhookId) -> Webhook:
    return services.registry.webhooks.get(asked.webhook_id)


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchWebhooks) -> wire.WebhookPage:
    page = services.registry.webhooks.search(asked.query())
    return wire.WebhookPage(page.items, page.next_token, page.total)


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateWebhook) -> Webhook:
    changes = WebhookChanges(asked.name, asked.url, asked.events, asked.description, asked.secret, asked.status)
    return services.registry.webhooks.update(asked.webhook_id, changes)


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.WebhookId) -> Empty:
    services.registry.webhooks.delete(asked.webhook_id)
    return Empty()


@HANDLERS.handles(wire.TEST)
def _test(services: Services, asked: wire.TestWebhook) -> WebhookReply:
    return services.registry.webhooks.test(asked.webhook_id, asked.event)


@HANDLERS.handles(wire.DELIVERIES)
def _deliveries(services: Services, asked: wire.AskDeliveries) -> wire.Deliveries:
    try:
        state = MessageState(asked.state.upper()) if asked.state else None
    except ValueError as error:
        msg = f"{asked.state[:100]!r} is no state of a message. There are: {', '.join(MessageState)}."
        raise InvalidInput(msg) from error
    webhooks = services.registry.webhooks
    page = webhooks.deliveries(asked.webhook_id, state, asked.max_results, asked.page_token)
    return wire.Deliveries(page.items, page.next_token)


@HANDLERS.handles(wire.REDELIVER)
def _redeliver(services: Services, asked: wire.MessageId) -> WebhookMessage:
    return services.registry.webhooks.redeliver(asked.message_id)
