"""The classic fluent functions of MLflow 2 and 3, one after another, against whatever MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import json
import math
from pathlib import Path

import mlflow
import mlflow.artifacts
import mlflow.data
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import RunStatus, ViewType
from mlflow.exceptions import MlflowException

NEW = int(mlflow.__version__.partition(".")[0]) >= 3
CLIENT = MlflowClient()


def experiments() -> str:
    made = mlflow.create_experiment("fluent", tags={"team": "blue"})
    assert mlflow.get_experiment(made).tags == {"team": "blue"}
    assert mlflow.get_experiment_by_name("fluent").experiment_id == made
    assert mlflow.get_experiment_by_name("absent") is None
    assert mlflow.set_experiment(experiment_id=made).name == "fluent"
    mlflow.set_experiment_tag("a", 1)
    mlflow.set_experiment_tags({"b": "2", "c": 3.5})
    tags = {"team": "blue", "a": "1", "b": "2", "c": "3.5"}
    assert mlflow.get_experiment(made).tags == tags
    if NEW:
        mlflow.delete_experiment_tag("c")
        tags.pop("c")
        assert mlflow.get_experiment(made).tags == tags
    names = [item.name for item in mlflow.search_experiments(filter_string="tags.team = 'blue'", max_results=1)]
    assert names == ["fluent"]
    other = mlflow.create_experiment("fluent too")
    mlflow.delete_experiment(other)
    assert other not in {item.experiment_id for item in mlflow.search_experiments()}
    assert other in {item.experiment_id for item in mlflow.search_experiments(view_type=ViewType.DELETED_ONLY)}
    CLIENT.restore_experiment(other)
    # A deleted experiment's name is free again, which it is not in MLflow itself.
    mlflow.delete_experiment(other)
    assert mlflow.create_experiment("fluent too") != other
    return made


def logging(experiment: str) -> str:
    assert mlflow.active_run() is None
    with mlflow.start_run(run_name="one", tags={"t": "1"}, description="words") as run:
        run_id = run.info.run_id
        assert mlflow.active_run().info.run_id == run_id
        assert mlflow.log_param("p", 1) == 1
        mlflow.log_params({"q": None, "r": [1, 2]})
        mlflow.log_metric("m", 0.5)
        mlflow.log_metric("m", np.float32(0.25), step=1, timestamp=1_700_000_000_000)
        mlflow.log_metrics({"n": math.nan, "i": math.inf}, step=2)
        mlflow.log_metric("later", 1.0, synchronous=False).wait()
        mlflow.log_metrics({"later": 2.0}, step=1, synchronous=False)
        mlflow.log_params({"async": "yes"}, synchronous=False)
        mlflow.set_tag("async", "yes", synchronous=False)
        mlflow.flush_async_logging()
        mlflow.set_tags({"u": 2, "v": True})
        mlflow.delete_tag("v")
        content(run_id)
        frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
        mlflow.log_input(mlflow.data.from_pandas(frame, source="f.csv", name="frame", targets="y"), context="train")
        mlflow.log_input(
            mlflow.data.from_numpy(np.eye(3), source="f.npy", name="matrix"), context="eval", tags={"k": "v"}
        )
    assert mlflow.active_run() is None
    assert mlflow.last_active_run().info.run_id == run_id
    run = mlflow.get_run(run_id)
    assert run.data.params == {"p": "1", "q": "None", "r": "[1, 2]", "async": "yes"}
    assert (run.data.metrics["m"], run.data.metrics["later"], run.data.metrics["i"]) == (0.25, 2.0, math.inf)
    assert math.isnan(run.data.metrics["n"])
    assert {key: run.data.tags.get(key) for key in "tuv"} == {"t": "1", "u": "2", "v": None}
    assert run.data.tags["mlflow.note.content"] == "words"
    contexts = {
        item.dataset.name: {tag.key: tag.value for tag in item.tags}["mlflow.data.context"]
        for item in run.inputs.dataset_inputs
    }
    assert contexts == {"frame": "train", "matrix": "eval"}
    assert run.info.experiment_id == experiment
    return run_id


def content(run_id: str) -> None:
    mlflow.log_text("grüße", "t/a.txt")
    mlflow.log_dict({"a": [1, {"b": None}]}, "d.json")
    mlflow.log_dict({"a": 1}, "d.yml")
    mlflow.log_table(pd.DataFrame({"x": [1, 2]}), "table.json")
    mlflow.log_table({"x": [3]}, "table.json")
    mlflow.log_image(np.zeros((4, 5, 3), dtype=np.uint8), "i.png")
    for step in range(2):
        mlflow.log_image(np.full((4, 5), step / 2), key="series/x" if NEW else "series", step=step, synchronous=True)
    Path("out").mkdir()
    Path("out/file.bin").write_bytes(bytes(range(256)))
    mlflow.log_artifact("out/file.bin")
    mlflow.log_artifacts("out", "copy")
    uri = mlflow.get_artifact_uri("copy/file.bin")
    assert uri.endswith(f"{run_id}/artifacts/copy/file.bin")
    assert mlflow.artifacts.load_text(mlflow.get_artifact_uri("t/a.txt")) == "grüße"
    assert mlflow.artifacts.load_dict(mlflow.get_artifact_uri("d.json")) == {"a": [1, {"b": None}]}
    assert mlflow.artifacts.load_image(mlflow.get_artifact_uri("i.png")).size == (5, 4)
    assert list(mlflow.load_table("table.json", run_ids=[run_id])["x"]) == [1, 2, 3]
    images = mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path="images")
    # Older ones name them in another way, and cut names at "#", which stands for "/" there.
    steps = [number for number in range(2) for image in images if f"step+{number}" in image.path]
    assert steps == [0, 0, 1, 1] or not NEW
    assert len(images) == 4
    local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="copy", dst_path="down")
    assert Path(local, "file.bin").read_bytes() == bytes(range(256))
    logged = json.loads(CLIENT.get_run(run_id).data.tags["mlflow.loggedArtifacts"])
    assert logged == [{"path": "table.json", "type": "table"}]


def nesting(experiment: str, run_id: str) -> None:
    with mlflow.start_run(run_name="parent") as parent:
        children = []
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("rank", number)
                children.append(child.info.run_id)
        try:
            mlflow.start_run()
        except Exception as error:  # noqa: BLE001 - of whatever kind it is
            assert "nested" in str(error)
    assert mlflow.get_parent_run(children[0]).info.run_id == parent.info.run_id
    assert mlflow.get_parent_run(run_id) is None
    found = mlflow.search_runs(
        [experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.rank DESC"]
    )
    assert list(found["run_id"]) == children[::-1]
    assert list(found["metrics.rank"]) == [2.0, 1.0, 0.0]
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metric("m", 0.125, step=9)
    mlflow.start_run(run_name="killed")
    mlflow.end_run(RunStatus.to_string(RunStatus.KILLED))
    assert mlflow.last_active_run().info.status == "KILLED"
    mlflow.delete_run(children[0])
    assert mlflow.get_run(children[0]).info.lifecycle_stage == "deleted"
    assert len(mlflow.search_runs([experiment], "metrics.rank >= 0", output_format="list")) == 2
    names = mlflow.search_runs(experiment_names=["fluent"], filter_string="datasets.name = 'matrix'")["run_id"]
    assert list(names) == [run_id]
    everywhere = mlflow.search_runs(search_all_experiments=True, max_results=2, output_format="list")
    assert len(everywhere) == 2
    # What only Treering's grammar knows, from an MLflow client.
    for text in ("metrics.rank = 1 OR metrics.rank = 2", "NOT metrics.rank = 0 AND start_time > now() - 1d"):
        assert set(children[1:]) <= set(mlflow.search_runs([experiment], text)["run_id"]), text


def registering(run_id: str) -> None:
    source = f"{mlflow.get_run(run_id).info.artifact_uri}/copy"
    CLIENT.create_registered_model("fluent model")
    version = CLIENT.create_model_version("fluent model", source, run_id)
    CLIENT.set_model_version_tag("fluent model", version.version, "k", "v")
    assert mlflow.search_model_versions(filter_string="name = 'fluent model' AND tags.k = 'v'")[0].run_id == run_id
    assert [item.name for item in mlflow.search_registered_models(filter_string="name ILIKE 'FLUENT%'")] == [
        "fluent model"
    ]
    local = mlflow.artifacts.download_artifacts("models:/fluent model/1", dst_path="registered")
    assert Path(local, "file.bin").read_bytes() == bytes(range(256))


def models(experiment: str) -> None:
    made = mlflow.initialize_logged_model("fluent net", params={"depth": "3"}, tags={"t": "1"}, model_type="net")
    mlflow.set_logged_model_tags(made.model_id, {"u": "2"})
    mlflow.delete_logged_model_tag(made.model_id, "t")
    mlflow.log_model_params({"width": "4"}, made.model_id)
    assert str(mlflow.finalize_logged_model(made.model_id, "READY").status) == "READY"
    external = mlflow.create_external_model("elsewhere", model_type="agent")
    with mlflow.start_run() as run:
        mlflow.log_metric("acc", 0.9, model_id=made.model_id)
        mlflow.log_metrics({"f1": 0.8}, model_id=made.model_id)
        mlflow.log_outputs([mlflow.entities.LoggedModelOutput(made.model_id, 0)])
        mlflow.log_input(model=mlflow.entities.LoggedModelInput(external.model_id))
    kept = mlflow.get_logged_model(made.model_id)
    assert kept.params == {"depth": "3", "width": "4"}
    assert (kept.tags["u"], kept.tags.get("t")) == ("2", None)
    assert {metric.key for metric in kept.metrics} == {"acc", "f1"}
    run = mlflow.get_run(run.info.run_id)
    assert [item.model_id for item in run.outputs.model_outputs] == [made.model_id]
    # The client notes a model that a metric judges as an input, too.
    assert [item.model_id for item in run.inputs.model_inputs] == [made.model_id, external.model_id]
    found = mlflow.search_logged_models([experiment], "metrics.acc > 0.5 AND params.depth = '3'", output_format="list")
    assert [item.model_id for item in found] == [made.model_id]
    assert mlflow.last_logged_model().model_id in {made.model_id, external.model_id}
    mlflow.set_active_model(name="fluent net")
    assert mlflow.get_active_model_id() == made.model_id
    mlflow.clear_active_model()


def refusals(experiment: str) -> None:
    for call in (
        lambda: mlflow.get_run("0" * 32),
        lambda: mlflow.search_runs([experiment], "a b c"),
        lambda: mlflow.set_experiment(experiment_id="987654"),
        lambda: mlflow.create_experiment("fluent"),
    ):
        caught = None
        try:
            call()
        except MlflowException as error:
            caught = error
        assert caught is not None


def main() -> None:
    experiment = experiments()
    run_id = logging(experiment)
    nesting(experiment, run_id)
    registering(run_id)
    if NEW:
        models(experiment)
    refusals(experiment)


if __name__ == "__main__":
    main()
