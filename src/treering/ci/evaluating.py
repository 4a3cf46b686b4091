"""Evaluating candidate and champion on the same data, where the gate is given some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import treering
from treering.assembly import Services
from treering.ci.contestant import Contestant, contestant
from treering.core.errors import InvalidInput
from treering.entities.evaluation import Evaluation

__all__ = ["DataToJudgeBy", "evaluator"]


@dataclass(frozen=True, slots=True)
class DataToJudgeBy:
    """What both models are judged by.

    Attributes:
        data: A file of rows, CSV or Parquet.
        targets: The column with what is true.
        model_type: `classifier`, `regressor` or another that `treering.evaluate` knows.
    """

    data: str
    targets: str
    model_type: str


def evaluator(services: Services, judged_by: DataToJudgeBy) -> Callable[[Contestant], Evaluation]:
    """A way to evaluate whoever stands before the gate, each in a run of its own in its experiment."""

    def evaluate(who: Contestant) -> Evaluation:
        uri = (
            who.uri
            if who.version or who.uri.startswith("models:")
            else f"models:/{who.model.model_id}"
            if who.model
            else ""
        )
        if not uri:
            msg = f"{who.label} logged no model, or several, so that none can be evaluated. Name one: models:/m-<id>."
            raise InvalidInput(msg)
        where: dict[str, Any] = {"experiment_id": who.run.info.experiment_id} if who.run else {}
        with treering.start_run(run_name=f"gate: {who.label}", **where) as run:
            treering.evaluate(uri, judged_by.data, targets=judged_by.targets, model_type=judged_by.model_type)
        treering.flush()
        found = contestant(services, run.info.run_id).evaluations
        if not found:
            msg = f"The evaluation of {who.label} left no record."
            raise InvalidInput(msg)
        return found[0]

    return evaluate
