"""The words for the state of things, spelled as MLflow spells them on the wire."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Lifecycle", "LoggedModelStatus", "ModelVersionStatus", "RunStatus", "View"]


class Lifecycle(StrEnum):
    """Whether a thing is in use or was deleted softly."""

    ACTIVE = "active"
    DELETED = "deleted"


class View(StrEnum):
    """Which lifecycle stages a search looks at."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"

    def includes(self, stage: Lifecycle) -> bool:
        """Whether things in `stage` are seen."""
        return self is View.ALL or (self is View.ACTIVE_ONLY) == (stage is Lifecycle.ACTIVE)


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def is_terminated(self) -> bool:
        """Whether nothing more is expected of the run."""
        return self in {RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED}


class LoggedModelStatus(StrEnum):
    """Whether the files of a logged model are complete."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class ModelVersionStatus(StrEnum):
    """Whether a registered version can be used."""

    PENDING_REGISTRATION = "PENDING_REGISTRATION"
    FAILED_REGISTRATION = "FAILED_REGISTRATION"
    READY = "READY"
