"""A scan tells all that loading would ask about, though none of the frameworks is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from treering.models.safety.scanning import CODE, REFUSED, SAFE, UNREADABLE, scan

MLLIB = "org.apache.spark.ml.regression.LinearRegressionModel"


def model(folder: Path, flavour: str, **entry: Any) -> Path:
    folder.mkdir()
    flavours = {flavour: entry, "python_function": {"loader_module": f"mlflow.{flavour}"}}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavours}))
    return folder


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def stage(folder: Path, name: str) -> None:
    put(folder / "sparkml" / "metadata" / "part-00000", {"class": name, "uid": "x_1"})


CASES: dict[str, tuple[str, dict[str, Any], Callable[[Path], None], str]] = {
    "a session's library": (
        "onnx",
        {"providers": [["X", {"plugin_path": "/tmp/x.so"}]]},
        lambda _: None,
        "plugin_path",
    ),
    "a session's file": (
        "onnx",
        {"onnx_session_options": {"extra_session_config": {"ep.context_file_path": "/x"}}},
        lambda _: None,
        "context_file",
    ),
    "a class of booster": ("xgboost", {"model_class": "evil.Model"}, lambda _: None, "evil.Model"),
    "a stage of SQL": ("spark", {}, lambda folder: stage(folder, "org.apache.spark.ml.feature.SQLTransformer"), "SQL"),
    "a stage of others": ("spark", {}, lambda folder: stage(folder, "pyspark.ml.util.os"), "ml.util.os"),
    "a network's code": (
        "transformers",
        {"model_binary": "model"},
        lambda folder: put(folder / "model" / "config.json", {"a": {"attn_implementation": "evil/kernel"}}),
        "evil/kernel",
    ),
    "a tokenizer's code": (
        "transformers",
        {},
        lambda folder: put(folder / "components" / "tokenizer" / "a.json", {"tokenizer_class": "evil.Tokenizer"}),
        "evil.Tokenizer",
    ),
    "a module of sentences": (
        "sentence_transformers",
        {},
        lambda folder: put(folder / "model.sentence_transformer" / "modules.json", [{"type": "os.system"}]),
        "os.system",
    ),
    "a server's settings": (
        "h2o",
        {"data": "model.h2o"},
        lambda folder: put(folder / "model.h2o" / "h2o.yaml", {"init": {"jvm_custom_args": ["-javaagent:x"]}}),
        "jvm_custom_args",
    ),
    "a graph": (
        "tensorflow",
        {"saved_model_dir": "tf2model"},
        lambda folder: put(folder / "tf2model" / "saved_model.pb", ""),
        "graph of TensorFlow",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_loading_asks_about_is_told(name: str, tmp_path: Path) -> None:
    flavour, entry, fill, told = CASES[name]
    folder = model(tmp_path / "m", flavour, **entry)
    fill(folder)
    report = scan(folder)
    assert [finding.verdict for finding in report.findings] == [CODE]
    assert told in report.findings[0].reason


def test_honest_ones_are_not_asked_about(tmp_path: Path) -> None:
    stage(model(tmp_path / "spark", "spark"), MLLIB)
    model(tmp_path / "onnx", "onnx", providers=["CPUExecutionProvider", ["CUDA", {"device_id": 0}]])
    model(tmp_path / "xgboost", "xgboost", model_class="xgboost.sklearn.XGBClassifier")
    put(
        model(tmp_path / "hub", "transformers", model_binary="model") / "model" / "config.json",
        {"activation_fn": "gelu"},
    )
    put(model(tmp_path / "h2o", "h2o", data="model.h2o") / "model.h2o" / "h2o.yaml", {"init": {"port": 1}})
    for folder in tmp_path.iterdir():
        assert scan(folder).is_safe, folder.name


def test_a_trusted_class_is_no_question(tmp_path: Path) -> None:
    stage(model(tmp_path / "m", "spark"), "mylab.Stage")
    assert not scan(tmp_path / "m").is_safe
    assert scan(tmp_path / "m", trust=["mylab.Stage"]).is_safe
    model(tmp_path / "n", "xgboost", model_class="mylab.Model")
    assert scan(tmp_path / "n", trust=["mylab.Model"]).is_safe


def test_what_is_damaged_is_not_called_safe(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", "spark")
    assert [finding.verdict for finding in scan(folder).findings] == [UNREADABLE]
    put(folder / "sparkml" / "metadata" / "zzz", {"class": MLLIB, "uid": "x"})
    assert [finding.verdict for finding in scan(folder).findings] == [UNREADABLE]


def test_a_pickle_is_held_against_the_list_of_its_flavour(tmp_path: Path) -> None:
    booster = b"clightgbm.sklearn\nLGBMClassifier\n)\x81."
    folder = model(tmp_path / "m", "lightgbm", data="model.pkl")
    (folder / "model.pkl").write_bytes(booster)
    assert scan(folder).is_safe
    other = model(tmp_path / "n", "sklearn", pickled_model="model.pkl")
    (other / "model.pkl").write_bytes(booster)
    assert [finding.verdict for finding in scan(other).findings] == [REFUSED]


@pytest.mark.parametrize(
    ("formula", "verdict"), [("y ~ a + np.log(b)", SAFE), ("y ~ __import__('os').system('true')", REFUSED)]
)
def test_a_formula_is_looked_at(formula: str, verdict: str, tmp_path: Path) -> None:
    folder = model(tmp_path / "m", "statsmodels", data="model.statsmodels")
    state = f"}}S'formula'\nS{formula!r}\nsS'restore_model_spec'\nI01\ns".encode()
    (folder / "model.statsmodels").write_bytes(b"cstatsmodels.base.data\nPandasData\n)\x81" + state + b"b.")
    assert [finding.verdict for finding in scan(folder).findings] == [verdict]
