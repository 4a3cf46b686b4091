"""Requests asked together: when that is safe, that each gets its own answer, and that one that fails is alone with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.python_model import PythonModel
from treering.serving.models.grouping import cut
from treering.serving.models.quick import Quick
from treering.serving.models.rowwise import is_rowwise
from treering.serving.models.samples import sample_of
from treering.testing.flavours import TRUSTING

RANDOM = np.random.default_rng(0)


def test_many_requests_of_all_forms_and_sizes_get_their_own_answers(asker: Any, folders: Path):
    model = load(folders / "table", TRUSTING)
    rows = RANDOM.normal(size=(40, 2))
    bodies, expected, start = [], [], 0
    for place in range(12):
        part = rows[start : (start := start + 1 + place % 4)]
        forms = [
            {"dataframe_split": {"columns": ["a", "b"], "data": part.tolist()}},
            {"dataframe_split": {"columns": ["b", "a"], "data": part[:, ::-1].tolist()}},
            {"dataframe_records": [{"a": one, "b": two} for one, two in part.tolist()]},
        ]
        bodies.append(forms[place % 3])
        expected.append(model.predict(pd.DataFrame(part, columns=["a", "b"])).tolist())
    bodies[5], expected[5] = {"dataframe_records": [{"a": 1.0}]}, None
    host = asker(folders / "table")
    assert host.host.offer().lanes["m/1"].group > 1
    for body, answer, right in zip(bodies, host.together(*bodies), expected, strict=True):
        assert answer.status == (400 if right is None else 200), body
        assert json.loads(answer.body).get("predictions") == right, body


class Counting(PythonModel):
    """Answers with how many rows it was asked at once."""

    def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002 -- the usual shape
        return [len(model_input)] * len(model_input)


class Doubling(PythonModel):
    """Refuses negative numbers, and all that stand beside them."""

    batchable = True

    def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002 -- the usual shape
        if (model_input < 0).any():
            msg = "negative"
            raise ValueError(msg)
        return model_input * 2


class Centring(PythonModel):
    """Says that it may be asked in batches, and may not."""

    batchable = True

    def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002 -- the usual shape
        return model_input - model_input.mean()


def saved(model: Any, folder: Path, example: Any = None, **more: Any) -> Path:
    example = np.ones((1, 2)) if example is None else example
    save("pyfunc", model, folder, SaveOptions(input_example=example, pip_requirements=["numpy"], **more))
    return folder


def tried(folder: Path) -> bool:
    model = load(folder, TRUSTING)
    return is_rowwise(model, sample_of(model, Quick.of(model)))


def test_a_python_model_is_asked_request_by_request_unless_it_says_otherwise(asker: Any, tmp_path: Path):
    host = asker(saved(Counting(), tmp_path / "m"))
    assert host.host.offer().lanes["m/1"].group == 1
    answers = host.together(*[{"inputs": [[1.0, 2.0]]}] * 3)
    assert [json.loads(one.body)["predictions"] for one in answers] == [[1], [1], [1]]


def test_one_that_makes_the_model_fail_is_alone_with_it(asker: Any, tmp_path: Path):
    host = asker(saved(Doubling(), tmp_path / "m"))
    assert host.host.offer().lanes["m/1"].group > 1
    good, bad = {"inputs": [[1.0, 2.0]]}, {"inputs": [[1.0, -2.0]]}
    answers = host.together(good, bad, good)
    assert [one.status for one in answers] == [200, 400, 200]
    assert json.loads(answers[2].body) == {"predictions": [[2.0, 4.0]]}


def test_a_model_may_say_so_in_its_metadata(tmp_path: Path):
    folder = saved(lambda rows: rows * 2, tmp_path / "m", metadata={"batchable": True})
    assert tried(folder)
    assert not tried(saved(Doubling(), tmp_path / "n", metadata={"batchable": False}))


@pytest.mark.parametrize("example", [np.ones((1, 2)), RANDOM.normal(size=(5, 2))], ids=["one row", "some rows"])
def test_a_model_that_looks_at_the_whole_batch_is_found_out(tmp_path: Path, example: Any):
    assert not tried(saved(Centring(), tmp_path / "m", example))


def test_frameworks_are_tried_with_rows_made_up_where_there_is_no_example(folders: Path, tmp_path: Path):
    rows = RANDOM.normal(size=(9, 2))
    signature = load(folders / "array", TRUSTING).signature
    save(
        "sklearn",
        LogisticRegression().fit(rows, [0, 1, 2] * 3),
        tmp_path / "m",
        SaveOptions(signature=signature, pip_requirements=["scikit-learn"]),
    )
    assert tried(tmp_path / "m")
    save("sklearn", LinearRegression().fit(rows, rows), tmp_path / "n", SaveOptions(pip_requirements=["scikit-learn"]))
    assert not tried(tmp_path / "n")  # nothing is known of what it takes


def test_requests_with_other_parameters_go_apart(asker: Any, tmp_path: Path):
    class Times(PythonModel):
        batchable = True

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the usual shape
            return model_input * params["by"]

    host = asker(saved(Times(), tmp_path / "m", (np.ones((2, 1)), {"by": 1.0})))
    bodies = [{"inputs": [[1.0]], "params": {"by": by}} for by in (2.0, 3.0, 2.0)] + [{"inputs": [[5.0]]}]
    found = [json.loads(one.body)["predictions"] for one in host.together(*bodies)]
    assert found == [[[2.0]], [[3.0]], [[2.0]], [[5.0]]]


def test_a_model_that_ends_the_process_is_a_model_that_failed(asker: Any, tmp_path: Path):
    def leave(rows: Any) -> Any:
        if (rows > 1).any():
            raise SystemExit(rows)
        return rows

    answer = asker(saved(leave, tmp_path / "m")).post({"inputs": [[1.0, 2.0]]})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("prepared", "sizes", "parts"),
    [
        ([1, 2, 3], [1, 2], [[1], [2, 3]]),
        ({"a": [1, 2], "b": [[3], [4]]}, [1, 1], [{"a": [1], "b": [[3]]}, {"a": [2], "b": [[4]]}]),
        ([1, 2, 3], [1, 1], None),
        ({"a": [1], "b": [1, 2]}, [1, 1], None),
        ({}, [1, 1], None),
        (7, [1, 1], None),
        (np.float64(7), [1, 1], None),
        (np.array(7), [1, 1], None),
    ],
)  # fmt: skip
def test_answers_are_cut_where_that_is_certain(prepared: Any, sizes: Any, parts: Any):
    assert cut(prepared, sizes) == parts
