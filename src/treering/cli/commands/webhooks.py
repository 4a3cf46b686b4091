"""`treering webhooks`: addresses that are told of events, and what became of the messages to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from treering.cli.output import json_option, print_json, print_table, when
from treering.cli.session import session
from treering.client.paging import every
from treering.core.errors import InvalidInput
from treering.core.printable import printable
from treering.entities.page import Query
from treering.entities.webhook import (
    ACTIONS,
    MessageState,
    NewWebhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)

__all__ = ["webhooks"]

_FAILED = 1
_LONGEST_CELL = 60


@click.group()
def webhooks() -> None:
    """Addresses that are told of events, and what became of the messages to them."""


@webhooks.command("list")
@json_option
def list_webhooks(*, as_json: bool) -> None:
    """List webhooks, the newest first."""
    with session() as services:
        found = list(every(services.registry.webhooks.search, Query()))
    if as_json:
        print_json(found)
        return
    rows = [
        (one.webhook_id, one.name, one.url, one.status, ", ".join(map(str, one.events)), when(one.creation_time))
        for one in found
    ]
    print_table(["id", "name", "url", "status", "events", "made"], rows, "There are no webhooks.")


@webhooks.command()
def events() -> None:
    """List the events that a webhook can be told of."""
    for entity, actions in ACTIONS.items():
        for action in actions:
            click.echo(f"{entity}.{action}")


@webhooks.command()
@click.argument("name")
@click.argument("url")
@click.option("--event", "-e", "asked", multiple=True, required=True, help="Such as model_version.created; repeatable.")
@click.option("--description", default="", help="What it is for.")
@click.option("--secret", default="", envvar="TREERING_WEBHOOK_SECRET", help="What its messages are signed with.")
@json_option
def create(name: str, url: str, *, asked: Sequence[str], as_json: bool, **given: Any) -> None:
    """Let URL be told of events.

    A secret is better given in the variable TREERING_WEBHOOK_SECRET than as an option, which others can see.
    """
    with session() as services:
        made = services.registry.webhooks.create(NewWebhook(name, url, [_event(one) for one in asked], **given))
    if as_json:
        print_json(made)
        return
    click.echo(f"Made the webhook {made.name}: {made.webhook_id}")


@webhooks.command()
@click.argument("webhook_id")
@click.option("--on/--off", "active", required=True, help="Whether it is told of events.")
def switch(webhook_id: str, *, active: bool) -> None:
    """Switch a webhook on or off; what waits for it then waits on."""
    status = WebhookStatus.ACTIVE if active else WebhookStatus.DISABLED
    with session() as services:
        services.registry.webhooks.update(webhook_id, WebhookChanges(status=status))
    click.echo(f"{webhook_id} is {status.lower()}.")


@webhooks.command()
@click.argument("webhook_id")
def delete(webhook_id: str) -> None:
    """Delete a webhook for good, with the messages that wait for it."""
    with session() as services:
        services.registry.webhooks.delete(webhook_id)
    click.echo(f"{webhook_id} is deleted.")


@webhooks.command()
@click.argument("webhook_id")
@click.option("--event", "-e", "asked", default="", help="Which event to make up; by default its first.")
def test(webhook_id: str, *, asked: str) -> int:
    """Send one message with made-up data, and show what came back."""
    with session() as services:
        reply = services.registry.webhooks.test(webhook_id, _event(asked) if asked else None)
    click.echo(printable(reply.error) or f"The receiver answered with status {reply.response_status}.")
    return 0 if reply.success else _FAILED


@webhooks.command()
@click.argument("webhook_id", default="")
@click.option("--state", type=click.Choice([*MessageState], case_sensitive=False), help="Only those in this state.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most messages.")
@json_option
def deliveries(webhook_id: str, *, state: str | None, limit: int, as_json: bool) -> None:
    """List messages to a webhook, or to all: those that wait, and those of the last 30 days."""
    with session() as services:
        wanted = MessageState(state.upper()) if state else None
        found = services.registry.webhooks.deliveries(webhook_id, wanted, limit).items
    if as_json:
        print_json(found)
        return
    rows = [
        (one.message_id, one.event, one.state, one.attempts, when(one.created), one.response_status or "",
         one.error[:_LONGEST_CELL])
        for one in found
    ]  # fmt: skip
    print_table(["id", "event", "state", "attempts", "made", "answer", "error"], rows, "There are no messages.")


@webhooks.command()
@click.argument("message_id")
def redeliver(message_id: str) -> None:
    """Let a message be sent again, as if it never had been."""
    with session() as services:
        services.registry.webhooks.redeliver(message_id)
    click.echo(f"{message_id} waits to be sent. A server sends it; on an embedded store: treering webhooks deliver")


@webhooks.command()
def deliver() -> int:
    """Send all messages that are due now: for an embedded store or a database that no server works on.

    The exit status is 1 where a message could not be delivered.
    """
    with session() as services:
        report = services.registry.webhooks.deliver()
    click.echo(f"{report.delivered} delivered, {report.failed} to be tried again later, {report.dead} given up.")
    return _FAILED if report.failed or report.dead else 0


def _event(text: str) -> WebhookEvent:
    entity, _, action = text.partition(".")
    try:
        return WebhookEvent(WebhookEntity(entity), WebhookAction(action))
    except ValueError as error:
        msg = f"{text!r} is no event. `treering webhooks events` lists those there are."
        raise InvalidInput(msg) from error
