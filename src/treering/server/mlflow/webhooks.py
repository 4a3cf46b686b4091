"""Webhooks in MLflow's API."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.entities.page import Query
from treering.entities.webhook import NewWebhook, WebhookChanges, WebhookEvent
from treering.server.handling import Handlers
from treering.server.mlflow.asked import at_most
from treering.wire.endpoint import Empty
from treering.wire.mlflow import webhooks as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST = 1000


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateWebhook) -> wire.FoundWebhook:
    new = NewWebhook(asked.name, asked.url, _events(asked.events), asked.description, asked.secret, asked.status)
    return wire.found_webhook(services.registry.webhooks.create(new))


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: wire.ListWebhooks) -> wire.FoundWebhooks:
    query = Query(max_results=at_most(asked.max_results, _MOST), page_token=asked.page_token)
    return wire.webhooks_page(services.registry.webhooks.search(query))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.WebhookId) -> wire.FoundWebhook:
    return wire.found_webhook(services.registry.webhooks.get(asked.webhook_id))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateWebhook) -> wire.FoundWebhook:
    changes = WebhookChanges(
        None if asked.name is UNSET else asked.name,
        None if asked.url is UNSET else asked.url,
        _events(asked.events) or None,
        None if asked.description is UNSET else asked.description,
        None if asked.secret is UNSET else asked.secret,
        asked.status,
    )
    return wire.found_webhook(services.registry.webhooks.update(asked.webhook_id, changes))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.WebhookId) -> Empty:
    services.registry.webhooks.delete(asked.webhook_id)
    return Empty()


@HANDLERS.handles(wire.TEST)
def _test(services: Services, asked: wire.TestWebhook) -> wire.TestedWebhook:
    event = None if asked.event is None else _events([asked.event])[0]
    return wire.reply_message(services.registry.webhooks.test(asked.webhook_id, event))


def _events(messages: Sequence[wire.EventMessage]) -> list[WebhookEvent]:
    try:
        return [wire.event_of(message) for message in messages]
    except ValueError as error:
        msg = "Invalid value for parameter 'events' supplied: each event needs an entity and an action."
        raise InvalidInput(msg) from error
