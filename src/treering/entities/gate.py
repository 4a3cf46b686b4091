"""A gate: what is demanded of a model before it may take the place of the one in use, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from treering.entities.evaluation import Check, Comparison
from treering.entities.objective import Criterion

__all__ = ["GateResult", "Policy", "Verdict"]


class Verdict(StrEnum):
    """What a gate says."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is demanded, beside what the experiment's objective says.

    Attributes:
        bounds: On metrics of the candidate, and of slices.
        fairness: On the summaries of group reports; the slice of a criterion is the attribute.
        objective: Whether the experiment's objective counts.
        metric: By which the candidate is compared with the champion; the objective's primary metric unless given.
        greater_is_better: Of that metric; as the objective, then the evaluation says unless given.
        min_improvement: By how much the candidate has to be better; as the objective says unless given. With 0 it
            has to be as good.
        certain: Whether the improvement has to be beyond doubt: the lower end of its interval counts.
        max_drop: By how much other metrics may be worse than the champion's.
        max_slice_drop: By how much the metric of any one slice may be worse than the champion's; None for any.
        same_data: Whether candidate and champion must have been judged by the same data.
        min_rows: On fewer rows nothing can be said.
        champion_required: Whether a candidate without a champion to compare with fails.
    """

    bounds: tuple[Criterion, ...] = ()
    fairness: tuple[Criterion, ...] = ()
    objective: bool = True
    metric: str = ""
    greater_is_better: bool | None = None
    min_improvement: float | None = None
    certain: bool = True
    max_drop: Mapping[str, float] = field(default_factory=dict)
    max_slice_drop: float | None = None
    same_data: bool = True
    min_rows: int = 0
    champion_required: bool = False


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate found.

    Attributes:
        checks: One for each demand, in the order in which they were made.
        candidate: What was judged, as it was called.
        champion: What it was compared with; "" for nothing.
        comparison: The metrics of both, side by side.
        created: Milliseconds since the epoch.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    candidate: str = ""
    champion: str = ""
    comparison: Comparison | None = None
    created: int = 0
