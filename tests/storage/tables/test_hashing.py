"""Hashes of values: equal for equal values of whatever type, and different for different ones, however large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treering.storage.tables.hashing import hashes_of


@pytest.mark.parametrize("big", [2**53, -(2**53), 2**62, 2**63 - 2, -(2**63)])
def test_whole_numbers_next_to_each_other_differ(big: int) -> None:
    found = hashes_of(np.array([big, big + 1, 5]))
    assert len(set(found.tolist())) == 3
    # Whatever else stands in the column.
    assert found[2] == hashes_of(np.array([5.0, np.nan]))[0]
    assert found[0] == hashes_of(np.array([big]))[0]


@pytest.mark.parametrize("value", [0, 1, -1, 2**52, 2**53, -(2**53), 2**60, -(2**63)])
def test_a_number_is_the_same_whole_or_not(value: int) -> None:
    expected = hashes_of(np.array([float(value)]))[0]
    assert hashes_of(np.array([value], np.int64))[0] == expected
    if value >= 0:
        assert hashes_of(np.array([value], np.uint64))[0] == expected
    assert hashes_of(np.array([-0.0]))[0] == hashes_of(np.array([0]))[0]


@pytest.mark.parametrize("column", [[np.inf, -np.inf, np.nan, 1e300, -1e300, 1e19], [2.0**63, 2.0**64, -(2.0**63)]])
def test_numbers_that_no_whole_one_equals_have_hashes(column: Any) -> None:
    assert len(set(hashes_of(np.array(column)).tolist())) == len(column)


def test_the_largest_whole_numbers_differ() -> None:
    found = hashes_of(np.array([2**64 - 1, 2**64 - 2, 2**63], np.uint64))
    assert len(set(found.tolist())) == 3
    assert found[2] == hashes_of(np.array([2.0**63]))[0]
