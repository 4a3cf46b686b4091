"""What was deleted softly and may be removed for good."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["DeletedItem", "Kind"]


class Kind(StrEnum):
    """What kind of thing it is."""

    RUN = "run"
    LOGGED_MODEL = "logged model"
    EXPERIMENT = "experiment"


@dataclass(frozen=True, slots=True)
class DeletedItem:
    """One thing that was deleted softly.

    Attributes:
        artifact_uri: Where its files lie.
        deleted: When, in milliseconds since the epoch; None where nobody wrote it down.
    """

    kind: Kind
    item_id: str
    experiment_id: str
    artifact_uri: str
    deleted: int | None
