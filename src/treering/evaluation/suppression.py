"""Which groups are told about: none so small that it says something of single people, and none that would give such a one away.

Totals are known, so what is told of the other groups tells of those that are left out together. Where these have too
few rows, the smallest other group is left out, too (complementary suppression; Cox 1980). Rows without a value are
no group of people: that they can be worked out hides nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treering.evaluation.grouping import MISSING, Grouping

__all__ = ["left_out", "told_of", "told_of_crossed"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Places = np.ndarray[Any, np.dtype[np.intp]]


def told_of(group: Grouping, least: int) -> Mask:
    """For each group of an attribute whether it is told about.

    Args:
        least: How many rows a group has, and how many those have together that are left out.
    """
    rows = np.bincount(group.codes, minlength=len(group.names))
    unknown = np.array([name == MISSING for name in group.names], bool)
    return _closed(rows, rows >= least, [np.zeros(len(rows), np.intp)], unknown, least)


def told_of_crossed(pair: Grouping, told: tuple[Mask, Mask], least: int, cell: int) -> Mask:
    """The same for two attributes crossed, whose own groups are told about or not.

    Args:
        told: Of the groups of each of both.
        cell: How many rows a group has; those left out have `least` together.
    """
    rows = np.bincount(pair.codes, minlength=len(pair.names))
    first, second = pair.origins
    shown = (rows >= cell) & told[0][first] & told[1][second]
    unknown = np.array([MISSING in name for name in pair.names], bool)
    return _closed(rows, shown, [first, second], unknown, least)


def left_out(rows: Any, shown: Places) -> tuple[str, ...]:
    """A sentence that says how many groups are not told about, if any are not."""
    many = int((rows > 0).sum()) - len(shown)
    if not many:
        return ()
    said = "group is" if many == 1 else "groups are"
    return (f"{many:,} {said} not told about: too small, or such that they would give one away that is.",)


def _closed(rows: Any, shown: Mask, lines: Sequence[Places], unknown: Mask, least: int) -> Mask:
    """Leave out more groups until those left out have enough rows in each line whose total is known."""
    shown = shown.copy()
    while True:
        before = int(shown.sum())
        for line in lines:
            hidden = np.where(shown, 0, rows)
            together = np.bincount(line, hidden)
            people = np.bincount(line, np.where(unknown, 0, hidden))
            for place in np.flatnonzero((people > 0) & (together < least)).tolist():
                others = np.flatnonzero((line == place) & shown)
                if len(others):
                    shown[others[rows[others].argmin()]] = False
        if int(shown.sum()) == before:
            return shown
