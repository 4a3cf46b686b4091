"""Fills the tracking store that MLFLOW_TRACKING_URI names with one of each; run by MLflow 2 and 3."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric

uri, out = sys.argv[1], Path(sys.argv[2])
place = sys.argv[3] if len(sys.argv) > 3 else None
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)
experiment = client.create_experiment("trees", artifact_location=place, tags={"team": "forest"})
mlflow.set_experiment(experiment_id=experiment)
with mlflow.start_run(run_name="parent", tags={"colour": "red ü"}) as parent:
    mlflow.log_params({"depth": 3, "text": "a\nb"})
    mlflow.log_metric("loss", float("nan"), step=0)
    mlflow.log_metric("loss", float("inf"), step=1)
    mlflow.log_metric("loss", float("-inf"), step=2)
    mlflow.log_metric("loss", 0.1 + 0.2, step=3)
    mlflow.log_metric("a/b", -1.5, step=-4)
    mlflow.log_dict({"x": 1}, "nested/config.json")
    mlflow.log_text("hello", "note ü.txt")
    data = MetaDataset(CodeDatasetSource({"tag": 1}), name="iris", digest="abc123")
    mlflow.log_input(data, context="train")
    with mlflow.start_run(run_name="child", nested=True) as child:
        client.log_batch(child.info.run_id, [Metric("curve", i * 0.5, 1_700_000_000_000 + i, i) for i in range(900)])
    if mlflow.__version__.startswith("3"):
        model = client.create_logged_model(
            experiment, name="forest", source_run_id=parent.info.run_id, params={"p": "1"}
        )
        client.log_metric(parent.info.run_id, "accuracy", 0.75, step=1, model_id=model.model_id)
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(parent.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 2)])
with mlflow.start_run(run_name="failed") as failed:
    pass
client.set_terminated(failed.info.run_id, "FAILED")
client.delete_run(failed.info.run_id)
gone = client.create_experiment("gone", artifact_location=place and place + "/gone", tags={"why": "old"})
lost = client.create_run(gone, run_name="lost")
client.set_terminated(lost.info.run_id)
client.delete_experiment(gone)
client.create_registered_model("forest", tags={"a": "b"}, description="many trees")
for _ in range(3):
    client.create_model_version(
        "forest", f"{parent.info.artifact_uri}/nested", parent.info.run_id, tags={"t": "v"}, description="d"
    )
client.delete_model_version("forest", "2")
client.transition_model_version_stage("forest", "3", "Production")
client.set_registered_model_alias("forest", "best", "1")
out.write_text(
    json.dumps(
        {
            "parent": parent.info.run_id,
            "child": child.info.run_id,
            "failed": failed.info.run_id,
            "lost": lost.info.run_id,
            "experiment": experiment,
        }
    )
)
