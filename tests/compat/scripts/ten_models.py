"""Nested runs, ten models logged and registered, loaded back by alias, predictions equal."""

from __future__ import annotations

import mlflow
import numpy as np
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = 10
NAME = "tumours"


def candidate(number: int) -> object:
    if number % 2:
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.01 * 4**number, max_iter=500))
    return GaussianNB(var_smoothing=10.0 ** (number - 12))


def main() -> None:
    features, labels = load_breast_cancer(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=7)
    mlflow.set_experiment("ten models")
    client = MlflowClient()
    expected = {}
    with mlflow.start_run(run_name="grid") as parent:
        for number in range(MODELS):
            with mlflow.start_run(run_name=f"candidate {number}", nested=True) as run:
                model = candidate(number).fit(train_x, train_y)
                mlflow.log_params({"number": number, "kind": type(model).__name__})
                for step in range(3):
                    mlflow.log_metric("accuracy", model.score(test_x, test_y) - 0.01 * (2 - step), step=step)
                mlflow.sklearn.log_model(
                    model,
                    name="model",
                    registered_model_name=NAME,
                    input_example=test_x.head(2),
                    # Left to guess them, MLflow starts a Python for each model; the quick start has that.
                    pip_requirements=["scikit-learn", "skops"],
                )
                expected[run.info.run_id] = model.predict_proba(test_x)

    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.accuracy DESC"],
        output_format="list",
    )
    assert len(children) == MODELS
    scores = [run.data.metrics["accuracy"] for run in children]
    assert scores == sorted(scores, reverse=True)

    versions = client.search_model_versions(f"name = '{NAME}'", order_by=["version_number ASC"])
    assert [int(version.version) for version in versions] == list(range(1, MODELS + 1))
    assert {version.run_id for version in versions} == set(expected)
    for version in versions:
        client.set_registered_model_alias(NAME, f"candidate-{version.version}", version.version)
    best = next(version for version in versions if version.run_id == children[0].info.run_id)
    client.set_registered_model_alias(NAME, "champion", best.version)

    for version in versions:
        loaded = mlflow.sklearn.load_model(f"models:/{NAME}@candidate-{version.version}")
        np.testing.assert_array_equal(loaded.predict_proba(test_x), expected[version.run_id])
    champion = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    np.testing.assert_array_equal(champion.predict(test_x), expected[best.run_id].argmax(axis=1))

    found = mlflow.search_logged_models(
        experiment_ids=[parent.info.experiment_id],
        filter_string="metrics.accuracy > 0.5",
        order_by=[{"field_name": "metrics.accuracy", "ascending": False}],
        output_format="list",
    )
    assert len(found) == MODELS
    logged = [next(metric.value for metric in model.metrics if metric.key == "accuracy") for model in found]
    assert logged == sorted(logged, reverse=True)
    aliases = client.get_registered_model(NAME).aliases
    assert len(aliases) == MODELS + 1
    assert aliases["champion"] == best.version


if __name__ == "__main__":
    main()
