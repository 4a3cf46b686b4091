"""What else than MLflow's metrics is asked of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treering.client.evaluating.table import EvaluationTable
from treering.core.errors import InvalidInput
from treering.entities.objective import Criterion
from treering.evaluation.thresholds import MetricThreshold
from treering.tracking.objectives import criteria_of, parse_criterion

__all__ = ["DEFAULT_REPLICATES", "Asked", "asked", "demands_of"]

DEFAULT_REPLICATES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The part of `evaluate`'s arguments that MLflow does not have; they are described there.

    Attributes:
        replicates: Of the bootstrap; 0 for no intervals.
        thresholds: MLflow's, by metric.
        criteria: Demands as people write them.
        private: The columns of `sensitive` that are in the data; they are kept from models and files.
    """

    slices: Sequence[Any] | Mapping[str, Any] = ()
    sensitive: Mapping[str, Any] = field(default_factory=dict)
    private: tuple[str, ...] = ()
    value_matrix: Any = None
    model_cost: float | None = None
    thresholds: Mapping[str, MetricThreshold] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()
    baseline: Any = None
    explain: Any = None
    robustness: Any = None
    replicates: int = DEFAULT_REPLICATES
    confidence: float = 0.95
    plots: bool = True
    card: bool = True
    seed: int = 0


def asked(given: Mapping[str, Any], table: EvaluationTable) -> Asked:
    """The arguments, checked.

    Raises:
        InvalidInput: If one cannot be meant.
    """
    for name in ("slices", "sensitive", "thresholds"):
        if given.get(name) is not None and not isinstance(given[name], Iterable):
            msg = f"{name}={given[name]!r:.100}: give a text, a list or a dictionary."
            raise InvalidInput(msg)
    sensitive, private = _sensitive(given.get("sensitive"), table)
    thresholds, criteria = demands_of(given.get("thresholds"))
    intervals = given.get("intervals", True)
    confidence, seed = given.get("confidence", 0.95), given.get("seed", 0)
    if not _is_count(intervals or 0) or not _is_count(seed):
        msg = f"intervals={intervals!r}, seed={seed!r}: give how often to resample, or False, and a whole number from 0 on."
        raise InvalidInput(msg)
    if not isinstance(confidence, int | float) or not 0 < confidence < 1:
        msg = f"confidence={confidence!r}: give a number between 0 and 1."
        raise InvalidInput(msg)
    replicates = DEFAULT_REPLICATES if intervals is True else int(intervals or 0)
    known = {
        name: given[name]
        for name in ("value_matrix", "model_cost", "baseline", "explain", "robustness", "plots", "card", "seed")
        if name in given
    }
    return Asked(
        slices=given.get("slices") or (),
        sensitive=sensitive,
        private=private,
        thresholds=thresholds,
        criteria=criteria,
        replicates=replicates,
        confidence=confidence,
        **known,
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def demands_of(thresholds: Any) -> tuple[dict[str, MetricThreshold], tuple[Criterion, ...]]:
    """Thresholds as MLflow has them, and those that are written as texts.

    Args:
        thresholds: By metric a `MetricThreshold`, or a bound such as `>= 0.9`, or several; or a list of lines such as
            `recall[age over 60] >= 0.8`.

    Raises:
        InvalidInput: If one is neither.
    """
    if not thresholds:
        return {}, ()
    if not isinstance(thresholds, Mapping):
        lines = [thresholds] if isinstance(thresholds, str) else list(thresholds)
        return {}, tuple(line if isinstance(line, Criterion) else parse_criterion(line) for line in lines)
    classes = {name: one for name, one in thresholds.items() if isinstance(one, MetricThreshold)}
    return classes, criteria_of({name: one for name, one in thresholds.items() if name not in classes})


def _sensitive(given: Any, table: EvaluationTable) -> tuple[dict[str, Any], tuple[str, ...]]:
    """By name the values of each attribute; and the columns of the data among them."""
    if not given:
        return {}, ()
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Mapping):
        names = tuple(str(name) for name in given)
        return {name: table.column(name) for name in names}, names
    found = {}
    for name, values in given.items():
        column = table.column(values) if isinstance(values, str) else values
        if len(column) != len(table):
            msg = f"The sensitive attribute {name!r} has {len(column):,} values for {len(table):,} rows. Give one for each."
            raise InvalidInput(msg)
        found[str(name)] = column
    return found, tuple(values for values in given.values() if isinstance(values, str))
