"""Rows refuse what cannot be judged, and survive the way through a file that holds no code."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace

import numpy as np
import pytest

from treering.core.errors import DamagedData, InvalidInput
from treering.evaluation.rows import RANKER, Rows, classified, from_bytes, regressed, to_bytes


def test_rows_come_back_from_their_file() -> None:
    rows, _ = classified(["no", "yes", "no"], ["yes", "yes", "no"], weight=[1, 2, 3])
    rows = replace(rows, score=np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]]), dataset_digest="abc")
    again = from_bytes(to_bytes(rows))
    assert (again.kind, again.labels, again.positive, again.dataset_digest) == ("classifier", ("no", "yes"), 1, "abc")
    for name in ("target", "prediction", "score", "weight"):
        assert np.array_equal(getattr(again, name), getattr(rows, name)), name


def test_rows_of_a_ranker_come_back_from_their_file() -> None:
    rows = Rows(RANKER, np.array([]), np.array([]), values={"ndcg_at_3": np.array([0.5, 1.0])})
    again = from_bytes(to_bytes(rows))
    assert len(again) == 2
    assert again.values["ndcg_at_3"].tolist() == [0.5, 1.0]


def test_a_file_with_code_is_not_run() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, about=np.array([object()], dtype=object))
    for data in (buffer.getvalue(), pickle.dumps(1), b"", b"PK\x03\x04 cut off"):
        with pytest.raises(DamagedData, match="Evaluate the model again"):
            from_bytes(data)


def test_columns_of_different_length_are_found_out() -> None:
    rows = regressed([1.0, 2.0], [1.0, 2.0])
    damaged = Rows(rows.kind, rows.target, rows.prediction[:1])
    with pytest.raises(DamagedData, match="differ in length"):
        from_bytes(to_bytes(damaged))


@pytest.mark.parametrize(
    ("target", "prediction", "options", "why"),
    [
        ([], [], {}, "no row to judge"),
        ([0, 1], [0], {}, "2 targets and 1 predictions"),
        ([1, 1], [1, 1], {}, "at least two"),
        ([0, 1], [0, 1], {"labels": [0, 2]}, "not in label_list"),
        ([0, 1], [0, 1], {"positive": 7}, "must exist in"),
        ([0.0, float("nan")], [0.0, 1.0], {}, "missing"),
        (["a", None], ["a", "b"], {}, "missing"),
        (np.array(["a", 1], object), np.array(["a", 1], object), {}, "one type"),
        ([0, 1], [0, 1], {"weight": [1]}, "sample_weights must be 2 numbers"),
        ([0, 1], [0, 1], {"weight": [1, -1]}, "none below zero"),
        ([0, 1], [0, 1], {"weight": [0, 0]}, "not all zero"),
        ([[0, 1], [1, 1]], [0, 1], {}, "one column"),
        (range(20_000), range(20_000), {}, "Is this a regressor"),
    ],
)
def test_what_no_classifier_answers_is_refused(target: object, prediction: object, options: dict, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        classified(target, prediction, **options)


@pytest.mark.parametrize(
    ("target", "prediction", "why"),
    [
        ([1.0, float("nan")], [1.0, 2.0], "nan in row 1"),
        ([1.0, 2.0], [1.0, float("inf")], "inf in row 1"),
        (["a", "b"], [1.0, 2.0], "must be numbers"),
        ([1.0], [1.0, 2.0], "1 targets and 2 predictions"),
    ],
)
def test_what_no_regressor_answers_is_refused(target: object, prediction: object, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        regressed(target, prediction)


def test_a_column_may_be_a_matrix_of_one_column() -> None:
    assert regressed([[1.0], [2.0]], [1.0, 2.0]).target.tolist() == [1.0, 2.0]


def test_a_part_of_the_rows_keeps_all_columns_in_step() -> None:
    rows, _ = classified([0, 1, 0], [1, 1, 0], weight=[1, 2, 3])
    part = rows.where(np.array([True, False, True]))
    assert (part.target.tolist(), part.weight.tolist(), part.labels) == ([0, 0], [1.0, 3.0], ("0", "1"))
