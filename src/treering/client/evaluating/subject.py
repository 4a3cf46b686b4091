"""Who was judged by what, and what came of it so far: what everything beside the metrics is found out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from treering.client.evaluating.answers import Answers
from treering.client.evaluating.judged import Judged
from treering.client.evaluating.table import EvaluationTable
from treering.evaluation.rows import Rows

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One model beside one table.

    Attributes:
        labels: The classes as they are; None for other models.
        config: Of the evaluator.
        figures: All metrics, without the prefix.
        directions: Of the caller's own metrics, whether greater is better.
        scores: Where the caller said that the probabilities are.
        tables: What is stored beside the record, by name, as columns; filled while the model is looked into.
    """

    judged: Judged
    table: EvaluationTable
    answers: Answers
    rows: Rows | None
    labels: Any
    config: Mapping[str, Any]
    figures: Mapping[str, float]
    directions: Mapping[str, bool]
    scores: Any = None
    tables: dict[str, Mapping[str, Any]] = field(default_factory=dict)
