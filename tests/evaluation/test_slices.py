"""Slices by column and by condition; a condition is read, and never run."""

from __future__ import annotations

import numpy as np
import pytest

from treering.core.errors import InvalidInput
from treering.evaluation.slices import masks_of

COLUMNS = {
    "age": np.array([20.0, 65.0, 70.0, np.nan]),
    "country": np.array(["DE", "FR", "DE", None], object),
    "year of birth": np.array([1, 2, 3, 4]),
    "member": np.array([True, False, True, True]),
    "code": np.array(["007", "7", "true", "false"]),
    "perhaps": np.array([True, False, None, True], object),
    "large": np.array([2**53, 2**53 + 1, 0, 1]),
    "since": np.array(["2020-01-01", "2021-01-01", "NaT", "2022-01-01"], "datetime64[D]"),
}


def found(wanted: object) -> dict[str, list[bool]]:
    masks = masks_of(wanted, lambda name: COLUMNS[name], list(COLUMNS))  # type: ignore[arg-type]
    return {name: mask.tolist() for name, mask in masks.items()}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("age >= 65", [False, True, True, False]),
        ("age<65", [True, False, False, False]),
        ("age != 65", [True, False, True, False]),
        ("country == 'DE'", [True, False, True, False]),
        ("country = DE", [True, False, True, False]),
        ('country == "DE" and age > 30', [False, False, True, False]),
        ("`year of birth` <= 2", [True, True, False, False]),
        ("year of birth == 3", [False, False, True, False]),
        ("member == true", [True, False, True, True]),
        ("since >= 2021-01-01", [False, True, False, True]),
        ("country == 'a and b'", [False, False, False, False]),
        ("country == O'Brien", [False, False, False, False]),
        ("code == 007", [True, False, False, False]),
        ("code != true", [True, True, False, True]),
        ("perhaps == false", [False, True, False, False]),
        ("large == 9007199254740993", [False, True, False, False]),
    ],
)
def test_a_condition_marks_rows_and_a_missing_value_never_meets_one(condition: str, expected: list[bool]) -> None:
    assert found([condition]) == {condition: expected}


def test_each_value_of_a_column_is_a_slice_and_so_is_a_missing_one() -> None:
    assert found("country") == {
        "country=DE": [True, False, True, False],
        "country=FR": [False, True, False, False],
        "country is missing": [False, False, False, True],
    }


def test_many_numbers_are_cut_into_quarters_that_hold_each_row_once() -> None:
    masks = masks_of(["x"], lambda _: np.arange(100.0), ["x"])
    assert len(masks) == 4
    assert np.array_equal(sum(mask.astype(int) for mask in masks.values()), np.ones(100))
    assert next(iter(masks)) == "x in [0, 24.75)"


def test_only_the_most_frequent_of_many_texts_are_slices() -> None:
    values = np.array([f"v{place % 40:02}" for place in range(100)])
    masks = masks_of(["x"], lambda _: values, ["x"])
    assert len(masks) == 20
    assert "x=v00" in masks


def test_conditions_may_have_names_and_be_arrays() -> None:
    assert found({"old": "age >= 65", "first": [True, False, False, False]}) == {
        "old": [False, True, True, False],
        "first": [True, False, False, False],
    }


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (["weight >= 3"], "names the column 'weight'"),
        (["nothing"], "neither a column nor a condition"),
        (["__import__('os').system('x')"], "neither a column nor a condition"),
        ([3], "name of a column or a condition"),
        (["age >= old"], "cannot be compared"),
        (["age == old"], "cannot be compared"),
        (["age == 1 or age == 2"], "more than one value"),
        (["country == 'DE' and"], "more than one value"),
        (["member == perhaps"], "neither true nor false"),
        (["since > yesterday"], "cannot be compared"),
    ],
)
def test_what_is_no_slice_is_refused(wanted: list, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        found(wanted)
