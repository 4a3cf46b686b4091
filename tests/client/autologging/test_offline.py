"""A training that is logged by itself goes on without its server, and all of it is delivered later."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import treering

ROWS = np.random.default_rng(0).normal(size=(40, 3))
KINDS = (ROWS[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def logging() -> Iterator[None]:
    yield
    treering.sklearn.autolog(disable=True)


def test_a_search_is_logged_while_its_server_is_away(own_server: Any, fresh: Callable[..., Any]) -> None:
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    treering.sklearn.autolog(log_models=False, max_tuning_runs=2)
    treering.set_experiment("by itself")
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(ROWS, KINDS)
    own_server.start()
    treering.flush()
    found = treering.search_runs(experiment_names=["by itself"], output_format="list")
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in found if run is not parent]
    assert (parent.info.status, parent.data.tags["estimator_name"]) == ("FINISHED", "GridSearchCV")
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    assert [used.dataset.name for used in parent.inputs.dataset_inputs] == ["dataset"]
    files = {info.path for info in treering.artifacts.list_artifacts(run_id=parent.info.run_id)}
    assert {"estimator.html", "cv_results.csv"} <= files
    assert [(run.info.status, run.data.tags["mlflow.parentRunId"]) for run in children] == [
        ("FINISHED", parent.info.run_id)
    ] * 2
    assert {run.data.metrics["mean_test_score"] for run in children} == set(search.cv_results_["mean_test_score"])


def test_a_model_is_kept_while_its_server_is_away(own_server: Any, fresh: Callable[..., Any]) -> None:
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    model = LogisticRegression().fit(ROWS, KINDS)
    with treering.start_run() as run:
        kept = treering.sklearn.log_model(model, name="classifier", registered_model_name="one")
        assert (kept.model_id, kept.model_uri) == ("", f"runs:/{run.info.run_id}/classifier")
        assert kept.registered_model_version is None
        own_server.start()
        treering.flush()
        known = treering.sklearn.log_model(model, name="later")
        assert known.model_id
    treering.flush()
    for info in (kept, known):
        assert np.array_equal(treering.sklearn.load_model(info.model_uri).predict(ROWS), model.predict(ROWS))
    assert treering.register_model(kept.model_uri, "one").version == 1
