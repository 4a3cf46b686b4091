"""What MLflow's documentation shows of tracking, told in our own words: each program changes nothing but its import."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import treering as mlflow
from treering import MlflowClient
from treering.client.system_metrics.switches import _Called

pytestmark = pytest.mark.usefixtures("fluent")


def fresh_name(words: str) -> str:
    """Far tests share a server, so names are made new."""
    return f"{words} {uuid.uuid4().hex}"


def train(rate: float, epochs: int = 3) -> list[float]:
    """The losses of a descent on a parabola."""
    weight, losses = 4.0, []
    for _ in range(epochs):
        weight -= rate * 2 * weight
        losses.append(weight**2)
    return losses


def test_quickstart() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"length": [1.0, 2.0, 3.0, 4.0], "width": [1.0, 1.5, 3.2, 3.8]})
    kind = [0, 0, 1, 1]
    settings = {"C": 2.0, "max_iter": 200}

    experiment = mlflow.set_experiment(fresh_name("quickstart"))
    name = fresh_name("flowers").replace(" ", "-")
    with mlflow.start_run(run_name="first try"):
        mlflow.log_params(settings)
        model = linear_model.LogisticRegression(**settings).fit(table, kind)
        mlflow.log_metric("accuracy", model.score(table, kind))
        mlflow.set_tag("Training Info", "a small model of flowers")
        info = mlflow.sklearn.log_model(
            model,
            name="flower_model",
            signature=mlflow.models.infer_signature(table, model.predict(table)),
            input_example=table.head(2),
            registered_model_name=name,
        )

    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert list(loaded.predict(table)) == kind
    assert list(mlflow.sklearn.load_model(f"models:/{name}/1").predict(table)) == kind
    (run,) = mlflow.search_runs([experiment.experiment_id], output_format="list")
    assert run.data.params == {"C": "2.0", "max_iter": "200"}
    assert run.data.metrics["accuracy"] == 1.0
    assert run.data.tags["Training Info"] == "a small model of flowers"
    assert run.info.run_name == "first try"


def test_child_runs_of_a_search_for_the_best_rate() -> None:
    experiment = mlflow.set_experiment(fresh_name("rates"))
    with mlflow.start_run(run_name="search") as parent:
        best = float("inf")
        for rate in (0.1, 0.2, 0.4):
            with mlflow.start_run(run_name=f"rate {rate}", nested=True):
                mlflow.log_param("rate", rate)
                for step, loss in enumerate(train(rate)):
                    mlflow.log_metric("loss", loss, step=step)
                best = min(best, loss)
        mlflow.log_metric("best_loss", best)

    children = mlflow.search_runs(
        [experiment.experiment_id],
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.loss ASC"],
        output_format="list",
    )
    assert [run.data.params["rate"] for run in children] == ["0.4", "0.2", "0.1"]
    assert children[0].data.metrics["loss"] == best
    found = mlflow.get_parent_run(children[0].info.run_id)
    assert found is not None
    assert found.info.run_id == parent.info.run_id
    history = MlflowClient().get_metric_history(children[0].info.run_id, "loss")
    assert [(one.step, one.value) for one in history] == list(enumerate(train(0.4)))


def test_datasets_of_a_run() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"acidity": [7.4, 7.8], "sugar": [1.9, 2.6], "quality": [5, 6]})
    source = "https://example.test/wine.csv"
    dataset = mlflow.data.from_pandas(table, source=source, name="wine", targets="quality")
    experiment = mlflow.set_experiment(fresh_name("wine"))
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        mlflow.log_input(mlflow.data.from_numpy(np.eye(2), name="held out"), context="validation")

    used = {one.dataset.name: one for one in mlflow.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(used) == {"wine", "held out"}
    assert used["wine"].dataset.digest == dataset.digest
    assert mlflow.data.get_source(used["wine"].dataset).url == source
    assert [column["name"] for column in json.loads(used["wine"].dataset.schema)["mlflow_colspec"]] == list(table)
    (found,) = mlflow.search_runs(
        [experiment.experiment_id],
        filter_string="dataset.name = 'wine' AND dataset.context = 'training'",
        output_format="list",
    )
    assert found.info.run_id == run.info.run_id


def test_artifacts(tmp_path: Path) -> None:
    (tmp_path / "features.txt").write_text("rooms, zipcode, price")
    mlflow.set_experiment(fresh_name("artifacts"))
    with mlflow.start_run() as run:
        mlflow.log_artifact(tmp_path / "features.txt", artifact_path="features")
        mlflow.log_text("a note", "notes/first.txt")
        mlflow.log_dict({"rooms": 3}, "config.json")
        mlflow.log_table({"inputs": ["What is a tree?"], "outputs": ["Wood."]}, "answers.json")
        mlflow.log_image(np.zeros((8, 8, 3), np.uint8), key="house", step=1)
        where = mlflow.get_artifact_uri("features/features.txt")

    uri = f"runs:/{run.info.run_id}"
    assert where.endswith("/artifacts/features/features.txt")
    assert mlflow.artifacts.load_text(f"{uri}/notes/first.txt") == "a note"
    assert mlflow.artifacts.load_dict(f"{uri}/config.json") == {"rooms": 3}
    names = {one.path for one in mlflow.artifacts.list_artifacts(uri)}
    assert names == {"features", "notes", "config.json", "answers.json", "images"}
    fetched = mlflow.artifacts.download_artifacts(f"{uri}/features", dst_path=str(tmp_path / "fetched"))
    assert (Path(fetched) / "features.txt").read_text() == "rooms, zipcode, price"
    assert list(mlflow.load_table("answers.json", extra_columns=["run_id"])["run_id"]) == [run.info.run_id]


def test_search() -> None:
    experiment = mlflow.set_experiment(fresh_name("search"))
    for number in range(4):
        with mlflow.start_run(run_name=f"run {number}", tags={"model": "big" if number % 2 else "small"}):
            mlflow.log_param("layers", number)
            mlflow.log_metrics({"accuracy": 0.5 + number / 10, "loss": 1 / (number + 1)})

    def found(text: str, *order: str) -> list[Any]:
        runs = mlflow.search_runs(
            experiment_names=[experiment.name], filter_string=text, order_by=list(order), output_format="list"
        )
        return [run.info.run_name for run in runs]

    assert found("metrics.accuracy > 0.65", "metrics.loss DESC") == ["run 2", "run 3"]
    assert found("tags.model = 'big' AND params.layers != '1'") == ["run 3"]
    assert found("attributes.run_name LIKE 'run %' AND attributes.status = 'FINISHED'", "params.layers ASC") == [
        "run 0", "run 1", "run 2", "run 3",
    ]  # fmt: skip
    assert found("attributes.start_time > 4102444800000") == []
    frame = mlflow.search_runs([experiment.experiment_id], order_by=["metrics.accuracy DESC"], max_results=2)
    assert list(frame["metrics.accuracy"]) == [0.8, 0.7]
    assert list(frame["tags.model"]) == ["big", "small"]


def test_client() -> None:
    client = MlflowClient()
    name = fresh_name("client")
    experiment_id = client.create_experiment(name, tags={"team": "forest"})
    client.set_experiment_tag(experiment_id, "stage", "draft")
    client.rename_experiment(experiment_id, f"{name} renamed")
    experiment = client.get_experiment(experiment_id)
    assert (experiment.name, experiment.tags["stage"]) == (f"{name} renamed", "draft")

    run = client.create_run(experiment_id, tags={"who": "me"}, run_name="by hand")
    run_id = run.info.run_id
    client.log_param(run_id, "depth", 3)
    client.log_metric(run_id, "loss", 0.5, step=1)
    client.set_tag(run_id, "who", "you")
    client.log_text(run_id, "words", "words.txt")
    client.set_terminated(run_id, "FAILED")
    found = client.get_run(run_id)
    assert (found.info.status, found.info.run_name) == ("FAILED", "by hand")
    assert (found.data.params, found.data.metrics) == ({"depth": "3"}, {"loss": 0.5})
    assert found.data.tags["who"] == "you"
    assert [one.path for one in client.list_artifacts(run_id)] == ["words.txt"]

    client.delete_run(run_id)
    assert [one.info.run_id for one in client.search_runs([experiment_id])] == []
    client.restore_run(run_id)
    assert [one.info.run_id for one in client.search_runs([experiment_id])] == [run_id]
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"


def test_registry() -> None:
    client = MlflowClient()
    name = fresh_name("oak").replace(" ", "-")
    mlflow.set_experiment(fresh_name("registry"))
    with mlflow.start_run() as run:
        mlflow.log_text("a model", "model/weights.txt")
    client.create_registered_model(name, tags={"kind": "tree"}, description="Recognises oaks.")
    made = client.create_model_version(name, f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
    assert str(made.version) == "1"
    client.set_registered_model_alias(name, "champion", "1")
    client.set_model_version_tag(name, "1", "validated", "yes")
    client.update_model_version(name, "1", description="The first.")
    champion = client.get_model_version_by_alias(name, "champion")
    assert (str(champion.version), champion.description, champion.tags["validated"]) == ("1", "The first.", "yes")
    assert champion.run_id == run.info.run_id
    assert mlflow.artifacts.load_text(f"models:/{name}@champion/weights.txt") == "a model"
    assert [str(one.version) for one in client.search_model_versions(f"name = '{name}'")] == ["1"]
    client.delete_registered_model_alias(name, "champion")
    client.delete_model_version(name, "1")
    client.delete_registered_model(name)
    assert client.search_registered_models(f"name = '{name}'") == []


@pytest.fixture
def unchosen() -> Iterator[None]:
    yield
    _Called.interval = _Called.samples = None


@pytest.mark.usefixtures("unchosen")
def test_system_metrics() -> None:
    mlflow.set_experiment(fresh_name("system"))
    mlflow.set_system_metrics_sampling_interval(1)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        mlflow.log_metric("work", 1)
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    assert {"system/disk_usage_percentage", "system/system_memory_usage_megabytes", "work"} <= set(metrics)


def test_runs_at_once_in_threads() -> None:
    experiment = mlflow.set_experiment(fresh_name("threads"))

    def one(number: int) -> None:
        with mlflow.start_run(run_name=str(number), experiment_id=experiment.experiment_id):
            mlflow.log_metric("number", number)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(5)))
    runs = mlflow.search_runs([experiment.experiment_id], output_format="list")
    assert sorted((run.info.run_name, run.data.metrics["number"]) for run in runs) == [(str(n), n) for n in range(5)]
