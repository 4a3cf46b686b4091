"""What scripts written for MLflow 2 do: models as run artifacts, stages, and the calls of that time."""

from __future__ import annotations

import math
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

NAME = "older classifier"


def main() -> None:
    assert mlflow.__version__.startswith("2."), mlflow.__version__
    client = MlflowClient()
    experiment = mlflow.set_experiment("older client")
    features, labels = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=300).fit(features, labels)
    with mlflow.start_run(run_name="parent") as run:
        run_id = run.info.run_id
        mlflow.log_params({"C": 1.0})
        mlflow.log_metrics({"accuracy": 0.9, "broken": math.nan})
        client.log_batch(run_id, [Metric("loss", 0.5, 1, 0)], [Param("lr", "1")], [RunTag("a", "b")])
        mlflow.log_text("words", "a/b.txt")
        mlflow.log_input(mlflow.data.from_pandas(features, name="iris"), context="train")
        mlflow.sklearn.log_model(model, "model", registered_model_name=NAME, input_example=features.head(2))
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("accuracy", 0.8)

    kept = client.get_run(run_id)
    assert kept.data.params["lr"] == "1"
    assert math.isnan(kept.data.metrics["broken"])
    assert kept.inputs.dataset_inputs[0].dataset.name == "iris"
    assert "mlflow.log-model.history" in kept.data.tags
    assert client.get_parent_run(child.info.run_id).info.run_id == run_id
    assert [item.path for item in client.list_artifacts(run_id, "a")] == ["a/b.txt"]
    assert Path(client.download_artifacts(run_id, "a/b.txt", ".")).read_text() == "words"
    found = mlflow.search_runs([experiment.experiment_id], "metrics.accuracy > 0.85", output_format="list")
    assert [item.info.run_id for item in found] == [run_id]

    expected = model.predict(features)
    client.set_registered_model_alias(NAME, "champion", "1")
    client.transition_model_version_stage(NAME, "1", "Production")
    for uri in (f"models:/{NAME}/1", f"models:/{NAME}@champion", f"models:/{NAME}/Production", f"runs:/{run_id}/model"):
        assert (mlflow.pyfunc.load_model(uri).predict(features) == expected).all(), uri
    assert client.search_model_versions(f"name = '{NAME}'")[0].aliases == ["champion"]
    caught = None
    try:
        client.get_run("0" * 32)
    except MlflowException as error:
        caught = error
    assert caught is not None
    assert caught.error_code == "RESOURCE_DOES_NOT_EXIST"


if __name__ == "__main__":
    main()
