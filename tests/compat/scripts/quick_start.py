"""MLflow's quick start, as people write it, against whatever MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import mlflow.data
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def main() -> None:
    experiment = mlflow.set_experiment("quick start")
    assert mlflow.set_experiment("quick start").experiment_id == experiment.experiment_id
    features, labels = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=300).fit(features, labels)

    with mlflow.start_run(run_name="parent", tags={"team": "blue"}, description="the first run") as run:
        mlflow.log_param("solver", "lbfgs")
        mlflow.log_params({"C": 1.0, "max_iter": 300, "note": ""})
        mlflow.log_metric("accuracy", 0.5)
        for step in range(5):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
        mlflow.log_metrics({"precision": 0.9, "recall": float("nan"), "worst": float("inf")}, step=3)
        mlflow.set_tag("stage", "dev")
        mlflow.set_tags({"one": 1, "two": "zwei"})
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
        mlflow.log_text("hello\n", "notes/hello.txt")
        mlflow.log_text("grüße", "notes/über uns.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        mlflow.log_table({"x": [3], "y": ["c"]}, "table.json")
        Path("data").mkdir()
        Path("data/part one.csv").write_text("x\n1\n")
        Path("data/big.bin").write_bytes(bytes(range(256)) * 16_384)
        mlflow.log_artifact("data/part one.csv", "inputs")
        mlflow.log_artifacts("data", "all")
        dataset = mlflow.data.from_pandas(features, source="iris.csv", name="iris")
        mlflow.log_input(dataset, context="training")
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name="iris classifier",
            input_example=features.head(3),
            signature=infer_signature(features, model.predict(features)),
        )
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("accuracy", 0.75)

    check_run(run.info.run_id, child.info.run_id, experiment.experiment_id)
    check_resuming(run.info.run_id)
    check_artifacts(run.info.run_id)
    check_searches(experiment.experiment_id)
    check_models(logged, run.info.run_id, model, features)


def check_run(run_id: str, child_id: str, experiment_id: str) -> None:
    run = mlflow.get_run(run_id)
    assert run.info.run_name == "parent"
    assert run.info.status == "FINISHED"
    assert run.info.end_time >= run.info.start_time
    assert run.info.experiment_id == experiment_id
    assert run.data.params == {"solver": "lbfgs", "C": "1.0", "max_iter": "300", "note": ""}
    assert run.data.metrics["accuracy"] == 0.5
    assert run.data.metrics["loss"] == 0.2
    assert np.isnan(run.data.metrics["recall"])
    assert run.data.metrics["worst"] == float("inf")
    assert run.data.tags["team"] == "blue"
    assert run.data.tags["one"] == "1"
    assert run.data.tags["mlflow.note.content"] == "the first run"
    assert run.data.tags["mlflow.runName"] == "parent"
    assert "gone" not in run.data.tags
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"])[0]["path"] == "table.json"
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.name == "iris"
    assert used.tags[0].value == "training"
    assert mlflow.get_parent_run(child_id).info.run_id == run_id


def check_resuming(run_id: str) -> None:
    with mlflow.start_run(run_id=run_id) as run:
        assert mlflow.get_run(run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 0.1, step=5)
    assert run.info.run_id == run_id
    history = MlflowClient().get_metric_history(run_id, "loss")
    assert [point.step for point in history] == [0, 1, 2, 3, 4, 5]
    assert [round(point.value, 3) for point in history] == [1, 0.5, 0.333, 0.25, 0.2, 0.1]
    try:
        with mlflow.start_run(run_name="fails"):
            _ = 1 / 0
    except ZeroDivisionError:
        assert mlflow.last_active_run().info.status == "FAILED"


def check_artifacts(run_id: str) -> None:
    client = MlflowClient()
    top = {item.path: item.is_dir for item in client.list_artifacts(run_id)}
    assert {
        "notes": True,
        "config.json": False,
        "table.json": False,
        "inputs": True,
        "all": True,
    }.items() <= top.items()
    sizes = {item.path: item.file_size for item in client.list_artifacts(run_id, "all")}
    assert sizes == {"all/big.bin": 4_194_304, "all/part one.csv": 4}
    assert client.list_artifacts(run_id, "nowhere") == []
    uri = f"runs:/{run_id}"
    assert mlflow.artifacts.load_text(f"{uri}/notes/hello.txt") == "hello\n"
    assert mlflow.artifacts.load_text(f"{uri}/notes/über uns.txt") == "grüße"
    assert mlflow.artifacts.load_dict(f"{uri}/config.json") == {"a": [1, 2]}
    assert len(mlflow.load_table("table.json", run_ids=[run_id])) == 3
    folder = Path(mlflow.artifacts.download_artifacts(f"{uri}/all", dst_path="down"))
    assert (folder / "big.bin").read_bytes() == Path("data/big.bin").read_bytes()
    assert sorted(item.name for item in folder.iterdir()) == ["big.bin", "part one.csv"]


def check_searches(experiment_id: str) -> None:
    found = mlflow.search_runs([experiment_id], "metrics.accuracy >= 0.5 and tags.team = 'blue'")
    assert list(found["tags.mlflow.runName"]) == ["parent"]
    found = mlflow.search_runs([experiment_id], "params.solver LIKE 'lb%'", output_format="list")
    assert [run.info.run_name for run in found] == ["parent"]
    found = mlflow.search_runs([experiment_id], order_by=["metrics.accuracy DESC"], output_format="list")
    assert [run.info.run_name for run in found] == ["child", "parent", "fails"]
    found = mlflow.search_runs([experiment_id], "attributes.status = 'FAILED'", output_format="list")
    assert [run.info.run_name for run in found] == ["fails"]
    found = mlflow.search_runs(experiment_names=["quick start"], filter_string="datasets.name = 'iris'")
    assert isinstance(found, pd.DataFrame)
    assert len(found) == 1
    assert len(mlflow.search_runs([experiment_id], max_results=2, output_format="list")) == 2


def check_models(logged: object, run_id: str, model: LogisticRegression, features: pd.DataFrame) -> None:
    expected = model.predict(features)
    client = MlflowClient()
    client.set_registered_model_alias("iris classifier", "champion", "1")
    for uri in (
        "models:/iris classifier/1",
        "models:/iris classifier@champion",
        "models:/iris classifier/latest",
        f"runs:/{run_id}/model",
        logged.model_uri,
    ):
        assert (mlflow.pyfunc.load_model(uri).predict(features) == expected).all(), uri
    assert (mlflow.sklearn.load_model("models:/iris classifier/1").predict(features) == expected).all()
    kept = mlflow.get_logged_model(logged.model_id)
    assert kept.status == "READY"
    assert kept.source_run_id == run_id
    assert {metric.key for metric in kept.metrics} >= {"accuracy", "loss"}
    assert kept.params["solver"] == "lbfgs"
    version = client.get_model_version("iris classifier", "1")
    assert version.run_id == run_id
    assert version.status == "READY"
    outputs = mlflow.get_run(run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [logged.model_id]
    again = mlflow.register_model(f"runs:/{run_id}/model", "iris classifier")
    assert int(again.version) == 2


if __name__ == "__main__":
    main()
