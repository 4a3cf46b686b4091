"""What can be brought over: a place that holds experiments, runs and models of another tool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.core.errors import NotFound
from treering.entities.experiment import Experiment
from treering.entities.metric import MetricColumns
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.storage.objects.base import ObjectStore

__all__ = ["FoundRun", "Source", "wished"]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run without its points.

    Attributes:
        counts: How many points each metric has, where the source can tell cheaply; else None.
        deleted_together: Whether it was deleted with its experiment, and not before.
        deleted: When, in milliseconds since the epoch; None where it was not, or nobody wrote it down.
    """

    run: Run
    counts: dict[str, int] | None = None
    deleted_together: bool = False
    deleted: int | None = None


class Source(Protocol):
    """A place to bring things from; read only, one thread."""

    @property
    def name(self) -> str:
        """What to call it in messages, without a password."""
        ...

    def experiments(self) -> Iterator[Experiment]:
        """All, deleted or not."""
        ...

    def runs(self, experiment_id: str) -> Iterator[FoundRun]:
        """All of an experiment, deleted or not."""
        ...

    def histories(self, run: Run) -> Iterator[tuple[str, MetricColumns]]:
        """Every metric with all its points; a long one comes in several parts."""
        ...

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """All of an experiment, with the points that judge them."""
        ...

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All, with their aliases."""
        ...

    def versions(self, name: str) -> Iterator[ModelVersion]:
        """All of a registered model, by number."""
        ...

    def artifacts(self, uri: str) -> ObjectStore:
        """What lies below an artifact URI that the source named."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


def wished(source: Source, names: Sequence[str]) -> list[Experiment]:
    """The experiments of these names or ids, all where none is named. Raises NotFound for one that does not exist."""
    wanted = set(names)
    found = [one for one in source.experiments() if not wanted or {one.name, one.experiment_id} & wanted]
    if missing := wanted - {word for one in found for word in (one.name, one.experiment_id)}:
        msg = f"{source.name} has no experiment {min(missing)!r}. Check the name or id."
        raise NotFound(msg)
    return found
