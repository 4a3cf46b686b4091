from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import treering
from treering.client import runs
from treering.client.runs import Beginning
from treering.core.errors import InvalidInput, NotFound
from treering.entities.lifecycle import Lifecycle

Fresh = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("fluent")


def new_experiment(name: str = "work") -> str:
    """Far tests share a server, so names are made new."""
    return treering.set_experiment(f"{name}-{np.random.default_rng().integers(1 << 60)}").experiment_id


def test_what_was_logged_is_read_back_at_once() -> None:
    experiment_id = new_experiment()
    with treering.start_run(run_name="first", tags={"n": 1}, description="A *note*.") as run:
        assert treering.log_param("lr", 0.1) == 0.1
        treering.log_params({"depth": 3, "empty": ""})
        for step in range(5):
            treering.log_metric("loss", 1 / (step + 1), step=step)
        treering.log_metrics({"acc": np.float32(0.5), "nan": math.nan}, step=7)
        treering.set_tags({"a": True, "b": None})
        assert treering.active_run() is run
        found = treering.get_run(run.info.run_id)
        assert found.info.status == "RUNNING"
        assert found.data.metrics["loss"] == 0.2
    found = treering.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.experiment_id == experiment_id
    assert found.info.run_name == "first"
    assert found.data.params == {"lr": "0.1", "depth": "3", "empty": ""}
    assert found.data.metrics["acc"] == 0.5
    assert math.isnan(found.data.metrics["nan"])
    assert found.data.summaries["acc"].last.step == 7
    assert {"n": "1", "a": "True", "b": "None", "mlflow.note.content": "A *note*."}.items() <= found.data.tags.items()
    assert found.data.tags["mlflow.source.type"] == "LOCAL"
    assert treering.active_run() is None
    last = treering.last_active_run()
    assert last is not None
    assert last.info.run_id == run.info.run_id


def test_nested_runs_know_their_parent() -> None:
    new_experiment()
    with treering.start_run() as outer:
        with treering.start_run(nested=True) as inner:
            treering.log_metric("x", 1)
        treering.log_metric("y", 2)
        with pytest.raises(InvalidInput, match="already active"):
            treering.start_run()
    assert treering.get_run(inner.info.run_id).data.metrics == {"x": 1}
    assert treering.get_run(outer.info.run_id).data.metrics == {"y": 2}
    parent = treering.get_parent_run(inner.info.run_id)
    assert parent is not None
    assert parent.info.run_id == outer.info.run_id
    assert treering.get_parent_run(outer.info.run_id) is None
    with treering.start_run(parent_run_id=outer.info.run_id) as third:
        pass
    assert treering.get_run(third.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
    with pytest.raises(NotFound):
        treering.start_run(parent_run_id="0" * 32)


def test_a_run_can_be_resumed() -> None:
    new_experiment()
    with treering.start_run() as run:
        treering.log_param("a", 1)
    with treering.start_run(run_id=run.info.run_id, tags={"again": "yes"}) as again:
        assert again.info.run_id == run.info.run_id
        assert treering.get_run(run.info.run_id).info.status == "RUNNING"
        with pytest.raises(InvalidInput, match="already logged with value='1'"):
            treering.log_param("a", 2)
        treering.log_param("a", 1)
    found = treering.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.tags["again"] == "yes"
    with pytest.raises(NotFound):
        treering.start_run(run_id="0" * 32)
    treering.delete_run(run.info.run_id)
    with pytest.raises(InvalidInput, match="deleted"):
        treering.start_run(run_id=run.info.run_id)
    treering.restore_run(run.info.run_id)
    new_experiment("other")
    with pytest.raises(InvalidInput, match="experiment"):
        treering.start_run(run_id=run.info.run_id)


@pytest.mark.parametrize("error", [SystemExit(1), SystemExit("no data"), KeyboardInterrupt()])
def test_an_exit_out_of_the_block_fails_the_run(error: BaseException) -> None:
    new_experiment()
    with pytest.raises(type(error)), treering.start_run() as run:
        raise error
    assert treering.get_run(run.info.run_id).info.status == "FAILED"


def test_an_exception_fails_the_run_and_those_inside_it() -> None:
    new_experiment()
    started = []
    with pytest.raises(KeyError), treering.start_run() as outer:  # leaving the block is the test
        started.append(treering.start_run(nested=True).info.run_id)
        raise KeyError
    assert treering.get_run(outer.info.run_id).info.status == "FAILED"
    assert treering.get_run(started[0]).info.status == "FAILED"
    assert treering.active_run() is None


def test_logging_starts_a_run_and_end_run_takes_a_status() -> None:
    new_experiment()
    treering.log_metric("x", 1)
    run = treering.active_run()
    assert run is not None
    treering.end_run("KILLED")
    assert treering.get_run(run.info.run_id).info.status == "KILLED"
    treering.end_run()
    with pytest.raises(ValueError, match="DONE"), treering.start_run():
        treering.end_run("DONE")


def test_threads_have_their_own_active_runs() -> None:
    new_experiment()
    seen: dict[int, str] = {}

    def work(number: int) -> None:
        with treering.start_run(run_name=str(number)) as run:
            seen[number] = run.info.run_id
            for step in range(50):
                treering.log_metric("n", number, step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen.values())) == 6
    for number, run_id in seen.items():
        run = treering.get_run(run_id)
        assert (run.info.run_name, run.data.summaries["n"].count, run.data.metrics["n"]) == (str(number), 50, number)


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a\n", "k" * 251])
def test_names_that_no_store_takes_are_refused_at_once(key: str) -> None:
    new_experiment()
    with treering.start_run() as run:
        for call in (treering.log_metric, treering.log_param, treering.set_tag):
            with pytest.raises(InvalidInput):
                call(key, 1)
        with pytest.raises(InvalidInput):
            treering.log_metrics({"good": 1, key: 2})
    assert treering.get_run(run.info.run_id).data.metrics == {}


@pytest.mark.parametrize("value", ["many", None, [1, 2], object(), np.zeros(3)])
def test_what_is_no_number_is_refused(value: Any) -> None:
    new_experiment()
    with treering.start_run(), pytest.raises(InvalidInput, match=r"Got invalid value .* for metric 'x'"):
        treering.log_metric("x", value)


@pytest.mark.parametrize("value", [np.float64(2), np.array(2), np.array([2]), True + True, "2"])
def test_what_float_takes_is_a_number(value: Any) -> None:
    new_experiment()
    with treering.start_run() as run:
        treering.log_metric("x", value)
    assert treering.get_run(run.info.run_id).data.metrics == {"x": 2.0}


def test_experiments() -> None:
    name = f"e-{np.random.default_rng().integers(1 << 60)}"
    experiment_id = treering.create_experiment(name, tags={"k": 1})
    assert treering.get_experiment(experiment_id).tags["k"] == "1"
    assert treering.set_experiment(name).experiment_id == experiment_id
    assert treering.set_experiment(experiment_id=experiment_id).name == name
    treering.set_experiment_tag("t", 2)
    treering.set_experiment_tags({"u": 3})
    treering.delete_experiment_tag("t")
    found = treering.get_experiment_by_name(name)
    assert found is not None
    assert found.tags == {"k": "1", "u": "3"}
    assert [one.experiment_id for one in treering.search_experiments(filter_string=f"name = '{name}'")] == [
        experiment_id
    ]
    treering.delete_experiment(experiment_id)
    with pytest.raises(InvalidInput, match="deleted"):
        treering.set_experiment(experiment_id=experiment_id)
    treering.restore_experiment(experiment_id)
    assert treering.get_experiment(experiment_id).lifecycle_stage is Lifecycle.ACTIVE
    assert treering.get_experiment_by_name("no such experiment") is None
    for arguments in ({}, {"experiment_name": "a", "experiment_id": "1"}):
        with pytest.raises(InvalidInput, match="exactly one"):
            treering.set_experiment(**arguments)


def test_search_gives_frames_and_lists() -> None:
    experiment_id = new_experiment()
    for number in range(3):
        with treering.start_run(run_name=f"r{number}"):
            treering.log_metric("loss", number)
            treering.log_param("p", number)
            if number == 1:
                treering.set_tag("only", "here")
    frame = treering.search_runs(order_by=["metrics.loss DESC"])
    assert list(frame["metrics.loss"]) == [2.0, 1.0, 0.0]
    assert list(frame["params.p"]) == ["2", "1", "0"]
    assert list(frame["tags.only"]) == [None, "here", None]
    assert str(frame["start_time"].dtype).startswith("datetime64[") and str(frame["start_time"].dtype).endswith("UTC]")  # noqa: PT018
    assert frame["end_time"].notna().all()
    runs = treering.search_runs([experiment_id], "metrics.loss < 2", output_format="list", max_results=1)
    assert len(runs) == 1
    assert treering.search_runs(filter_string="metrics.loss > 99").empty
    with pytest.raises(InvalidInput, match="~"):
        treering.search_runs(filter_string="loss ~ 3")
    with pytest.raises(InvalidInput):
        treering.search_runs(output_format="xml")
    with pytest.raises(NotFound, match="nowhere"):
        treering.search_runs(experiment_names=["nowhere"])


def test_artifacts(tmp_path: Path) -> None:
    new_experiment()
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.bin").write_bytes(b"\0\1")
    (folder / "b.txt").write_text("b")
    with treering.start_run() as run:
        treering.log_artifact(folder / "b.txt", "one")
        treering.log_artifact(folder)
        treering.log_artifacts(folder, "two")
        treering.log_text("Grüße", "text/t.txt")
        treering.log_dict({"k": [1, np.int64(2)]}, "d.json")
        treering.log_dict({"k": [1]}, "d.yml")
        with pytest.raises(NotFound, match="No such file"):
            treering.log_artifact(tmp_path / "none")
        with pytest.raises(InvalidInput):
            treering.log_text("x", "../escape.txt")
        uri = f"runs:/{run.info.run_id}"
    assert treering.artifacts.load_text(f"{uri}/text/t.txt") == "Grüße"
    assert treering.artifacts.load_dict(f"{uri}/d.json") == {"k": [1, 2]}
    assert treering.artifacts.load_text(f"{uri}/d.yml") == "k:\n- 1\n"
    with pytest.raises(InvalidInput, match="not JSON"):
        treering.artifacts.load_dict(f"{uri}/d.yml")
    top = treering.artifacts.list_artifacts(run_id=run.info.run_id)
    assert [(one.path, one.is_dir) for one in top] == [
        ("d.json", False), ("d.yml", False), ("folder", True), ("one", True), ("text", True), ("two", True),
    ]  # fmt: skip
    fetched = Path(treering.artifacts.download_artifacts(f"{uri}/folder", dst_path=tmp_path / "got"))
    assert (fetched / "sub" / "a.bin").read_bytes() == b"\0\1"
    assert (
        Path(treering.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="two/b.txt")).read_text()
        == "b"
    )
    by_run = treering.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="two/b.txt", dst_path=tmp_path / "by-run"
    )
    assert Path(by_run) == tmp_path / "by-run" / "two" / "b.txt"
    with pytest.raises(NotFound):
        treering.artifacts.download_artifacts(f"{uri}/nothing", dst_path=tmp_path / "no")
    assert not (tmp_path / "no").exists()
    with pytest.raises(InvalidInput, match="exactly one"):
        treering.artifacts.download_artifacts()


def test_tables_grow_and_are_read_over_runs() -> None:
    new_experiment()
    for number in range(2):
        with treering.start_run() as run:
            treering.log_table({"q": [1, 2], "a": ["x", "y"]}, "t.json")
            treering.log_table({"q": 3, "a": f"run {number}"}, "t.json")
            treering.log_param("p", number)
    frame = treering.load_table("t.json", extra_columns=["run_id", "p"])
    assert sorted(frame["q"]) == [1, 1, 2, 2, 3, 3]
    assert set(frame["p"]) == {"0", "1"}
    assert json.loads(treering.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "t.json", "type": "table"}
    ]
    assert len(treering.load_table("t.json", run_ids=[run.info.run_id])) == 3
    with pytest.raises(NotFound):
        treering.load_table("none.json")
    with treering.start_run(run_id=run.info.run_id):
        for bad in ({"q": [1, 2], "a": ["x"]}, "text"):
            with pytest.raises(InvalidInput):
                treering.log_table(bad, "t.json")


def test_images_are_png(tmp_path: Path) -> None:
    new_experiment()
    with treering.start_run() as run:
        treering.log_image(np.arange(60, dtype=np.uint8).reshape(4, 5, 3), "i.png")
        treering.log_image(np.eye(3), key="eyes/left", step=2)
        for bad in (np.zeros((2, 2, 2)), np.zeros(3), np.full((2, 2), 3.5), np.full((2, 2), -1), np.array([["a"]])):
            with pytest.raises(InvalidInput):
                treering.log_image(bad, "bad.png")
        with pytest.raises(InvalidInput):
            treering.log_image(np.eye(3), "i.jpg")
        with pytest.raises(InvalidInput):
            treering.log_image(np.eye(3))
    data = Path(treering.artifacts.download_artifacts(f"runs:/{run.info.run_id}/i.png", dst_path=tmp_path)).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    series, *_ = treering.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="images")
    assert series.path.rpartition("/")[2].startswith("eyes~left+step+2+timestamp+")
    assert treering.get_run(run.info.run_id).data.tags["mlflow.loggedImages"] == "True"


def test_datasets_are_recorded_with_their_role() -> None:
    pandas = pytest.importorskip("pandas")
    new_experiment()
    table = pandas.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
    dataset = treering.data.from_pandas(table, source="https://example.test/data.csv", targets="y", name="little")
    assert dataset.profile == {"num_rows": 2, "num_elements": 4}
    assert dataset.digest == treering.data.from_pandas(table.copy()).digest
    assert dataset.digest != treering.data.from_pandas(table + 1).digest
    with pytest.raises(InvalidInput, match="no column 'z'"):
        treering.data.from_pandas(table, targets="z")
    arrays = treering.data.from_numpy(np.zeros((3, 2)), targets=np.ones(3), name="arrays")
    assert arrays.profile == {
        "features_shape": [3, 2],
        "features_size": 6,
        "features_nbytes": 48,
        "targets_shape": [3],
        "targets_size": 3,
        "targets_nbytes": 24,
    }
    with treering.start_run() as run:
        treering.log_input(dataset, context="training", tags={"k": "v"})
        treering.log_inputs([arrays], ["eval"])
        treering.log_metric("acc", 0.5, dataset=dataset)
        with pytest.raises(InvalidInput, match="normal form"):  # and nothing else is lost with it
            treering.log_metrics({"..": 0.5}, dataset=dataset)
        with pytest.raises(InvalidInput, match="Give one of each"):
            treering.log_inputs([dataset], ["a", "b"])
    used = {one.dataset.name: one for one in treering.get_run(run.info.run_id).inputs.dataset_inputs}
    assert used["little"].context == "training"
    assert used["little"].tags["k"] == "v"
    assert used["little"].dataset.source_type == "http"
    assert json.loads(used["little"].dataset.schema)["mlflow_colspec"][0]["name"] == "x"
    assert used["arrays"].context == "eval"
    assert treering.get_run(run.info.run_id).data.metrics == {"acc": 0.5}


def test_models_are_logged_registered_and_loaded() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    new_experiment()
    rows = np.array([[0.0], [1.0], [2.0], [3.0]])
    model = linear.LinearRegression().fit(rows, [0.0, 2.0, 4.0, 6.0])
    name = f"m-{np.random.default_rng().integers(1 << 60)}"
    with treering.start_run() as run:
        info = treering.sklearn.log_model(model, name="model", input_example=rows[:1], registered_model_name=name)
        assert info.registered_model_version == 1
    logged = treering.get_logged_model(info.model_id)
    assert (logged.status, logged.name, logged.source_run_id) == ("READY", "model", run.info.run_id)
    client = treering.MlflowClient()
    client.set_registered_model_alias(name, "champion", "1")
    for uri in (f"models:/{name}@champion", f"models:/{name}/1", f"runs:/{run.info.run_id}/model", info.model_uri):
        assert treering.pyfunc.load_model(uri).predict(rows[1:2])[0] == pytest.approx(2.0)
    assert treering.sklearn.load_model(info.model_uri).coef_[0] == pytest.approx(2.0)
    assert treering.register_model(f"runs:/{run.info.run_id}/model", name).version == 2
    assert [one.name for one in treering.search_registered_models(filter_string=f"name = '{name}'")] == [name]
    assert len(treering.search_model_versions(filter_string=f"name = '{name}'")) == 2
    outputs = treering.get_run(run.info.run_id).outputs.model_outputs
    assert [one.model_id for one in outputs] == [info.model_id]
    with pytest.raises(NotFound):
        treering.pyfunc.load_model(f"models:/{name}@nobody")


def test_a_plain_function_is_a_model() -> None:
    pytest.importorskip("cloudpickle")
    new_experiment()
    with treering.start_run():
        info = treering.pyfunc.log_model(name="double", python_model=lambda model_input: [2 * x for x in model_input])
    assert treering.pyfunc.load_model(info.model_uri).predict([1, 2]) == [2, 4]


def test_a_model_that_cannot_be_saved_is_failed() -> None:
    new_experiment()
    with treering.start_run(), pytest.raises(InvalidInput):
        treering.sklearn.log_model("no model", name="bad")
    (logged,) = treering.search_logged_models(output_format="list")
    assert logged.status == "FAILED"


def test_delete_tag_and_synchronous_calls() -> None:
    new_experiment()
    with treering.start_run() as run:
        treering.set_tag("a", 1, synchronous=True)
        treering.delete_tag("a")
        with pytest.raises(NotFound):
            treering.delete_tag("a")
        operations = treering.log_metric("x", 1, synchronous=False)
        assert operations is not None
        operations.wait()
        assert treering.log_param("p", 3, synchronous=True) == 3
    assert "a" not in treering.get_run(run.info.run_id).data.tags


def test_logged_models_are_ordered_by_a_metric_on_one_dataset() -> None:
    new_experiment()
    values = {"a": (0.1, 0.9), "b": (0.2, 0.5)}
    with treering.start_run() as run:
        for name, (on_train, on_test) in values.items():
            model = treering.initialize_logged_model(name=name)
            for dataset, value in (("it's train", on_train), ("test", on_test)):
                treering.Client().log_metric(
                    run.info.run_id, "acc", value, model_id=model.model_id, dataset_name=dataset, dataset_digest="1"
                )
    for dataset, expected in (("it's train", ["b", "a"]), ("test", ["a", "b"])):
        order = [{"field_name": "metrics.acc", "ascending": False, "dataset_name": dataset, "dataset_digest": "1"}]
        found = treering.search_logged_models(order_by=order, output_format="list")
        assert [one.name for one in found] == expected


def test_webhooks_through_the_client() -> None:
    client = treering.Client()
    made = client.create_webhook("told", "https://8.8.8.8/", ["model_version.created"], secret="hush")
    assert client.get_webhook(made.webhook_id) == made
    assert client.update_webhook(made.webhook_id, status="DISABLED").status == "DISABLED"
    assert made.webhook_id in {one.webhook_id for one in client.list_webhooks()}
    with pytest.raises(InvalidInput, match="no event"):
        client.create_webhook("told", "https://8.8.8.8/", ["lunch"])
    client.delete_webhook(made.webhook_id)
    with pytest.raises(NotFound):
        client.test_webhook(made.webhook_id)


def test_what_goes_along_with_a_run_is_told_of_its_start_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def starts(beginning: Beginning) -> None:
        told.append((beginning.resumed, beginning.log_system_metrics))
        treering.log_metric("from the hook", 1.0)

    def breaks(_: Beginning) -> None:
        raise RuntimeError

    monkeypatch.setattr(runs, "at_start", [breaks, starts])
    monkeypatch.setattr(runs, "at_end", [lambda run, status: told.append((run.info.run_id, status))])
    with treering.start_run(log_system_metrics=True) as run:
        pass
    with treering.start_run(run_id=run.info.run_id):
        treering.end_run("KILLED")
    run_id = run.info.run_id
    assert told == [(False, True), (run_id, "FINISHED"), (True, None), (run_id, "KILLED")]
    assert treering.get_run(run_id).data.metrics == {"from the hook": 1.0}
