"""What is left out cannot be worked out: totals less what is told never leave few people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treering.evaluation.fairness import group_reports
from treering.evaluation.grouping import crossed, group_by
from treering.evaluation.suppression import told_of, told_of_crossed


def told(*sizes: tuple[str | None, int], least: int = 10) -> dict[str, bool]:
    column = np.array([name for name, many in sizes for _ in range(many)], object)
    group = group_by("g", column)
    return dict(zip(group.names, told_of(group, least).tolist(), strict=True))


def test_one_small_group_takes_the_smallest_other_along() -> None:
    assert told(("a", 500), ("b", 40), ("c", 300), ("few", 9)) == {"a": True, "b": False, "c": True, "few": False}


def test_small_groups_that_are_enough_together_need_no_other() -> None:
    assert told(("a", 500), ("b", 40), ("few", 9), ("less", 4)) == {"a": True, "b": True, "few": False, "less": False}
    assert told(("a", 500), ("b", 40), ("few", 3), ("less", 4))["b"] is False


def test_of_two_groups_neither_is_told_of_if_one_is_small() -> None:
    assert told(("f", 995), ("m", 5)) == {"f": False, "m": False}


def test_rows_without_a_value_give_nobody_away() -> None:
    assert told(("f", 500), ("m", 495), (None, 5)) == {"f": True, "m": True, "(missing)": False}
    assert told(("f", 500), ("m", 495), ("x", 2), (None, 5))["m"] is False


def test_all_large_groups_are_told_of() -> None:
    assert all(told(("a", 10), ("b", 10)).values())


@pytest.mark.parametrize("seed", range(20))
def test_no_line_of_a_crossing_leaves_few_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(5, 0.3)), rng.dirichlet(np.full(4, 0.3))
    one = group_by("one", rng.choice(list("abcde"), 400, p=shares[0]).astype(object))
    other = group_by("other", rng.choice(list("wxyz"), 400, p=shares[1]).astype(object))
    pair = crossed(one, other)
    singles = told_of(one, 10), told_of(other, 10)
    shown = told_of_crossed(pair, singles, 10, 30)
    rows = np.bincount(pair.codes)
    assert (rows[shown] >= 30).all()
    for place, single in enumerate(singles):
        origin = pair.origins[place]
        for at in range(len(single)):
            hidden = rows[(origin == at) & ~shown].sum()
            assert hidden == 0 or hidden >= 10 or not shown[origin == at].any()
            # What is told of cells must not add up to a group that is not told of.
            assert single[at] or not shown[origin == at].any()


def test_a_report_does_not_say_what_was_left_out() -> None:
    rng = np.random.default_rng(0)
    region: Any = rng.choice(["n", "s", "w"], 1000).astype(object)
    region[:4] = "rare"
    sex = rng.choice(["f", "m"], 1000)
    truth, said = rng.integers(0, 2, 1000), rng.integers(0, 2, 1000)
    reports = group_reports(truth, said, None, {"region": region, "sex": sex})
    for report in reports:
        known = sum(one.rows or 0 for one in report.groups)
        assert known == 1000 or 1000 - known >= 10
    assert sum(one.suppressed for one in reports[0].groups) == 2
    assert not any(one.suppressed for one in reports[1].groups)
