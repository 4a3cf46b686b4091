"""What the model registry promises; near and far implementations stand behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.entities.governance import (
    ApprovalRule,
    NewCheck,
    Note,
    Promotion,
    PromotionState,
    RegistryEvent,
    VersionCheck,
    VersionComparison,
)
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

__all__ = [
    "Governance",
    "ModelRegistry",
    "ModelVersions",
    "NewModelVersion",
    "RegisteredModels",
    "VersionedModels",
    "Webhooks",
]


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

    def deliveries(
        self, webhook_id: str = "", state: MessageState | None = None, max_results: int = 100, page_token: str = ""
    ) -> Page[WebhookMessage]:
        """Messages to a webhook, or to all, that wait, or were delivered or given up lately; the newest first."""
        ...

    def redeliver(self, message_id: str) -> WebhookMessage:
        """Let a message be sent again as if it never had been, under its old id. Raises NotFound."""
        ...

    def deliver(self) -> DeliveryReport:
        """Send all messages that are due now; a server does so by itself. Raises NotSupported for a server's registry."""
        ...


class Governance(Protocol):
    """Who may move versions where, what was decided, and what happened.

    A target is `stage:<name>` or `alias:<name>`. `user` is who acts; "" stands for the one whom
    this process, or the request, acts for. Methods that name a model or version raise NotFound for
    an unknown one.
    """

    def rules(self, model: str = "") -> Sequence[ApprovalRule]:
        """Those that hold for a model, its own and those for all; without a model all there are."""
        ...

    def set_rule(self, rule: ApprovalRule, reason: str = "", *, user: str = "") -> ApprovalRule:
        """Make or change the rule for a model and target. Raises InvalidInput for one that could never be met."""
        ...

    def remove_rule(self, model: str, target: str, reason: str = "", *, user: str = "") -> None:
        """Raises NotFound if there is none."""
        ...

    def promote(
        self, name: str, version: int, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> Promotion:
        """Move a version to a target; where a rule asks for more, the promotion waits, and says what for.

        In a stage the versions that were there go to Archived. Asking again for what waits looks again.

        Args:
            replacing: The version that is expected to hold the target, 0 for none. Where it is not
                given, it is the one that holds it when this is called.

        Raises:
            Conflict: If another version holds the target than was expected, or another promotion to
                it waits: of two at once, one wins and the other is told.
            PermissionDenied: If a rule guards the target, and nobody knows who asks.
        """
        ...

    def promotion(self, promotion_id: str) -> Promotion:
        """One promotion. Raises NotFound."""
        ...

    def promotions(
        self, name: str = "", state: PromotionState | None = None, max_results: int = 100
    ) -> Sequence[Promotion]:
        """Those of a model, or of all; the newest first."""
        ...

    def approve(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """Approve what waits; with the last approval it is done.

        Raises:
            PermissionDenied: If the rule does not let this user decide.
            Conflict: If it is decided already, or this user has approved already.
        """
        ...

    def reject(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """End what waits. Raises as `approve`."""
        ...

    def withdraw(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """As `reject`, by the one who asked for it."""
        ...

    def rollback(
        self, name: str, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> ModelVersion:
        """Give a target back to the version that held it before, which needs no approval; that version.

        Args:
            replacing: The version that is expected to hold the target, as for `promote`.

        Raises:
            Conflict: If the history knows no version that held it before and exists still, or another
                version holds it than was expected: of two who roll back at once, one is told.
        """
        ...

    def set_check(self, check: NewCheck, *, user: str = "") -> VersionCheck:
        """Record the outcome of a check; promotions of the version that waited for nothing else are done."""
        ...

    def checks(self, name: str, version: int) -> Sequence[VersionCheck]:
        """The last outcome of each check, by name."""
        ...

    def annotate(self, name: str, version: int, text: str, *, reply_to: str = "", user: str = "") -> Note:
        """Remark on a version, or answer a note on it."""
        ...

    def notes(self, name: str, version: int) -> Sequence[Note]:
        """The oldest first."""
        ...

    def history(
        self, name: str = "", version: int = 0, max_results: int = 100, page_token: str = ""
    ) -> Page[RegistryEvent]:
        """What happened to a model, to one version of it, or to all; the newest first. Deleted ones keep theirs."""
        ...

    def compare(self, versions: Sequence[tuple[str, int]]) -> VersionComparison:
        """Versions beside each other: metrics, params, signature, requirements, data, code and evaluation."""
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
    governance: Governance
