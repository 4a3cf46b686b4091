"""`Client` on registered models and their versions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from treering.client.api.base import ClientPart, PagedList, paged
from treering.client.context import user_name
from treering.client.models import register_at
from treering.core.errors import AlreadyExists, InvalidInput
from treering.core.uri import parse_model_uri
from treering.entities.model import STAGES, ModelVersion, RegisteredModel
from treering.entities.page import Query
from treering.entities.webhook import (
    MessageState,
    NewWebhook,
    Webhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookMessage,
    WebhookReply,
    WebhookStatus,
)
from treering.registry.base import ModelRegistry, NewModelVersion
from treering.registry.locate import find_version

__all__ = ["RegistryCalls", "version_number"]


class RegistryCalls(ClientPart):
    """The registry; errors as in `treering.registry.base`. Versions may be given as numbers or text."""

    def create_registered_model(
        self, name: str, tags: Mapping[str, object] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Register a name."""
        return self._registry().models.create(name, description or "", _texts(tags))

    def get_registered_model(self, name: str) -> RegisteredModel:
        """One registered model."""
        return self._registry().models.get(name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of registered models."""
        query = Query(filter_string or "", order_by or (), max_results, page_token or "")
        return paged(self._registry().models.search(query))

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give another name; versions and aliases move along."""
        return self._registry().models.rename(name, new_name)

    def update_registered_model(self, name: str, description: str | None = None) -> RegisteredModel:
        """Set the description."""
        return self._registry().models.update(name, description or "")

    def delete_registered_model(self, name: str) -> None:
        """Delete for good, with its versions."""
        self._registry().models.delete(name)

    def set_registered_model_tag(self, name: str, key: str, value: object) -> None:
        """Set a tag."""
        self._registry().models.set_tags(name, {key: str(value)})

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag."""
        self._registry().models.delete_tag(name, key)

    def set_registered_model_alias(self, name: str, alias: str, version: str | int) -> None:
        """Point an alias at a version."""
        self._registry().models.set_alias(name, alias, version_number(version))

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Remove an alias."""
        self._registry().models.delete_alias(name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias points at."""
        return self._registry().versions.get_by_alias(name, alias)

    def create_model_version(  # noqa: PLR0913, PLR0917  # MLflow's signature
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, object] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = 300,  # noqa: ARG002  # as above; a version is ready when this returns
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register a version; the name must exist."""
        return self._registry().versions.create(
            NewModelVersion(
                name,
                source,
                run_id or "",
                run_link or "",
                model_id or "",
                description or "",
                user_name(),
                _texts(tags),
            )
        )

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """Register what `models:/<name>/<version>` or `models:/<name>@<alias>` names under another name too."""
        wanted = parse_model_uri(src_model_uri)
        if not wanted.name:
            msg = f"{src_model_uri!r} names no registered version. Write models:/<name>/<version>."
            raise InvalidInput(msg)
        registry = self._registry()
        version = find_version(wanted, registry)
        with contextlib.suppress(AlreadyExists):
            registry.models.create(dst_name)
        source = f"models:/{version.name}/{version.version}"
        return registry.versions.create(
            NewModelVersion(
                dst_name,
                source,
                version.run_id,
                version.run_link,
                version.model_id,
                version.description,
                user_name(),
                dict(version.tags),
            )
        )

    def register_model(self, model_uri: str, name: str) -> ModelVersion:
        """As `treering.register_model`, in this client's place."""
        return register_at(self._place, model_uri, name)

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        """One version."""
        return self._registry().versions.get(name, version_number(version))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of versions."""
        query = Query(filter_string or "", order_by or (), max_results, page_token or "")
        return paged(self._registry().versions.search(query))

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage."""
        return list(self._registry().versions.latest(name, stages or ()))

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        """Set the description."""
        return self._registry().versions.update(name, version_number(version), description or "")

    def transition_model_version_stage(
        self,
        name: str,
        version: str | int,
        stage: str,
        archive_existing_versions: bool = False,  # noqa: FBT001, FBT002  # MLflow's signature
    ) -> ModelVersion:
        """Move a version to a stage."""
        versions = self._registry().versions
        return versions.transition(name, version_number(version), stage, archive_existing=archive_existing_versions)

    def get_model_version_stages(self, name: str, version: str | int) -> list[str]:
        """The stages that a version can be in."""
        self.get_model_version(name, version)
        return list(STAGES)

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Delete for good."""
        self._registry().versions.delete(name, version_number(version))

    def set_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str = "",
        value: object = "",
        stage: str | None = None,
    ) -> None:
        """Set a tag of a version, or of the newest one in a stage."""
        self._registry().versions.set_tags(name, self._which(name, version, stage), {key: str(value)})

    def delete_model_version_tag(
        self, name: str, version: str | int | None = None, key: str = "", stage: str | None = None
    ) -> None:
        """Remove a tag of a version, or of the newest one in a stage."""
        self._registry().versions.delete_tag(name, self._which(name, version, stage), key)

    def create_webhook(  # MLflow's signature
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent | str],
        description: str | None = None,
        secret: str | None = None,
        status: str | None = None,
    ) -> Webhook:
        """Let an address be told of events, such as "model_version.created"; with a secret its messages are signed."""
        chosen = WebhookStatus(status or WebhookStatus.ACTIVE)
        new = NewWebhook(name, url, [_event(one) for one in events], description or "", secret or "", chosen)
        return self._registry().webhooks.create(new)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """One webhook, without its secret."""
        return self._registry().webhooks.get(webhook_id)

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> PagedList:
        """A page of webhooks, the newest first."""
        query = Query(max_results=max_results or 100, page_token=page_token or "")
        return paged(self._registry().webhooks.search(query))

    def update_webhook(  # noqa: PLR0913, PLR0917  # MLflow's signature
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: Sequence[WebhookEvent | str] | None = None,
        secret: str | None = None,
        status: str | None = None,
    ) -> Webhook:
        """Change what is given."""
        changed = None if events is None else [_event(one) for one in events]
        changes = WebhookChanges(name, url, changed, description, secret, WebhookStatus(status) if status else None)
        return self._registry().webhooks.update(webhook_id, changes)

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete for good."""
        self._registry().webhooks.delete(webhook_id)

    def test_webhook(self, webhook_id: str, event: WebhookEvent | str | None = None) -> WebhookReply:
        """Send one message with made-up data, and tell what came back."""
        return self._registry().webhooks.test(webhook_id, None if event is None else _event(event))

    def get_webhook_deliveries(
        self, webhook_id: str = "", state: str | None = None, max_results: int = 100, page_token: str = ""
    ) -> PagedList:
        """A page of messages to a webhook, or to all: those that wait, and those of the last 30 days; the newest first."""
        wanted = None if state is None else MessageState(state)
        return paged(self._registry().webhooks.deliveries(webhook_id, wanted, max_results, page_token))

    def redeliver_webhook_message(self, message_id: str) -> WebhookMessage:
        """Let a message be sent again, as if it never had been."""
        return self._registry().webhooks.redeliver(message_id)

    def _registry(self) -> ModelRegistry:
        return self._place.services().registry

    def _which(self, name: str, version: str | int | None, stage: str | None) -> int:
        if (version is None) == (stage is None):
            msg = "Name the version by exactly one of version and stage."
            raise InvalidInput(msg)
        if version is not None:
            return version_number(version)
        found = self._registry().versions.latest(name, [stage or ""])
        if not found:
            msg = f"No version of {name!r} is in the stage {stage!r}. Name a version instead."
            raise InvalidInput(msg)
        return found[0].version


def version_number(version: str | int) -> int:
    """The number that is meant. Raises InvalidInput."""
    try:
        return int(version)
    except ValueError as error:
        msg = f"{version!r} is no version of a model. Give a whole number."
        raise InvalidInput(msg) from error


def _event(event: WebhookEvent | str) -> WebhookEvent:
    if isinstance(event, WebhookEvent):
        return event
    entity, _, action = event.partition(".")
    try:
        return WebhookEvent(WebhookEntity(entity), WebhookAction(action))
    except ValueError as error:
        msg = f"{event!r} is no event. Write it as entity.action, such as model_version.created."
        raise InvalidInput(msg) from error


def _texts(tags: Mapping[str, object] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (tags or {}).items()}
