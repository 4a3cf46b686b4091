"""What the runs of the search benchmark hold: the same on both sides, by their number."""

from __future__ import annotations

import random

__all__ = ["FILTER", "ORDER", "run_values"]

FILTER = "metrics.m0 > 0.5 AND params.p0 = 'v1'"
ORDER = ["metrics.m0 DESC"]


def run_values(number: int) -> tuple[str, str, dict[str, str], dict[str, float], dict[str, str]]:
    """Id, name, params, metrics and tags of a run."""
    chance = random.Random(number)
    return (
        f"{chance.getrandbits(128):032x}",
        f"run {number}",
        {f"p{index}": f"v{chance.randrange(3)}" for index in range(10)},
        {f"m{index}": chance.random() for index in range(10)},
        {f"t{index}": f"tag {chance.randrange(5)}" for index in range(5)},
    )
