"""Names with values, as MLflow's client takes them one by one."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ExperimentTag", "InputTag", "Param", "RunTag"]


@dataclass(frozen=True, slots=True)
class Param:
    """A param of a run."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RunTag:
    """A tag of a run."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class InputTag:
    """A tag that says how a run used a dataset."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ExperimentTag:
    """A tag of an experiment."""

    key: str
    value: str
