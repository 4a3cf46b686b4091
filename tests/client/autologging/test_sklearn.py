"""scikit-learn's own behaviour stays as it is while it is logged; what MLflow logs is compared in tests/frameworks."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import treering

ROWS = np.random.default_rng(0).normal(size=(60, 3))
KINDS = (ROWS[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def logging(fresh: Callable[..., Any]) -> Iterator[None]:
    fresh()
    treering.sklearn.autolog(log_models=False)
    yield
    treering.sklearn.autolog(disable=True)


def runs() -> list[Any]:
    return treering.search_runs(output_format="list", order_by=["start_time ASC"])


def test_the_model_is_logged_and_loads() -> None:
    treering.sklearn.autolog(log_input_examples=True)
    model = LinearRegression().fit(ROWS, KINDS)
    (run,) = runs()
    (output,) = run.outputs.model_outputs
    loaded = treering.pyfunc.load_model(f"models:/{output.model_id}")
    assert np.allclose(loaded.predict(ROWS), model.predict(ROWS))
    assert loaded.metadata.signature is not None
    logged = treering.get_logged_model(output.model_id)
    assert logged.params["fit_intercept"] == "True"
    assert "training_r2_score" in {metric.key for metric in logged.metrics}


def test_searches_in_threads_log_one_parent_and_the_best_children() -> None:
    treering.sklearn.autolog(log_models=False, max_tuning_runs=1)
    bagging = BaggingClassifier(LogisticRegression(), n_estimators=2, n_jobs=2, random_state=0)
    search = GridSearchCV(bagging, {"n_estimators": [1, 2]}, cv=2, n_jobs=1).fit(ROWS, KINDS)
    parent, child = sorted(runs(), key=lambda run: "mlflow.parentRunId" in run.data.tags)
    assert parent.data.tags["estimator_name"] == "GridSearchCV"
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.metrics["mean_test_score"] == search.best_score_
    assert child.info.status == "FINISHED"


def test_estimators_stay_what_they_are() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, KINDS)
    assert pickle.loads(pickle.dumps(model)).score(ROWS, KINDS) == model.score(ROWS, KINDS)
    assert (
        vars(clone(model)) == vars(make_pipeline(StandardScaler(), LogisticRegression())) or clone(model) is not model
    )
    assert pickle.loads(pickle.dumps(sklearn.metrics.accuracy_score)) is sklearn.metrics.accuracy_score
    scores = cross_val_score(LogisticRegression(), ROWS, KINDS, scoring="accuracy", cv=2)
    assert len(scores) == 2
    assert len(runs()) == 1


def test_a_users_own_estimator_is_not_logged_and_what_it_fits_is() -> None:
    class Mine(ClassifierMixin, BaseEstimator):
        def fit(self, rows: Any, kinds: Any) -> Any:
            self.inner_ = LogisticRegression().fit(rows, kinds)
            return self

        def predict(self, rows: Any) -> Any:
            return self.inner_.predict(rows)

    Mine().fit(ROWS, KINDS).predict(ROWS)
    (run,) = runs()
    assert run.data.tags["estimator_name"] == "LogisticRegression"


def test_a_prediction_that_is_gone_is_not_mistaken_for_another() -> None:
    model = LogisticRegression().fit(ROWS, KINDS)
    for _ in range(20):
        model.predict(ROWS)
    sklearn.metrics.accuracy_score(KINDS, np.array(KINDS))
    guess = model.predict(ROWS)
    right = sklearn.metrics.accuracy_score(KINDS, guess)
    metrics = runs()[0].data.metrics
    assert {key for key in metrics if not key.startswith("training_")} == {"accuracy_score_unknown_dataset"}
    assert metrics["accuracy_score_unknown_dataset"] == right


def test_nothing_is_left_behind_when_it_is_turned_off() -> None:
    treering.sklearn.autolog(disable=True)
    LogisticRegression().fit(ROWS, KINDS)
    assert runs() == []
    assert (
        not hasattr(LogisticRegression.fit, "__wrapped__")
        or "treering" not in LogisticRegression.fit.__code__.co_filename
    )
