"""Columns without pandas get the answers that a data frame gets, or are made one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from treering.models.folder import SaveOptions, save
from treering.models.light.rows import Table
from treering.models.loading import LoadedModel, load
from treering.testing.flavours import TRUSTING

RANDOM = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "x": RANDOM.normal(size=60), "n": RANDOM.integers(0, 9, 60), "y": RANDOM.normal(size=60),
        "colour": RANDOM.choice(["red", "green", "blue"], 60),
    }
)  # fmt: skip
TARGET = (FRAME["x"] + (FRAME["colour"] == "red") > 0.3).to_numpy().astype(int)


def saved(model: Any, frame: pd.DataFrame, folder: Path) -> LoadedModel:
    options = SaveOptions(input_example=frame.head(3), pip_requirements=["scikit-learn"])
    save("sklearn", model.fit(frame, TARGET), folder, options)
    return load(folder, TRUSTING)


def table(frame: pd.DataFrame, *, matrix: bool = False) -> Table:
    if matrix:
        return Table(tuple(frame.columns), matrix=np.ascontiguousarray(frame.to_numpy()))
    return Table(
        tuple(frame.columns), [np.array(frame[name].tolist(), None if name != "colour" else object) for name in frame]
    )


MODELS = {
    "numbers of one type": (make_pipeline(StandardScaler(), LogisticRegression()), ["x", "y"]),
    "numbers of two types": (make_pipeline(StandardScaler(), LogisticRegression()), ["x", "n", "y"]),
    "a forest": (RandomForestClassifier(5, random_state=0), ["x", "n", "y"]),
    "texts": (
        make_pipeline(
            ColumnTransformer([("scale", StandardScaler(), ["y", "x"]), ("hot", OneHotEncoder(), ["colour"])]),
            LogisticRegression(),
        ),
        ["x", "n", "y", "colour"],
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_answers_are_those_of_a_data_frame(tmp_path: Path, name: str):
    estimator, columns = MODELS[name]
    model = saved(estimator, FRAME[columns], tmp_path / "m")
    expected = model.predict(FRAME[columns])
    np.testing.assert_array_equal(model.predict_checked(table(FRAME[columns]), {}), expected)
    if name == "numbers of one type":
        np.testing.assert_array_equal(model.predict_checked(table(FRAME[columns], matrix=True), {}), expected)


def test_what_scikit_learn_has_to_see_is_made_a_data_frame(tmp_path: Path):
    estimator, columns = MODELS["texts"]
    model = saved(estimator, FRAME[columns], tmp_path / "m")
    unknown = FRAME[columns].head(2).assign(colour=["red", "violet"])
    with pytest.raises(ValueError, match="violet"):
        model.predict_checked(table(unknown), {})


def test_columns_in_another_order_are_put_right_by_scikit_learn_or_refused(tmp_path: Path):
    estimator, columns = MODELS["numbers of one type"]
    model = saved(estimator, FRAME[columns], tmp_path / "m")
    with pytest.raises(ValueError, match="feature names"):
        model.predict_checked(table(FRAME[columns[::-1]]), {})
