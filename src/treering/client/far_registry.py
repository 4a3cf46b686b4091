"""The model registry over HTTP: each method is one request to the native API of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.client.channel import Channel
from treering.client.far_governance import FarGovernance
from treering.core.errors import NotSupported
from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.entities.webhook import (
    DeliveryReport,
    MessageState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookEvent,
    WebhookMessage,
    WebhookReply,
)
from treering.registry.base import ModelRegistry, NewModelVersion
from treering.registry.names import check_alias, check_present
from treering.wire.native import models, webhooks

__all__ = ["FarModelVersions", "FarRegisteredModels", "FarWebhooks", "far_registry"]


class FarRegisteredModels:
    """Registered models of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, name: str, description: str = "", tags: Mapping[str, str] | None = None) -> RegisteredModel:
        """As `RegisteredModels.create`."""
        asked = models.CreateRegisteredModel(name, description, tags or {})
        return self._call(models.CREATE_REGISTERED_MODEL, asked)

    def get(self, name: str) -> RegisteredModel:
        """As `RegisteredModels.get`."""
        return self._call(models.GET_REGISTERED_MODEL, models.RegisteredModelName(name))

    def search(self, query: Query) -> Page[RegisteredModel]:
        """As `RegisteredModels.search`."""
        page = self._call(models.SEARCH_REGISTERED_MODELS, models.SearchModels.of(query))
        return Page(page.models, page.next_token, page.total)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """As `RegisteredModels.rename`."""
        return self._call(models.RENAME_REGISTERED_MODEL, models.RenameRegisteredModel(name, new_name))

    def update(self, name: str, description: str) -> RegisteredModel:
        """As `RegisteredModels.update`."""
        asked = models.UpdateRegisteredModel(name, description)
        return self._call(models.UPDATE_REGISTERED_MODEL, asked, repeatable=True)

    def delete(self, name: str) -> None:
        """As `RegisteredModels.delete`."""
        self._call(models.DELETE_REGISTERED_MODEL, models.RegisteredModelName(name))

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """As `RegisteredModels.set_tags`."""
        self._call(models.SET_REGISTERED_MODEL_TAGS, models.RegisteredModelTags(name, tags), repeatable=True)

    def delete_tag(self, name: str, key: str) -> None:
        """As `RegisteredModels.delete_tag`."""
        self._call(models.DELETE_REGISTERED_MODEL_TAG, models.RegisteredModelTag(name, key), repeatable=True)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """As `RegisteredModels.set_alias`."""
        # An empty one would make another path.
        asked = models.SetAlias(name, check_alias(alias), version)
        self._call(models.SET_ALIAS, asked, repeatable=True)

    def delete_alias(self, name: str, alias: str) -> None:
        """As `RegisteredModels.delete_alias`."""
        self._call(models.DELETE_ALIAS, models.Alias(name, alias), repeatable=True)


class FarModelVersions:
    """Model versions of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, new: NewModelVersion) -> ModelVersion:
        """As `ModelVersions.create`."""
        asked = models.CreateVersion(
            new.name,
            new.source,
            new.run_id,
            new.run_link,
            new.model_id,
            new.description,
            new.user_id,
            new.tags or {},
        )
        return self._call(models.CREATE_VERSION, asked)

    def get(self, name: str, version: int) -> ModelVersion:
        """As `ModelVersions.get`."""
        return self._call(models.GET_VERSION, models.VersionNumber(name, version))

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """As `ModelVersions.get_by_alias`."""
        return self._call(models.GET_BY_ALIAS, models.Alias(name, alias))

    def search(self, query: Query) -> Page[ModelVersion]:
        """As `ModelVersions.search`."""
        page = self._call(models.SEARCH_VERSIONS, models.SearchModels.of(query))
        return Page(page.versions, page.next_token, page.total)

    def update(self, name: str, version: int, description: str) -> ModelVersion:
        """As `ModelVersions.update`."""
        asked = models.UpdateVersion(name, version, description)
        return self._call(models.UPDATE_VERSION, asked, repeatable=True)

    def transition(self, name: str, version: int, stage: str, *, archive_existing: bool = False) -> ModelVersion:
        """As `ModelVersions.transition`."""
        asked = models.TransitionVersion(name, version, stage, archive_existing)
        return self._call(models.TRANSITION_VERSION, asked, repeatable=True)

    def latest(self, name: str, stages: Sequence[str] = ()) -> Sequence[ModelVersion]:
        """As `ModelVersions.latest`."""
        return self._call(models.LATEST_VERSIONS, models.LatestVersions(name, stages)).versions

    def delete(self, name: str, version: int) -> None:
        """As `ModelVersions.delete`."""
        self._call(models.DELETE_VERSION, models.VersionNumber(name, version))

    def set_tags(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """As `ModelVersions.set_tags`."""
        self._call(models.SET_VERSION_TAGS, models.VersionTags(name, version, tags), repeatable=True)

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """As `ModelVersions.delete_tag`."""
        self._call(models.DELETE_VERSION_TAG, models.VersionTag(name, version, key), repeatable=True)


class FarWebhooks:
    """Webhooks of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, new: NewWebhook) -> Webhook:
        """As `Webhooks.create`."""
        return self._call(webhooks.CREATE, new)

    def get(self, webhook_id: str) -> Webhook:
        """As `Webhooks.get`."""
        return self._call(webhooks.GET, webhooks.WebhookId(_present(webhook_id)))

    def search(self, query: Query) -> Page[Webhook]:
        """As `Webhooks.search`."""
        page = self._call(webhooks.SEARCH, webhooks.SearchWebhooks.of(query))
        return Page(page.webhooks, page.next_token, page.total)

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """As `Webhooks.update`."""
        asked = webhooks.UpdateWebhook(
            _present(webhook_id),
            changes.name,
            changes.url,
            changes.events,
            changes.description,
            changes.secret,
            changes.status,
        )
        return self._call(webhooks.UPDATE, asked, repeatable=True)

    def delete(self, webhook_id: str) -> None:
        """As `Webhooks.delete`."""
        self._call(webhooks.DELETE, webhooks.WebhookId(_present(webhook_id)))

    def test(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookReply:
        """As `Webhooks.test`."""
        return self._call(webhooks.TEST, webhooks.TestWebhook(_present(webhook_id), event))

    def deliveries(
        self, webhook_id: str = "", state: MessageState | None = None, max_results: int = 100, page_token: str = ""
    ) -> Page[WebhookMessage]:
        """As `Webhooks.deliveries`."""
        asked = webhooks.AskDeliveries(webhook_id, "" if state is None else state.value, max_results, page_token)
        page = self._call(webhooks.DELIVERIES, asked)
        return Page(page.messages, page.next_token)

    def redeliver(self, message_id: str) -> WebhookMessage:
        """As `Webhooks.redeliver`."""
        asked = webhooks.MessageId(check_present(message_id, "message_id"))
        return self._call(webhooks.REDELIVER, asked, repeatable=True)

    def deliver(self) -> DeliveryReport:
        """A server needs no help."""
        msg = "The server delivers messages to webhooks by itself. See what became of them with `treering webhooks deliveries`."
        raise NotSupported(msg)


def _present(webhook_id: str) -> str:
    """An empty one would make another path."""
    return check_present(webhook_id, "webhook_id")


def far_registry(channel: Channel) -> ModelRegistry:
    """All of a server's registry."""
    return ModelRegistry(
        FarRegisteredModels(channel), FarModelVersions(channel), FarWebhooks(channel), FarGovernance(channel)
    )
