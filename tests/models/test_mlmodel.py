"""The MLmodel file, examples and requirements."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.models import environment_files, example, mlmodel, requirements
from treering.models.mlmodel import MLModel
from treering.models.signature import infer_signature


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "flavors: 3", "flavors: {sklearn: 3}", "artifact_path: x"])
def test_a_damaged_file_is_told(tmp_path: Path, text: str):
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(DamagedData, match="MLmodel is damaged"):
        mlmodel.read(tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path: Path):
    (tmp_path / "MLmodel").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedData, match="not text"):
        mlmodel.read(tmp_path)


def test_a_folder_without_the_file_is_no_model(tmp_path: Path):
    with pytest.raises(NotFound, match="is no model"):
        mlmodel.read(tmp_path)


def test_a_model_that_cannot_predict_says_what_it_is():
    with pytest.raises(NotFound, match="spark"):
        _ = MLModel({"spark": {}}).python_function


def test_times_are_written_as_mlflow_writes_them():
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", mlmodel.timestamp())


def _there_and_back(folder: Path, given: Any) -> Any:
    info = example.write(folder, given)
    data, params = example.split_params(given)
    model = MLModel({}, example=info, signature=infer_signature(data, params=params))
    return example.read(folder, model), example.serving_body(folder, model)


def test_a_table_is_an_example(tmp_path: Path):
    table = pd.DataFrame({"a": [1, 2], "day": pd.to_datetime(["2020-01-01", None]), "text": ["x", None]})
    (data, params), body = _there_and_back(tmp_path, (table, {"k": 1}))
    pd.testing.assert_frame_equal(data, table, check_dtype=False)
    assert params == {"k": 1}
    assert body["params"] == {"k": 1}
    assert body["dataframe_split"]["columns"] == ["a", "day", "text"]
    assert "NaN" not in (tmp_path / "input_example.json").read_text()


@pytest.mark.parametrize("given", [np.ones((2, 2), "float32"), {"a": np.arange(3), "b": np.ones(2)}])
def test_arrays_are_examples(tmp_path: Path, given: Any):
    (data, _), body = _there_and_back(tmp_path, given)
    np.testing.assert_equal(data, given)
    assert list(body) == ["inputs"]


@pytest.mark.parametrize("given", [["a", "b"], [{"a": 1}], {"a": 1, "b": [1, 2]}, "text"])
def test_python_values_are_examples(tmp_path: Path, given: Any):
    (data, _), body = _there_and_back(tmp_path, given)
    assert data == given
    assert body == {"inputs": given}


def test_a_chat_is_sent_as_it_is(tmp_path: Path):
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    assert _there_and_back(tmp_path, chat)[1] == chat


def test_a_lost_or_damaged_example_is_told(tmp_path: Path):
    model = MLModel({}, example=example.write(tmp_path, [1]))
    (tmp_path / "input_example.json").write_text("{")
    with pytest.raises(DamagedData, match="not JSON"):
        example.read(tmp_path, model)
    (tmp_path / "input_example.json").unlink()
    with pytest.raises(NotFound, match="example is gone"):
        example.read(tmp_path, model)


def test_packages_are_pinned_and_found_by_module():
    found = requirements.requirements_of(["scikit-learn"], ["yaml", "json", "treering.models", "sklearn.base"])
    assert [line.partition("==")[0].lower() for line in found] == ["pyyaml", "scikit-learn"]
    assert all("==" in line for line in found)
    assert requirements.pin("no-such-package") == "no-such-package"


@pytest.mark.parametrize("line", ["", " ", "a\nb"])
def test_what_is_no_requirement_is_refused(tmp_path: Path, line: str):
    with pytest.raises(InvalidInput, match="no requirement"):
        environment_files.write(tmp_path, [line])


def test_the_example_file_is_plain_json(tmp_path: Path):
    example.write(tmp_path, pd.DataFrame({"a": [1.5, None], "b": [b"x", b"y"]}))
    text = (tmp_path / "input_example.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["columns"] == ["a", "b"]


@pytest.mark.parametrize("key", ["artifact_path", "serving_input_path"])
def test_no_example_is_read_from_elsewhere(tmp_path: Path, key: str):
    (tmp_path / "secret.json").write_text('{"a": 1}')
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    for name in ("../secret.json", str(tmp_path / "secret.json"), "link.json"):
        model = MLModel({}, example={"type": "json_object", key: name})
        with pytest.raises(DamagedData, match=r"not inside|link"):
            example.read(folder, model) if key == "artifact_path" else example.serving_body(folder, model)
        assert name in list(mlmodel.named_files(model))


def test_an_example_that_is_nested_too_deeply_is_told(tmp_path: Path):
    (tmp_path / "input_example.json").write_text("[" * 100_000)
    with pytest.raises(DamagedData, match="not JSON"):
        example.read(tmp_path, MLModel({}, example={"type": "json_object"}))
