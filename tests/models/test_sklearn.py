"""scikit-learn models: the suite over classifier, regressor and pipeline, and what is special to skops."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from treering.core.errors import InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load, load_native
from treering.testing.flavours import TRUSTING, FlavourSuite, Sample


class Doubler(BaseEstimator):
    """An estimator that no installed package holds."""

    def predict(self, data: Any) -> Any:
        return np.asarray(data)[:, 0] * 2


def _sample(model: Any, data: Any, files: tuple[str, ...] = ("model.skops",), options: Any = None) -> Sample:
    return Sample(model, data, model.predict(data), files, options or {})


@pytest.fixture(
    params=["classifier", "regressor", "pipeline of a table", "forest", "pickle", "cloudpickle", "own class"],
    scope="module",
)
def sample(request: pytest.FixtureRequest):
    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    rows = table.to_numpy()
    match request.param:
        case "classifier":
            return _sample(LogisticRegression(max_iter=10_000).fit(rows, target), rows)
        case "regressor":
            data, wanted = load_diabetes(return_X_y=True)
            return _sample(Ridge().fit(data, wanted), data)
        case "pipeline of a table":
            return _sample(make_pipeline(StandardScaler(), LogisticRegression()).fit(table, target), table)
        case "forest":
            return _sample(RandomForestClassifier(5, random_state=0).fit(rows, target), rows)
        case "own class":
            return _sample(Doubler(), rows, ("model.pkl",))
        case kind:
            model = Ridge().fit(rows, target)
            return _sample(model, rows, ("model.pkl",), {"serialization_format": kind})


class TestSklearn(FlavourSuite):
    flavour = "sklearn"


def test_skops_is_the_default_and_needs_no_trust(tmp_path: Path):
    model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    entry = save("sklearn", model, tmp_path / "m").flavours["sklearn"]
    assert entry["serialization_format"] == "skops"
    assert entry["pickled_model"] == "model.skops"
    assert load(tmp_path / "m", LoadOptions(allow_code=False)).predict([[1.0]]) == pytest.approx(model.predict([[1.0]]))


def test_types_that_skops_does_not_trust_are_recorded_and_refused_without_code(tmp_path: Path):
    model = make_pipeline(FunctionTransformer(np.deg2rad), Ridge()).fit([[0.0], [1.0]], [0.0, 1.0])
    entry = save("sklearn", model, tmp_path / "m").flavours["sklearn"]
    if entry["serialization_format"] == "skops" and entry["skops_trusted_types"]:
        with pytest.raises(PermissionDenied, match="TREERING_ALLOW_MODEL_CODE"):
            load(tmp_path / "m", LoadOptions(allow_code=False))
    assert load(tmp_path / "m").predict([[1.0]]) == pytest.approx(model.predict([[1.0]]))


def test_a_class_of_a_script_goes_into_a_pickle_and_the_log_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "treering")
    entry = save("sklearn", Doubler(), tmp_path / "m").flavours["sklearn"]
    assert entry["serialization_format"] == "cloudpickle"
    assert "Doubler" in caplog.text
    assert not (tmp_path / "m" / "model.skops").exists()


def test_asked_for_skops_it_does_not_fall_back(tmp_path: Path):
    with pytest.raises(InvalidInput, match="Doubler"):
        save("sklearn", Doubler(), tmp_path / "m", SaveOptions(flavour={"serialization_format": "skops"}))
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_of_known_classes_is_read_without_anybodys_word(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    save("sklearn", Ridge(), tmp_path / "m", SaveOptions(flavour={"serialization_format": "pickle"}))
    assert isinstance(load_native(tmp_path / "m", "sklearn"), Ridge)
    assert caplog.text == ""


def test_a_pickle_of_other_classes_is_announced_and_refused_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    save("sklearn", Doubler(), tmp_path / "m")
    with pytest.raises(PermissionDenied, match=r"cloudpickle.*trust=True"):
        load(tmp_path / "m")
    load_native(tmp_path / "m", "sklearn", TRUSTING)
    assert "can run code" in caplog.text


def test_another_method_can_predict(tmp_path: Path):
    data = np.array([[0.0], [1.0]])
    model = LogisticRegression().fit(data, [0, 1])
    save("sklearn", model, tmp_path / "m", SaveOptions(flavour={"pyfunc_predict_fn": "predict_proba"}))
    np.testing.assert_array_equal(load(tmp_path / "m").predict(data), model.predict_proba(data))


def test_the_column_that_does_not_fit_is_named(tmp_path: Path):
    table = pd.DataFrame({"age": [1.0, 2.0], "size": [3.0, 4.0]})
    model = Ridge().fit(table, [0.0, 1.0])
    save("sklearn", model, tmp_path / "m", SaveOptions(input_example=table))
    loaded = load(tmp_path / "m")
    with pytest.raises(InvalidInput, match="column age"):
        loaded.predict(pd.DataFrame({"age": ["old"], "size": [1.0]}))
    with pytest.raises(InvalidInput, match="missing inputs \\['size'\\]"):
        loaded.predict(pd.DataFrame({"age": [1.0]}))


@pytest.mark.parametrize(
    "option", [{"serialization_format": "onnx"}, {"pyfunc_predict_fn": "fit"}], ids=["format", "method"]
)
def test_unknown_options_are_refused(tmp_path: Path, option: dict[str, str]):
    with pytest.raises(InvalidInput, match="Known ones"):
        save("sklearn", Ridge(), tmp_path / "m", SaveOptions(flavour=option))


def test_a_class_is_not_an_instance(tmp_path: Path):
    with pytest.raises(InvalidInput, match="Ridge is a class"):
        save("sklearn", Ridge, tmp_path / "m")
