"""Models that are asked without their framework: the same answers to the last bit, and the framework when in doubt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from treering.models.folder import SaveOptions, save
from treering.models.light import LIGHT
from treering.models.loading import load

ROWS, THREE = load_iris(return_X_y=True)
TWO = (THREE > 0).astype(int)
TWO_TARGETS = np.stack([ROWS[:, 0], ROWS[:, 1] * 2], axis=1)
RANDOM = np.random.default_rng(0).normal(size=(400, 4)) * 5

LIGHT_ONES: dict[str, tuple[Any, Any]] = {
    "logistic of three": (LogisticRegression(max_iter=1000), THREE),
    "logistic of two": (LogisticRegression(max_iter=1000), TWO),
    "classes with names": (LogisticRegression(max_iter=1000), np.array(["no", "yes"])[TWO]),
    "stochastic gradient": (SGDClassifier(random_state=0), THREE),
    "linear support vectors": (LinearSVC(), THREE),
    "linear": (LinearRegression(), ROWS[:, 0]),
    "linear of two targets": (LinearRegression(), TWO_TARGETS),
    "ridge": (Ridge(), ROWS[:, 0]),
    "lasso": (Lasso(0.01), ROWS[:, 0]),
    "elastic net": (ElasticNet(0.01), ROWS[:, 0]),
    "no intercept": (Ridge(fit_intercept=False), ROWS[:, 0]),
    "tree": (DecisionTreeClassifier(random_state=0), THREE),
    "tree of values": (DecisionTreeRegressor(random_state=0), ROWS[:, 0]),
    "wild tree": (ExtraTreeClassifier(random_state=0), THREE),
    "wild tree of values": (ExtraTreeRegressor(random_state=0), ROWS[:, 0]),
    "stump": (DecisionTreeClassifier(max_depth=1), TWO),
    "leaf": (DecisionTreeClassifier(), np.zeros(len(ROWS))),
    "forest": (RandomForestClassifier(20, random_state=0), THREE),
    "forest of values": (RandomForestRegressor(20, random_state=0), ROWS[:, 0]),
    "wild forest": (ExtraTreesClassifier(20, random_state=0), THREE),
    "wild forest of values": (ExtraTreesRegressor(20, random_state=0), ROWS[:, 0]),
    "standard scaler": (make_pipeline(StandardScaler(), Ridge()), ROWS[:, 0]),
    "only the mean": (make_pipeline(StandardScaler(with_std=False), Ridge()), ROWS[:, 0]),
    "only the deviation": (make_pipeline(StandardScaler(with_mean=False), Ridge()), ROWS[:, 0]),
    "minimum and maximum": (make_pipeline(MinMaxScaler(), LogisticRegression()), THREE),
    "clipped": (make_pipeline(MinMaxScaler(clip=True), Ridge()), ROWS[:, 0]),
    "greatest": (make_pipeline(MaxAbsScaler(), Ridge()), ROWS[:, 0]),
    "robust": (make_pipeline(RobustScaler(), Ridge()), ROWS[:, 0]),
    "pipeline in a pipeline": (make_pipeline("passthrough", make_pipeline(StandardScaler(), MinMaxScaler()),
                                             RandomForestClassifier(5, random_state=0)), THREE),
}  # fmt: skip


def is_light(folder: Path) -> bool:
    model = load(folder)
    return LIGHT.load("sklearn")(folder, model.metadata, model.metadata.flavours["sklearn"]) is not None


@pytest.mark.parametrize("name", LIGHT_ONES)
def test_the_answers_are_those_of_scikit_learn(name: str, tmp_path: Path) -> None:
    estimator, target = LIGHT_ONES[name]
    estimator.fit(ROWS, target)
    save("sklearn", estimator, tmp_path / "m")
    assert is_light(tmp_path / "m")
    model = load(tmp_path / "m")
    for rows in (ROWS, RANDOM, ROWS.round().astype(np.int64), np.asfortranarray(RANDOM), RANDOM[::3], ROWS[:1]):
        found, wanted = model.predict(rows), estimator.predict(rows)
        np.testing.assert_array_equal(found, wanted, strict=True)


def test_a_table_is_asked_by_its_names(tmp_path: Path) -> None:
    table = pd.DataFrame(ROWS, columns=["a", "b", "c", "d"])
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, THREE)
    save("sklearn", estimator, tmp_path / "m", SaveOptions(input_example=table.head(2)))
    assert is_light(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict(table), estimator.predict(table), strict=True)


def test_what_scikit_learn_says_of_odd_data_is_still_said(tmp_path: Path) -> None:
    save("sklearn", Ridge().fit(ROWS, TWO), tmp_path / "m")
    model = load(tmp_path / "m")
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match="3 features"):
        load(tmp_path / "m").predict(ROWS[:, :3])
    with pytest.raises(ValueError, match="2D"):
        load(tmp_path / "m").predict(ROWS[0])
    with pytest.raises(ValueError, match="0 sample"):
        load(tmp_path / "m").predict(ROWS[:0])


@pytest.mark.parametrize("kind", [np.float32, np.int8, bool])
def test_other_numbers_are_left_to_scikit_learn(kind: Any, tmp_path: Path) -> None:
    estimator = make_pipeline(StandardScaler(), Ridge()).fit(ROWS, TWO)
    save("sklearn", estimator, tmp_path / "m")
    rows = ROWS.astype(kind)
    np.testing.assert_array_equal(load(tmp_path / "m").predict(rows), estimator.predict(rows), strict=True)


def test_other_steps_are_left_to_scikit_learn(tmp_path: Path) -> None:
    unknown = make_pipeline(FunctionTransformer(), Ridge()).fit(ROWS, TWO)
    save("sklearn", unknown, tmp_path / "unknown")
    assert not is_light(tmp_path / "unknown")
    framed = make_pipeline(StandardScaler().set_output(transform="pandas"), Ridge()).fit(ROWS, TWO)
    save("sklearn", framed, tmp_path / "framed")
    assert not is_light(tmp_path / "framed")
    scores = SaveOptions(flavour={"pyfunc_predict_fn": "decision_function"})
    save("sklearn", LogisticRegression().fit(ROWS, TWO), tmp_path / "scores", scores)
    assert not is_light(tmp_path / "scores")
    several = DecisionTreeRegressor().fit(ROWS, TWO_TARGETS)
    save("sklearn", several, tmp_path / "several")
    assert not is_light(tmp_path / "several")


def test_the_frameworks_object_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    save("sklearn", Ridge().fit(ROWS, TWO), tmp_path / "m")
    model = load(tmp_path / "m")
    model.predict(ROWS)
    assert isinstance(model.native, Ridge)
    assert model.native is model.native


def test_a_prediction_imports_no_framework(tmp_path: Path) -> None:
    save("sklearn", make_pipeline(StandardScaler(), Ridge()).fit(ROWS, TWO), tmp_path / "m",
         SaveOptions(input_example=ROWS[:2]))  # fmt: skip
    program = (
        "import sys, numpy, treering\n"
        f"treering.pyfunc.load_model({str(tmp_path / 'm')!r}).predict(numpy.ones((2, 4)))\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"sklearn", "skops", "scipy", "pandas", "pyarrow", "sqlalchemy", "cloudpickle", "urllib3"}
