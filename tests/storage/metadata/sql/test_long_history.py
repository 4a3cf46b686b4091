"""A registry with a long history: its pages are found by an index, and read no more than they show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from treering.core.uri import scheme_of
from treering.entities.governance import Actor, RegistryEvent
from treering.entities.webhook import MessageState, Webhook, WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from treering.storage.metadata import METADATA
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import registry_events, webhook_messages

EVENTS = 10_000
ANN = Actor("ann", "why")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetadataStore]:
    uri = f"sqlite:///{tmp_path_factory.mktemp('history') / 'treering.db'}"
    opened = METADATA.load(scheme_of(uri))(uri)
    with closing(opened.database):
        yield filled(opened)


def filled(store: MetadataStore) -> MetadataStore:
    made = WebhookEvent(WebhookEntity.RUN, WebhookAction.FINISHED)
    store.webhooks.create(Webhook("w", "hook", "https://8.8.8.8/", [made], WebhookStatus.ACTIVE, 1, 1), "")
    plain = {"user_id": "ann", "model": 0, "was": "", "became": "", "reason": "r" * 100, "target": "alias:champion"}
    events = [{"time": n, "action": "alias.set", "name": f"m{n % 3}", "version": n % 7, **plain} for n in range(EVENTS)]
    sent = {
        "webhook_id": "w",
        "event": "run.finished",
        "body": "{}",
        "created": 1,
        "attempts": 1,
        "due": 1,
        "error": "",
    }
    messages = [
        {
            "message_id": str(n),
            "state": "DELIVERED" if n % 9 else "PENDING",
            "finished": n,
            "response_status": 200,
            **sent,
        }
        for n in range(EVENTS)
    ]
    session = store.database
    assert isinstance(session, Session)

    def work(connection: Any) -> None:
        connection.execute(insert(registry_events), events)
        connection.execute(insert(webhook_messages), messages)

    session.write(work)
    return store


@contextmanager
def plans() -> Iterator[list[str]]:
    """How SQLite finds the rows of each SELECT that is made within."""
    found: list[str] = []

    def look(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            said = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.extend(row[3] for row in said)
        del cursor

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", look)


@pytest.mark.parametrize("name", ["", "m1"])
@pytest.mark.parametrize("version", [0, 3])
@pytest.mark.parametrize("before", [0, EVENTS // 2])
def test_a_page_of_the_history_is_found_by_an_index(store: MetadataStore, name: str, version: int, before: int) -> None:
    if version and not name:
        return  # a version of any model is asked for by nobody
    with plans() as found:
        page = store.governance.history(name, version, before, 50)
    assert len(page) == 50
    assert [one.seq for one in page] == sorted((one.seq for one in page), reverse=True)
    assert not [line for line in found if "TEMP B-TREE" in line], found
    if name:
        assert all("USING" in line and "INDEX" in line for line in found), found


def test_the_moves_of_a_target_are_found_by_an_index(store: MetadataStore) -> None:
    store.registered_models.create("m1", "", {}, by=ANN)

    def work(desk: Any) -> list[RegistryEvent]:
        desk.record(Change("alias.set", "m1", 1, target="stage:Staging"), ANN)
        return list(desk.moves("stage:Staging"))

    with plans() as found:
        assert [one.target for one in store.governance.within("m1", work)] == ["stage:Staging"]
    assert "registry_events_model_target_id" in " ".join(found)
    assert not [line for line in found if line.startswith("SCAN registry_events")], found


@pytest.mark.parametrize("state", [None, MessageState.PENDING, MessageState.DEAD])
@pytest.mark.parametrize("before", [0, EVENTS // 2])
def test_deliveries_of_a_webhook_are_found_by_an_index(
    store: MetadataStore, state: MessageState | None, before: int
) -> None:
    with plans() as found:
        store.outbox.messages("w", state, before, 50)
        store.outbox.first("w")
    assert all("USING INDEX ix_webhook_messages" in line for line in found), found


def test_whose_turn_it_is_is_found_without_looking_at_all_that_waits(store: MetadataStore) -> None:
    with plans() as found:
        assert list(store.outbox.waiting(1)) == ["w"]
    of_messages = [line for line in found if "webhook_messages" in line or "ahead" in line]
    assert len(of_messages) == 2
    assert all("SEARCH" in line and ("ahead" not in line or "COVERING INDEX" in line) for line in of_messages), found
