"""What the registry promises of webhooks, near and far; part of `treering.testing.registry.RegistrySuite`."""

from __future__ import annotations

import uuid

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.page import Query
from treering.entities.webhook import (
    NewWebhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)
from treering.registry.base import ModelRegistry

__all__ = ["WebhooksSuite"]

_MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
_IMPOSSIBLE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.EXCEEDED)
_PUBLIC = "https://8.8.8.8/hook"


def _new(name: str = "", url: str = _PUBLIC) -> NewWebhook:
    return NewWebhook(name or f"suite-{uuid.uuid4().hex}", url, [_MADE, _MADE], "why", "hush")


class WebhooksSuite:
    """The promises of `treering.registry.base.Webhooks`, on a registry that sends to public addresses only."""

    def test_a_webhook_is_made_changed_and_deleted(self, registry: ModelRegistry) -> None:
        """Its events are told once, its secret never."""
        made = registry.webhooks.create(_new("first.one"))
        assert (made.name, made.url, list(made.events), made.description) == ("first.one", _PUBLIC, [_MADE], "why")
        assert made.status is WebhookStatus.ACTIVE
        assert made.creation_time == made.last_update_time > 0
        assert registry.webhooks.get(made.webhook_id) == made
        assert "hush" not in repr(made)
        changes = WebhookChanges(url="https://1.1.1.1/", status=WebhookStatus.DISABLED)
        changed = registry.webhooks.update(made.webhook_id, changes)
        assert (changed.name, changed.url, changed.status) == ("first.one", "https://1.1.1.1/", WebhookStatus.DISABLED)
        registry.webhooks.delete(made.webhook_id)
        for call in (registry.webhooks.get, registry.webhooks.delete, registry.webhooks.test):
            with pytest.raises(NotFound):
                call(made.webhook_id)

    def test_webhooks_in_pages(self, registry: ModelRegistry) -> None:
        """Each once, the newest first."""
        prefix = uuid.uuid4().hex
        made = [registry.webhooks.create(_new(f"{prefix}-{number}")) for number in range(3)]
        page = registry.webhooks.search(Query(f"name LIKE '{prefix}%'", max_results=2, with_total=True))
        assert page.total == 3
        rest = Query(f"name LIKE '{prefix}%'", max_results=2, page_token=page.next_token)
        found = [*page.items, *registry.webhooks.search(rest).items]
        assert {webhook.webhook_id for webhook in found} == {webhook.webhook_id for webhook in made}
        times = [webhook.creation_time for webhook in found]
        assert times == sorted(times, reverse=True)

    @pytest.mark.parametrize("name", ["", "a b", "-a", "a-", "a" * 64, "a/b", "\u00fc"])
    def test_a_webhook_name_that_cannot_be(self, registry: ModelRegistry, name: str) -> None:
        """Is refused."""
        with pytest.raises(InvalidInput, match="name"):
            registry.webhooks.create(NewWebhook(name, _PUBLIC, [_MADE]))

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "http://8.8.8.8/",
            "ftp://8.8.8.8/",
            "https://",
            "https://8.8.8.8:x/",
            "https://8.8.8.8/a b",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fd00::1]/",
            "https://0/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::ffff:169.254.169.254]/",
            "https://[fe80::1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://ann:hush@8.8.8.8/",
            "https://token@8.8.8.8/",
            "https://8.8.8.8/" + "x" * 2048,
        ],
    )
    def test_a_url_that_cannot_be(self, registry: ModelRegistry, url: str) -> None:
        """Is refused: another scheme, a private address, no host at all."""
        with pytest.raises(InvalidInput, match=r"[Ww]ebhook") as caught:
            registry.webhooks.create(_new(url=url))
        assert "hush" not in str(caught.value)
        made = registry.webhooks.create(_new())
        with pytest.raises(InvalidInput, match=r"[Ww]ebhook"):
            registry.webhooks.update(made.webhook_id, WebhookChanges(url=url))
        assert registry.webhooks.get(made.webhook_id).url == _PUBLIC

    def test_events_that_cannot_be(self, registry: ModelRegistry) -> None:
        """Are refused: none at all, or an action that the entity does not know."""
        with pytest.raises(InvalidInput, match="empty"):
            registry.webhooks.create(NewWebhook("a", _PUBLIC, []))
        with pytest.raises(InvalidInput, match="Invalid action"):
            registry.webhooks.create(NewWebhook("a", _PUBLIC, [_IMPOSSIBLE]))
        made = registry.webhooks.create(_new())
        with pytest.raises(InvalidInput, match="Invalid action"):
            registry.webhooks.test(made.webhook_id, _IMPOSSIBLE)
