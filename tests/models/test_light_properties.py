"""Whatever rows models are asked with without their framework: the answer is scikit-learn's to the last bit, or none."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from treering.models.light.chain import open_model
from treering.models.mlmodel import MLModel

RANDOM = np.random.default_rng(7)
ROWS = RANDOM.normal(size=(120, 3)) * [1, 50, 1e-3]
HOLES = np.where(RANDOM.random(ROWS.shape) < 0.2, np.nan, ROWS)
SUMS = ROWS[:, 0] + ROWS[:, 1] / 50 + RANDOM.normal(size=120) / 10
TWO, THREE = (SUMS > 0).astype(int), np.digitize(SUMS, [-0.5, 0.5])
WORDS = np.array(["apple", "pear", "plum", "süß"], dtype=object)[RANDOM.integers(0, 4, 120)]
TABLE = pd.DataFrame({"a": ROWS[:, 0], "b": HOLES[:, 1], "n": RANDOM.integers(-5, 5, 120), "w": WORDS})

NUMBERS: dict[str, tuple[Any, Any, Any]] = {
    "boosted": (GradientBoostingRegressor(n_estimators=8), ROWS, SUMS),
    "boosted, another loss": (GradientBoostingRegressor(n_estimators=8, loss="huber"), ROWS, SUMS),
    "boosted for two": (GradientBoostingClassifier(n_estimators=8), ROWS, TWO),
    "boosted for three": (GradientBoostingClassifier(n_estimators=8), ROWS, THREE),
    "histograms": (HistGradientBoostingRegressor(max_iter=8), ROWS, SUMS),
    "histograms with holes": (HistGradientBoostingRegressor(max_iter=8), HOLES, SUMS),
    "histograms for two": (HistGradientBoostingClassifier(max_iter=8), HOLES, TWO > 0),
    "histograms for three": (HistGradientBoostingClassifier(max_iter=8), ROWS, THREE),
    "forest": (RandomForestClassifier(7, random_state=1), ROWS, THREE),
    "linear": (LinearRegression(), ROWS, SUMS),
    "filled with the mean": (make_pipeline(SimpleImputer(), StandardScaler(), Ridge()), HOLES, SUMS),
    "filled with the median": (make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler(), Ridge()), HOLES, SUMS),
    "filled with the most frequent": (
        make_pipeline(SimpleImputer(strategy="most_frequent"), LogisticRegression()), HOLES, THREE),
    "filled in the end": (make_pipeline(RobustScaler(), MaxAbsScaler(), SimpleImputer(), Ridge()), HOLES, SUMS),
    "parts": (
        make_pipeline(ColumnTransformer([("s", StandardScaler(), [2, 0]), ("m", MinMaxScaler(), [1])]), Ridge()),
        ROWS, SUMS),
}  # fmt: skip


def encoded(kind: Any, *more: Any, last: Any, **options: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = ColumnTransformer([("n", numbers, ["a", "b"]), ("w", kind, ["w"]), *more], **options)
    return make_pipeline(parts, last)


IGNORING = OneHotEncoder(handle_unknown="ignore")
TABLES: dict[str, tuple[Any, Any]] = {
    "kept dense": (encoded(OneHotEncoder(sparse_output=False), last=LogisticRegression()), THREE),
    "kept sparse": (encoded(IGNORING, last=LogisticRegression(), sparse_threshold=1.0), THREE),
    "sparse, for two": (encoded(IGNORING, last=LogisticRegression(), sparse_threshold=1.0), TWO),
    "sparse, of values": (encoded(IGNORING, last=Ridge(), sparse_threshold=1.0), SUMS),
    "sparse, in a forest": (encoded(IGNORING, last=RandomForestRegressor(5), sparse_threshold=1.0), SUMS),
    "the rest passes": (encoded(IGNORING, last=Ridge(), remainder="passthrough"), SUMS),
    "the rest is dropped": (encoded(IGNORING, last=HistGradientBoostingRegressor(max_iter=5), remainder="drop"), SUMS),
    "in order": (encoded(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                         last=HistGradientBoostingRegressor(max_iter=5)), SUMS),
    "words that are filled": (
        encoded(make_pipeline(SimpleImputer(strategy="most_frequent"), IGNORING), last=Ridge()), SUMS),
    "numbers as categories": (encoded(IGNORING, ("k", IGNORING, ["n"]), last=Ridge()), SUMS),
}  # fmt: skip

VALUES = st.one_of(
    st.floats(-1e3, 1e3, width=32),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1e-300]),
)
ASKED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def light(estimator: Any, method: str = "predict") -> Any:
    with TemporaryDirectory() as folder:
        skops.io.dump(estimator, Path(folder) / "model.skops")
        entry = {"serialization_format": "skops", "pickled_model": "model.skops"}
        function = {"python_function": {"loader_module": "mlflow.sklearn", "predict_fn": method}}
        return open_model(Path(folder), MLModel(flavours=function), entry)


def check(ask: Any, method: Any, rows: Any) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of overflows, from both
        found = ask(rows)
        if found is NotImplemented:
            return False
        wanted = method(rows)
    assert found.tobytes() == wanted.tobytes()
    np.testing.assert_array_equal(found, wanted, strict=True)
    return True


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_rows_of_numbers(name: str, kind: Any) -> None:
    estimator, rows, target = NUMBERS[name]
    estimator.fit(rows, target)
    ask = light(estimator)
    assert check(ask, estimator.predict, rows)
    plain = np.abs(np.nan_to_num(rows))[:50]
    single = not hasattr(estimator, "steps")
    keeps = name != "filled with the most frequent"
    done = check(ask, estimator.predict, plain.astype(kind))
    assert done or (kind is np.float32 and not single) or (kind is np.int64 and not keeps)

    @ASKED
    @given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=9), st.booleans(), st.booleans())
    def holds(values: list[Any], turned: bool, holes: bool) -> None:
        with np.errstate(all="ignore"):
            asked = np.array(values, order="F" if turned else "C").astype(kind)
        if holes and kind is not np.int64:
            asked[0, 1] = np.nan
        check(ask, estimator.predict, asked)

    holds()


@pytest.mark.parametrize("name", TABLES)
def test_tables_with_words(name: str) -> None:
    estimator, target = TABLES[name]
    estimator.fit(TABLE, target)
    ask = light(estimator)
    assert check(ask, estimator.predict, TABLE)
    assert check(ask, estimator.predict, TABLE[["w", "n", "b", "a"]].assign(more=1).iloc[::3])

    @ASKED
    @given(
        st.lists(
            st.tuples(VALUES, st.one_of(VALUES, st.just(np.nan)), st.integers(-(2**40), 2**40), st.sampled_from(["apple", "süß", "kiwi"])),
            min_size=1,
            max_size=9,
        ),
        st.booleans(),
    )  # fmt: skip
    def holds(values: list[Any], known: bool) -> None:
        asked = pd.DataFrame(values, columns=["a", "b", "n", "w"])
        check(ask, estimator.predict, asked.assign(w="pear", n=3) if known else asked)

    holds()


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression()), DecisionTreeClassifier(max_depth=4),
     RandomForestClassifier(7), make_pipeline(SimpleImputer(), MinMaxScaler(), RandomForestClassifier(5))],
    ids=lambda estimator: type(estimator).__name__,
)  # fmt: skip
def test_shares_of_classes(estimator: Any, target: str) -> None:
    estimator.fit(ROWS, {"two": TWO, "three": THREE}[target])
    ask = light(estimator, "predict_proba")
    assert check(ask, estimator.predict_proba, ROWS)

    @ASKED
    @given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=9))
    def holds(values: list[Any]) -> None:
        check(ask, estimator.predict_proba, np.array(values))

    holds()


def test_odd_options_are_left_to_scikit_learn() -> None:
    words, target = TABLE[["w"]], SUMS
    for step in (
        OneHotEncoder(drop="first"),
        OneHotEncoder(min_frequency=5),
        OneHotEncoder(max_categories=2),
        OneHotEncoder(handle_unknown="infrequent_if_exist"),
        OneHotEncoder(dtype=np.float32),
        OrdinalEncoder(dtype=np.int32),
        OrdinalEncoder(max_categories=2),
        ColumnTransformer([("w", OneHotEncoder(), ["w"])], transformer_weights={"w": 2.0}),
    ):
        assert light(make_pipeline(step, Ridge()).fit(words, target)) is None, step
    for step in (
        SimpleImputer(add_indicator=True),
        SimpleImputer(missing_values=-1),
        MaxAbsScaler(clip=True),
        ColumnTransformer([("f", FunctionTransformer(np.log1p), [0])]),
        ColumnTransformer([("s", StandardScaler(), slice(0, 2))]),
    ):
        assert light(make_pipeline(step, Ridge()).fit(np.abs(ROWS), target)) is None, step
    for last in (
        GradientBoostingRegressor(n_estimators=2, init="zero"),
        GradientBoostingRegressor(n_estimators=2, init=Ridge()),
        HistGradientBoostingRegressor(max_iter=2, loss="poisson"),
        HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]),
    ):
        assert light(last.fit(np.abs(ROWS).round(), np.abs(target))) is None, last
    assert light(GradientBoostingClassifier(n_estimators=2, loss="exponential").fit(ROWS, TWO)) is None
    assert light(LogisticRegression(solver="liblinear").fit(ROWS, TWO), "predict_log_proba") is None


class _Dated(Ridge):  # type: ignore[misc]  # scikit-learn has no types
    """As another version of scikit-learn would have saved it."""

    __module__ = Ridge.__module__

    def __init__(self, version: str = "") -> None:
        super().__init__()
        self.version = version

    def __getstate__(self) -> Any:
        return {**vars(self), "_sklearn_version": self.version}


_Dated.__name__ = _Dated.__qualname__ = "Ridge"


def test_other_versions_are_left_to_scikit_learn() -> None:
    assert light(Ridge().fit(ROWS, SUMS)) is not None
    for version in ("1.4.2", "1.10.0", "2.0.dev0", "odd"):
        assert light(_Dated(version).fit(ROWS, SUMS)) is None, version
