"""What the model registry promises; near and far implementations stand behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.entities.webhook import NewWebhook, Webhook, WebhookChanges, WebhookEvent, WebhookReply

__all__ = ["ModelRegistry", "ModelVersions", "NewModelVersion", "RegisteredModels", "VersionedModels", "Webhooks"]


class RegisteredModels(Protocol):
    """Names under which versions are kept. All methods raise NotFound for an unknown name."""

    def create(self, name: str, description: str = "", tags: Mapping[str, str] | None = None) -> RegisteredModel:
        """Raises AlreadyExists; InvalidInput for a name that is empty or holds '/' or ':'."""
        ...

    def get(self, name: str) -> RegisteredModel:
        """The model with its aliases and the newest version of each stage."""
        ...

    def search(self, query: Query) -> Page[RegisteredModel]:
        """Models that match, by name unless asked otherwise. Raises BadFilter."""
        ...

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Versions and aliases move along. Raises AlreadyExists."""
        ...

    def update(self, name: str, description: str) -> RegisteredModel:
        """Set the description; "" clears it."""
        ...

    def delete(self, name: str) -> None:
        """Delete for good, with its versions and aliases; the artifacts stay."""
        ...

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """Add or change tags."""
        ...

    def delete_tag(self, name: str, key: str) -> None:
        """Remove a tag; no error where there is none."""
        ...

    def set_alias(self, name: str, alias: str, version: int) -> None:
        r"""Point `alias` at a version, away from where it pointed before.

        Raises:
            InvalidInput: For `latest`, `v<digits>` and names with other characters than `\\w` and `-`.
        """
        ...

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; no error where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class NewModelVersion:
    """What is asked for when a version is registered.

    Attributes:
        source: A URI that `treering.registry.locate` understands, or of a store.
    """

    name: str
    source: str
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    description: str = ""
    user_id: str = ""
    tags: Mapping[str, str] | None = None


class ModelVersions(Protocol):
    """Numbered versions of registered models. All methods raise NotFound for an unknown one."""

    def create(self, new: NewModelVersion) -> ModelVersion:
        """Number it one above the highest ever used for the name."""
        ...

    def get(self, name: str, version: int) -> ModelVersion:
        """One version."""
        ...

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that `alias` points at; `latest` is the highest. Raises NotFound for an unknown alias."""
        ...

    def search(self, query: Query) -> Page[ModelVersion]:
        """Versions that match, last changed first unless asked otherwise. Raises BadFilter."""
        ...

    def update(self, name: str, version: int, description: str) -> ModelVersion:
        """Set the description."""
        ...

    def transition(self, name: str, version: int, stage: str, *, archive_existing: bool = False) -> ModelVersion:
        """Move to a stage; with `archive_existing` the others in that stage go to Archived. Raises InvalidInput."""
        ...

    def latest(self, name: str, stages: Sequence[str] = ()) -> Sequence[ModelVersion]:
        """The newest version of each stage, or of the given ones."""
        ...

    def delete(self, name: str, version: int) -> None:
        """Delete for good; the number is never used again."""
        ...

    def set_tags(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """Add or change tags."""
        ...

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag; no error where there is none."""
        ...


class Webhooks(Protocol):
    """Addresses that are told of events. Methods that name one raise NotFound for an unknown id."""

    def create(self, new: NewWebhook) -> Webhook:
        """Raises InvalidInput for a name, a URL or events that cannot be."""
        ...

    def get(self, webhook_id: str) -> Webhook:
        """One webhook; never its secret."""
        ...

    def search(self, query: Query) -> Page[Webhook]:
        """The newest first unless asked otherwise. Raises BadFilter."""
        ...

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """Change what is given. Raises InvalidInput, as `create`."""
        ...

    def delete(self, webhook_id: str) -> None:
        """Delete for good."""
        ...

    def test(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookReply:
        """Send one message with made-up data, of the first event that the webhook is told of unless another is named."""
        ...


@dataclass(frozen=True, slots=True)
class VersionedModels:
    """Registered models with their versions."""

    models: RegisteredModels
    versions: ModelVersions


@dataclass(frozen=True, slots=True)
class ModelRegistry(VersionedModels):
    """The whole registry: what `assembly` or the client hands out."""

    webhooks: Webhooks
