"""Rewards kept apart by the split they were earned under.

Where the split moves and the world does too, sums over all of the time compare mornings of one variant with
evenings of the other (Simpson's paradox). Within one split, both saw the same world.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from treering.serving.traffic.sequential import Sample
from treering.serving.traffic.tally import Tally

__all__ = ["Strata"]

_MOST = 64
_NOTHING = Sample(0, 0.0, 0.0)


class Strata:
    """Begins with what the tallies hold now."""

    __slots__ = ("_marks",)

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        self._marks = [_samples(tallies)]

    def close(self, tallies: Mapping[str, Tally]) -> None:
        """The split changes: what comes from now on is another stratum."""
        self._marks.append(_samples(tallies))
        if len(self._marks) > _MOST:
            # The two oldest become one.
            del self._marks[1]

    def pairs(self, tallies: Mapping[str, Tally], base: str, candidate: str) -> list[tuple[Sample, Sample]]:
        """What both earned, stratum by stratum."""
        marks = [*self._marks, _samples(tallies)]
        return [
            (_between(before, after, base), _between(before, after, candidate)) for before, after in pairwise(marks)
        ]


def _samples(tallies: Mapping[str, Tally]) -> dict[str, Sample]:
    return {name: Sample(tally.rewarded, tally.rewards, tally.squares) for name, tally in tallies.items()}


def _between(before: Mapping[str, Sample], after: Mapping[str, Sample], name: str) -> Sample:
    then, now = before.get(name, _NOTHING), after.get(name, _NOTHING)
    if now.count < then.count:  # the variant went, and came again
        return now
    return Sample(now.count - then.count, now.total - then.total, now.squares - then.squares)
