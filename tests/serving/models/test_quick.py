"""Common bodies read straight into arrays: the same data as the long way, or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treering.core.errors import TreeringError
from treering.models.folder import SaveOptions, save
from treering.models.light.rows import Table
from treering.models.loading import LoadedModel, load
from treering.models.tables import TABLES
from treering.serving.models.decoding import decode
from treering.serving.models.quick import Quick
from treering.testing.flavours import TRUSTING

cells = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.text(max_size=3)
)  # fmt: skip
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**31), 2**31))


@pytest.fixture(scope="module")
def models(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedModel]:
    made = tmp_path_factory.mktemp("quick")
    table = pd.DataFrame({"i": [1, 2], "x": [0.5, 1.5], "s": ["a", "b"], "t": [True, False]})
    save("pyfunc", lambda rows: rows, made / "mixed", SaveOptions(input_example=table, pip_requirements=["numpy"]))
    save(
        "pyfunc",
        lambda rows: rows,
        made / "cube",
        SaveOptions(input_example=np.ones((2, 2, 3), np.float32), pip_requirements=["numpy"]),
    )
    whole = table[["i"]].astype(np.int32)
    save("pyfunc", lambda rows: rows, made / "narrow", SaveOptions(input_example=whole, pip_requirements=["numpy"]))
    places = {name: made / name for name in ("mixed", "cube", "narrow")}
    places |= {name: folders / name for name in ("array", "table")}
    return {name: load(folder, TRUSTING) for name, folder in places.items()}


def agree(model: LoadedModel, body: dict[str, Any]) -> bool:
    """Whether the body was read quickly; what was read has to be what the long way reads."""
    quick = Quick.of(model)
    assert quick is not None
    text = json.dumps(body).encode()
    found = quick.read(text)
    if found is None:
        return False
    asked = decode(text, "", model.signature)
    expected = model.checked(asked.data, asked.params)[0]
    if type(found.data) is Table:
        made = TABLES.load("pandas").from_arrays(found.data.names, found.data.columns, found.data.matrix)
        pd.testing.assert_frame_equal(made, expected)
    else:
        assert found.data.dtype == expected.dtype
        np.testing.assert_array_equal(found.data, expected)
    assert found.rows == len(expected)
    return True


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("array", {"inputs": [[1.0, 2], [3, 4.5]]}),
        ("array", {"instances": [[1, 2]]}),
        ("array", {"dataframe_split": {"columns": ["p", "q"], "data": [[1, 2.5]]}}),
        ("cube", {"inputs": [[[1, 2, 3], [4, 5, 6]]]}),
        ("table", {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5]]}}),
        ("table", {"dataframe_split": {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2.5], [0, 0]]}}),
        ("table", {"dataframe_records": [{"b": 1, "a": 2, "extra": [None]}]}),
        ("table", {"inputs": [{"a": 1, "b": 2}], "params": None}),
        ("mixed", {"dataframe_records": [{"i": 1, "x": 2, "s": "ä", "t": False}]}),
        ("mixed", {"dataframe_split": {"columns": ["i", "x", "s", "t"], "data": [[1, 2.5, "", True], [2, 1, "b", False]]}}),
        ("narrow", {"dataframe_records": [{"i": 2**31 - 1}]}),
    ],
)  # fmt: skip
def test_common_bodies_are_read_quickly(models: Any, name: str, body: Any):
    assert agree(models[name], body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("array", {"inputs": []}),
        ("array", {"inputs": [[]]}),
        ("array", {"inputs": [[1, None]]}),
        ("array", {"inputs": [[1, 2, 3]]}),
        ("array", {"inputs": [[1, 2]], "instances": [[1, 2]]}),
        ("array", {"inputs": [[1, 2]], "more": 1}),
        ("array", {"inputs": [["1", "2"]]}),
        ("array", {"inputs": None}),
        ("array", {"dataframe_split": {"columns": ["p"], "data": [[1, 2.5]]}}),
        ("cube", {"inputs": [[[1, 2, 3], [4, 5]]]}),
        ("table", {"dataframe_split": {"columns": ["b", "a"], "data": [[1, 2.5]]}}),
        ("table", {"dataframe_split": {"columns": ["a", "b"], "index": [5], "data": [[1, 2.5]]}}),
        ("table", {"dataframe_records": [{"a": 1}]}),
        ("table", {"dataframe_records": []}),
        ("narrow", {"dataframe_records": [{"i": 2**31}]}),
        ("mixed", {"dataframe_records": [{"i": 1.0, "x": 2, "s": "a", "t": False}]}),
        ("mixed", {"dataframe_records": [{"i": 1, "x": 2, "s": None, "t": False}]}),
    ],
)  # fmt: skip
def test_the_rest_is_left_to_the_long_way(models: Any, name: str, body: Any):
    assert not agree(models[name], body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.lists(st.one_of(numbers, cells), min_size=1, max_size=3), min_size=0, max_size=3))
def test_whatever_stands_in_an_array(models: Any, rows: Any):
    try:
        agree(models["array"], {"inputs": rows})
    except TreeringError as error:
        pytest.fail(f"read quickly, and refused the long way: {error}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.fixed_dictionaries({"i": cells, "x": cells, "s": cells}, optional={"t": cells}), max_size=3))
def test_whatever_stands_in_a_table(models: Any, rows: Any):
    try:
        agree(models["mixed"], {"dataframe_records": rows})
    except TreeringError as error:
        pytest.fail(f"read quickly, and refused the long way: {error}")


def test_models_without_common_bodies(folders: Path, tmp_path: Path):
    assert Quick.of(load(folders / "bare", TRUSTING)) is None
    assert Quick.of(load(folders / "echo", TRUSTING)) is None  # a column that may be missing, and a time

    def predict(model_input: list[float]) -> list[float]:
        return model_input

    save("pyfunc", predict, tmp_path / "hinted", SaveOptions(pip_requirements=["numpy"]))
    assert Quick.of(load(tmp_path / "hinted", TRUSTING)) is None
