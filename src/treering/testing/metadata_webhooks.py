"""What a metadata database must do with webhooks."""

from __future__ import annotations

import pytest

from treering.core.errors import BadFilter, NotFound
from treering.entities.page import Query
from treering.entities.webhook import (
    Webhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)
from treering.storage.metadata.base import MetadataStore

__all__ = ["WebhookSuite"]

_MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
_TAGGED = WebhookEvent(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET)


def _webhook(name: str, created: int = 1000) -> Webhook:
    return Webhook(
        f"id-{name}", name, "https://example.com/\u00fc?q=1", (_MADE, _TAGGED), WebhookStatus.ACTIVE, created, created
    )


class WebhookSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_a_webhook_comes_back_as_it_was(self, store: MetadataStore) -> None:
        made = _webhook("a")
        assert store.webhooks.create(made, "hush") == made
        assert store.webhooks.get("id-a") == made
        assert store.webhooks.secret("id-a") == "hush"

    def test_what_is_given_is_changed(self, store: MetadataStore) -> None:
        made = _webhook("a")
        store.webhooks.create(made, "hush")
        changed = store.webhooks.update("id-a", WebhookChanges(name="b", events=[_MADE], description="why"))
        assert (changed.name, changed.url, tuple(changed.events), changed.description) == (
            "b",
            made.url,
            (_MADE,),
            "why",
        )
        assert changed.last_update_time > made.last_update_time
        assert store.webhooks.get("id-a").events == changed.events
        assert store.webhooks.secret("id-a") == "hush"
        store.webhooks.update("id-a", WebhookChanges(secret="", status=WebhookStatus.DISABLED))
        assert store.webhooks.secret("id-a") == ""
        assert store.webhooks.get("id-a").status is WebhookStatus.DISABLED
        assert store.webhooks.get("id-a").name == "b"

    def test_the_newest_come_first_in_pages(self, store: MetadataStore) -> None:
        for number in range(5):
            store.webhooks.create(_webhook(f"w{number}", 1000 + number // 2), "")
        names: list[str] = []
        token = ""
        while True:
            page = store.webhooks.search(Query(max_results=2, page_token=token, with_total=True))
            assert page.total == 5
            names += [webhook.name for webhook in page.items]
            token = page.next_token
            if not token:
                break
        assert names == ["w4", "w2", "w3", "w0", "w1"]
        found = store.webhooks.search(Query("name LIKE 'w%' AND creation_timestamp > 1001", ["name"]))
        assert [webhook.name for webhook in found.items] == ["w4"]
        with pytest.raises(BadFilter, match="no attribute"):
            store.webhooks.search(Query("secret = 'x'"))

    def test_a_deleted_one_is_gone_with_its_secret(self, store: MetadataStore) -> None:
        store.webhooks.create(_webhook("a"), "hush")
        store.webhooks.delete("id-a")
        assert list(store.webhooks.search(Query()).items) == []
        for call in (store.webhooks.get, store.webhooks.secret, store.webhooks.delete):
            with pytest.raises(NotFound, match="id-a"):
                call("id-a")
        with pytest.raises(NotFound):
            store.webhooks.update("id-a", WebhookChanges(name="b"))
