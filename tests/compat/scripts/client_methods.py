"""Every classic method of MlflowClient, of MLflow 2 and 3, with what it answers and which error it raises."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

CLIENT = MlflowClient()
NEW = int(mlflow.__version__.partition(".")[0]) >= 3
if NEW:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput
ABSENT = "0" * 32
DAY = 86_400_000


def refused(code: str, call: Callable[[], object], part: str = "") -> None:
    """`call` raises with this code, and says `part`."""
    caught = None
    try:
        found = call()
    except MlflowException as error:
        caught = error
    assert caught is not None, f"{code} was expected, but there came {found!r:.200}"
    assert caught.error_code == code, (caught.error_code, str(caught))
    assert part.lower() in str(caught).lower(), str(caught)
    assert ErrorCode.Value(caught.error_code)


def experiments() -> None:
    first = CLIENT.create_experiment("methods", tags={"owner": "ann", "odd": "`\"'%"})
    refused("RESOURCE_ALREADY_EXISTS", lambda: CLIENT.create_experiment("methods"))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.create_experiment("x" * 501))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.create_experiment("a", artifact_location="http://10.0.0.1/x"))
    found = CLIENT.get_experiment(first)
    assert (found.name, found.lifecycle_stage, found.tags["odd"]) == ("methods", "active", "`\"'%")
    assert found.artifact_location.endswith(f"/{first}")
    assert abs(found.creation_time - time.time() * 1000) < DAY
    assert CLIENT.get_experiment_by_name("methods").experiment_id == first
    assert CLIENT.get_experiment_by_name("no such") is None
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_experiment("987654"))
    CLIENT.set_experiment_tag(first, "owner", "bob")
    if NEW:
        CLIENT.delete_experiment_tag(first, "odd")
        assert CLIENT.get_experiment(first).tags == {"owner": "bob"}
        refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.delete_experiment_tag(first, "odd"))
    assert CLIENT.get_experiment(first).tags["owner"] == "bob"
    CLIENT.rename_experiment(first, "renamed")
    assert CLIENT.get_experiment(first).name == "renamed"
    second = CLIENT.create_experiment("second")
    refused("RESOURCE_ALREADY_EXISTS", lambda: CLIENT.rename_experiment(second, "renamed"))
    CLIENT.create_run(second)
    CLIENT.delete_experiment(second)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.delete_experiment(second))
    assert CLIENT.get_experiment(second).lifecycle_stage == "deleted"
    assert CLIENT.search_runs([second]) == []
    assert len(CLIENT.search_runs([second], run_view_type=ViewType.DELETED_ONLY)) == 1
    deleted = CLIENT.search_experiments(view_type=ViewType.DELETED_ONLY)
    assert second in {item.experiment_id for item in deleted}
    CLIENT.restore_experiment(second)
    assert len(CLIENT.search_runs([second])) == 1
    search_experiments()


def search_experiments() -> None:
    for number in range(7):
        CLIENT.create_experiment(f"page {number}", tags={"number": str(number)})
    token, names = None, []
    while token != "":
        page = CLIENT.search_experiments(
            filter_string="name LIKE 'page %'", order_by=["name ASC"], max_results=3, page_token=token
        )
        names += [item.name for item in page]
        token = page.token or ""
    assert names == [f"page {number}" for number in range(7)]
    assert [item.name for item in CLIENT.search_experiments(filter_string="tags.number = '4'")] == ["page 4"]
    assert [item.name for item in CLIENT.search_experiments(filter_string="name ILIKE 'PAGE 5'")] == ["page 5"]
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.search_experiments(filter_string="name = "))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.search_experiments(page_token="nonsense"))


def runs(experiment: str) -> str:
    run = CLIENT.create_run(experiment, start_time=1234, tags={"a": "1"}, run_name="first")
    run_id = run.info.run_id
    assert (run.info.start_time, run.info.run_name, run.info.status) == (1234, "first", "RUNNING")
    assert run.info.artifact_uri.endswith(f"{run_id}/artifacts")
    assert CLIENT.create_run(experiment).info.run_name
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.create_run("987654"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_run(ABSENT), ABSENT)
    CLIENT.update_run(run_id, status="FAILED", name="other")
    changed = CLIENT.get_run(run_id)
    assert (changed.info.status, changed.info.run_name) == ("FAILED", "other")
    assert changed.data.tags["mlflow.runName"] == "other"
    CLIENT.set_terminated(run_id, "FINISHED", end_time=5678)
    assert CLIENT.get_run(run_id).info.end_time == 5678
    CLIENT.set_tag(run_id, "mlflow.runName", "by tag")
    assert CLIENT.get_run(run_id).info.run_name == "by tag"
    CLIENT.set_tag(run_id, "t", "x" * 9000)
    assert len(CLIENT.get_run(run_id).data.tags["t"]) == 8000
    CLIENT.delete_tag(run_id, "t")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.delete_tag(run_id, "t"))
    CLIENT.log_param(run_id, "p", "1")
    CLIENT.log_param(run_id, "p", "1")
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.log_param(run_id, "p", "2"))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.log_param(run_id, "a//b", "2"))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.log_param(run_id, "x" * 251, "2"))
    CLIENT.delete_run(run_id)
    CLIENT.delete_run(run_id)
    assert CLIENT.get_run(run_id).info.lifecycle_stage == "deleted"
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.log_metric(run_id, "m", 1), "active")
    CLIENT.restore_run(run_id)
    assert CLIENT.get_run(run_id).info.lifecycle_stage == "active"
    return run_id


def batches(run_id: str) -> None:
    metrics = [Metric("m", number / 2, 1000 + number, number) for number in range(800)]
    CLIENT.log_batch(run_id, metrics, [Param("lr", "0.1"), Param("empty", "")], [RunTag("tag", "value")])
    CLIENT.log_batch(run_id, metrics)  # a repeated delivery adds nothing
    run = CLIENT.get_run(run_id)
    assert run.data.metrics["m"] == 399.5
    assert (run.data.params["lr"], run.data.params["empty"], run.data.tags["tag"]) == ("0.1", "", "value")
    history = CLIENT.get_metric_history(run_id, "m")
    assert [point.step for point in history] == list(range(800))
    assert [point.timestamp for point in history] == list(range(1000, 1800))
    CLIENT.log_batch(run_id, [Metric(f"odd/{name}", value, 1, 0) for name, value in odd_values().items()])
    logged = CLIENT.get_run(run_id).data.metrics
    for name, value in odd_values().items():
        found = logged[f"odd/{name}"]
        assert found == value or (math.isnan(found) and math.isnan(value)), (name, found)
        (point,) = CLIENT.get_metric_history(run_id, f"odd/{name}")
        assert point.value == value or (math.isnan(point.value) and math.isnan(value))
    refused(
        "INVALID_PARAMETER_VALUE",
        lambda: CLIENT.log_batch(run_id, params=[Param("twice", "1"), Param("twice", "2")]),
    )
    refused(
        "INVALID_PARAMETER_VALUE",
        lambda: CLIENT.log_batch(run_id, [Metric("whole", 1, 1, 1)], [Param("lr", "0.2")]),
    )
    assert "whole" not in CLIENT.get_run(run_id).data.metrics
    CLIENT.log_metric(run_id, "steps", 1.0, timestamp=5, step=-3)
    assert CLIENT.get_metric_history(run_id, "steps")[0].step == -3
    assert CLIENT.get_metric_history(run_id, "unknown") == []


def odd_values() -> dict[str, float]:
    return {"nan": math.nan, "inf": math.inf, "minus": -math.inf, "tiny": 5e-324, "zero": 0.0, "big": 1.7e308}


def long_history(experiment: str) -> None:
    run_id = CLIENT.create_run(experiment).info.run_id
    for start in range(0, 26_000, 1000):
        CLIENT.log_batch(run_id, [Metric("long", float(step), step + 1, step) for step in range(start, start + 1000)])
    history = CLIENT.get_metric_history(run_id, "long")  # the client asks for pages of 25000
    assert [point.step for point in history] == list(range(26_000))


def inputs_and_outputs(experiment: str, run_id: str) -> None:
    dataset = Dataset("d", "abc", "local", '{"uri": "x"}', schema="{}", profile="{}")
    used = DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])
    CLIENT.log_inputs(run_id, [used])
    CLIENT.log_inputs(run_id, [used])
    if NEW:
        model = CLIENT.create_logged_model(experiment, name="linked", source_run_id=run_id)
        CLIENT.log_inputs(run_id, models=[LoggedModelInput(model.model_id)])
        CLIENT.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=3)])
    run = CLIENT.get_run(run_id)
    assert [item.dataset.digest for item in run.inputs.dataset_inputs] == ["abc"]
    if NEW:
        assert [item.model_id for item in run.inputs.model_inputs] == [model.model_id]
        assert [(item.model_id, item.step) for item in run.outputs.model_outputs] == [(model.model_id, 3)]
    found = CLIENT.search_runs([experiment], "datasets.context = 'train'")
    assert [item.info.run_id for item in found] == [run_id]


def search_runs(experiment: str) -> None:
    made = [
        CLIENT.create_run(experiment, start_time=number + 1, tags={"kind": "page", "number": str(number)}).info.run_id
        for number in range(9)
    ]
    for number, run_id in enumerate(made):
        CLIENT.log_metric(run_id, "rank", math.nan if number == 8 else number % 4)
    token, seen = None, []
    while token != "":
        page = CLIENT.search_runs(
            [experiment], "tags.kind = 'page'", order_by=["metrics.rank ASC"], max_results=2, page_token=token
        )
        seen += [run.info.run_id for run in page]
        token = page.token or ""
    assert sorted(seen) == sorted(made)
    ranks = [CLIENT.get_run(run_id).data.metrics["rank"] for run_id in seen]
    assert ranks[:8] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert math.isnan(ranks[8])

    def numbers(text: str) -> list[str]:
        found = CLIENT.search_runs([experiment], text, order_by=["attributes.start_time ASC"])
        return [run.data.tags["number"] for run in found]

    assert numbers("tags.kind = 'page' AND metrics.rank > 2") == ["3", "7"]
    assert numbers(f"attributes.run_id IN ('{made[2]}', '{made[5]}')") == ["2", "5"]
    assert numbers("tags.kind = 'page' AND attributes.start_time < 3") == ["0", "1"]
    assert numbers("tags.`kind` ILIKE 'PAG%' and tags.number != '0'")[0] == "1"
    for bad in ("metrics.rank = 'a'", "params.x > '3'", "a b c", "status ="):
        refused("INVALID_PARAMETER_VALUE", lambda bad=bad: CLIENT.search_runs([experiment], bad))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.search_runs([experiment], max_results=50_001))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.search_runs([experiment], order_by=["metrics.rank SIDEWAYS"]))
    assert CLIENT.search_runs([]) == []


def artifacts(experiment: str) -> None:
    run_id = CLIENT.create_run(experiment).info.run_id
    Path("folder/deep").mkdir(parents=True)
    Path("folder/a.txt").write_text("a")
    Path("folder/deep/empty.bin").write_bytes(b"")
    CLIENT.log_artifact(run_id, "folder/a.txt")
    CLIENT.log_artifacts(run_id, "folder", "copy")
    CLIENT.log_text(run_id, "text", "t/ü ü.txt")
    CLIENT.log_dict(run_id, {"k": 1}, "d.yaml")
    assert [(item.path, item.is_dir, item.file_size) for item in CLIENT.list_artifacts(run_id)] == [
        ("a.txt", False, 1),
        ("copy", True, None),
        ("d.yaml", False, 5),
        ("t", True, None),
    ]
    assert [item.path for item in CLIENT.list_artifacts(run_id, "copy/deep")] == ["copy/deep/empty.bin"]
    assert Path(CLIENT.download_artifacts(run_id, "t/ü ü.txt", ".")).read_text() == "text"
    assert Path(CLIENT.download_artifacts(run_id, "copy", ".")).joinpath("deep/empty.bin").read_bytes() == b""
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.list_artifacts(ABSENT))


def logged_models(experiment: str) -> None:
    model = CLIENT.create_logged_model(
        experiment, name="net", model_type="agent", tags={"t": "1"}, params={"depth": "3"}
    )
    assert (str(model.status), model.name, model.model_type) == ("PENDING", "net", "agent")
    assert model.model_id.startswith("m-")
    assert str(CLIENT.finalize_logged_model(model.model_id, "READY").status) == "READY"
    CLIENT.set_logged_model_tags(model.model_id, {"t": "2", "u": "3"})
    CLIENT.delete_logged_model_tag(model.model_id, "u")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.delete_logged_model_tag(model.model_id, "u"))
    CLIENT.log_model_params(model.model_id, {"width": "4"})
    kept = CLIENT.get_logged_model(model.model_id)
    assert (kept.tags, kept.params) == ({"t": "2"}, {"depth": "3", "width": "4"})
    Path("m.txt").write_text("weights")
    CLIENT.log_model_artifact(model.model_id, "m.txt")
    assert [item.path for item in CLIENT.list_logged_model_artifacts(model.model_id)] == ["m.txt"]
    run_id = CLIENT.create_run(experiment).info.run_id
    CLIENT.log_metric(run_id, "auc", 0.9, model_id=model.model_id, dataset_name="d", dataset_digest="1")
    CLIENT.log_metric(run_id, "auc", 0.7, step=1, model_id=model.model_id, dataset_name="e", dataset_digest="2")
    metrics = {(item.dataset_name, item.value) for item in CLIENT.get_logged_model(model.model_id).metrics}
    assert metrics == {("d", 0.9), ("e", 0.7)}

    def names(text: str, **more: object) -> list[str]:
        return [item.name for item in CLIENT.search_logged_models([experiment], text, **more)]

    assert names("name = 'net' AND params.depth = '3' AND tags.t = '2'") == ["net"]
    assert names("attributes.model_type = 'agent'") == ["net"]
    assert names("attributes.status = 'READY'") == ["net"]
    assert names("metrics.auc > 0.8", datasets=[{"dataset_name": "d", "dataset_digest": "1"}]) == ["net"]
    assert names("metrics.auc > 0.8", datasets=[{"dataset_name": "e", "dataset_digest": "2"}]) == []
    assert names("metrics.auc > 0.8", datasets=[{"dataset_name": "d"}]) == ["net"]
    CLIENT.create_logged_model(experiment, name="other")
    page = CLIENT.search_logged_models([experiment], max_results=1)
    assert len(page) == 1
    assert page.token
    CLIENT.delete_logged_model(model.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_logged_model(model.model_id))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_logged_model(f"m-{ABSENT}"))


def registry(run_id: str) -> None:
    name = "reg"
    made = CLIENT.create_registered_model(name, tags={"t": "1"}, description="about")
    assert (made.name, made.tags, made.description) == (name, {"t": "1"}, "about")
    refused("RESOURCE_ALREADY_EXISTS", lambda: CLIENT.create_registered_model(name))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.create_registered_model("a/b"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_registered_model("absent"), "absent")
    assert CLIENT.update_registered_model(name, "changed").description == "changed"
    CLIENT.set_registered_model_tag(name, "u", "2")
    CLIENT.delete_registered_model_tag(name, "t")
    CLIENT.delete_registered_model_tag(name, "t")
    assert CLIENT.get_registered_model(name).tags == {"u": "2"}
    source = f"{CLIENT.get_run(run_id).info.artifact_uri}/model"
    versions(name, source, run_id)
    stages(name)
    aliases(name)
    renaming(name)


def versions(name: str, source: str, run_id: str) -> None:
    for number in range(1, 4):
        version = CLIENT.create_model_version(name, source, run_id, tags={"n": str(number)}, description=f"v{number}")
        assert (int(version.version), version.status, version.current_stage) == (number, "READY", "None")
        assert (version.run_id, version.source) == (run_id, source)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.create_model_version("absent", source, run_id))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.create_model_version(name, "file:///etc", run_id))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.create_model_version(name, "http://10.0.0.1/m", run_id))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_model_version(name, "9"))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.get_model_version(name, "x"))
    assert CLIENT.update_model_version(name, "1", "new words").description == "new words"
    assert CLIENT.get_model_version_download_uri(name, "1") == source
    CLIENT.set_model_version_tag(name, "1", "k", "v")
    assert CLIENT.get_model_version(name, "1").tags == {"n": "1", "k": "v"}
    CLIENT.delete_model_version_tag(name, "1", "k")
    found = CLIENT.search_model_versions(f"name = '{name}' AND tags.n = '2'")
    assert [int(item.version) for item in found] == [2]
    found = CLIENT.search_model_versions(f"run_id = '{run_id}'", order_by=["version_number DESC"], max_results=2)
    assert [int(item.version) for item in found] == [3, 2]
    assert found.token
    copied = CLIENT.copy_model_version(f"models:/{name}/2", "copied")
    assert (copied.name, int(copied.version)) == ("copied", 1)
    assert CLIENT.get_model_version_download_uri("copied", "1") == source
    CLIENT.delete_model_version(name, "3")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_model_version(name, "3"))
    assert int(CLIENT.create_model_version(name, source, run_id).version) == 4


def stages(name: str) -> None:
    CLIENT.transition_model_version_stage(name, "1", "Production")
    moved = CLIENT.transition_model_version_stage(name, "2", "production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert CLIENT.get_model_version(name, "1").current_stage == "Archived"
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.transition_model_version_stage(name, "1", "Best"))
    latest = {item.current_stage: int(item.version) for item in CLIENT.get_latest_versions(name)}
    assert latest == {"None": 4, "Production": 2, "Archived": 1}
    assert [int(item.version) for item in CLIENT.get_latest_versions(name, ["Production"])] == [2]
    assert CLIENT.get_model_version_stages(name, "1") == ["None", "Staging", "Production", "Archived"]
    CLIENT.set_model_version_tag(name, key="by-stage", value="1", stage="Production")
    assert CLIENT.get_model_version(name, "2").tags["by-stage"] == "1"


def aliases(name: str) -> None:
    CLIENT.set_registered_model_alias(name, "best", "1")
    CLIENT.set_registered_model_alias(name, "best", "2")
    CLIENT.set_registered_model_alias(name, "other", "2")
    assert int(CLIENT.get_model_version_by_alias(name, "best").version) == 2
    assert sorted(CLIENT.get_model_version(name, "2").aliases) == ["best", "other"]
    (found,) = [item for item in CLIENT.search_model_versions(f"name = '{name}'") if int(item.version) == 2]
    assert sorted(found.aliases) == ["best", "other"]
    assert {alias: int(number) for alias, number in CLIENT.get_registered_model(name).aliases.items()} == {
        "best": 2,
        "other": 2,
    }
    CLIENT.delete_registered_model_alias(name, "other")
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.get_model_version_by_alias(name, "other"), "alias")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_model_version_by_alias("absent", "other"))
    refused("INVALID_PARAMETER_VALUE", lambda: CLIENT.set_registered_model_alias(name, "v3", "1"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.set_registered_model_alias(name, "x", "9"))


def renaming(name: str) -> None:
    CLIENT.create_registered_model("taken")
    refused("RESOURCE_ALREADY_EXISTS", lambda: CLIENT.rename_registered_model(name, "taken"))
    CLIENT.rename_registered_model(name, "moved")
    assert int(CLIENT.get_model_version_by_alias("moved", "best").version) == 2
    names = [item.name for item in CLIENT.search_registered_models(order_by=["name DESC"])]
    assert names == sorted(names, reverse=True)
    assert {"moved", "taken", "copied"} <= set(names)
    assert [item.name for item in CLIENT.search_registered_models("name = 'moved'")] == ["moved"]
    assert [item.name for item in CLIENT.search_registered_models("name LIKE 'mov%' AND tags.u = '2'")] == ["moved"]
    page = CLIENT.search_registered_models(max_results=1)
    following = CLIENT.search_registered_models(max_results=1, page_token=page.token)
    assert page[0].name != following[0].name
    CLIENT.delete_registered_model("moved")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_registered_model("moved"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.delete_registered_model("moved"))


def webhooks() -> None:
    made = CLIENT.create_webhook(
        "told", "https://8.8.8.8/hook", ["model_version.created", "registered_model.created"], secret="hush"
    )
    assert (made.name, made.url, str(made.status), made.secret) == ("told", "https://8.8.8.8/hook", "ACTIVE", None)
    assert [str(event) for event in made.events] == ["model_version.created", "registered_model.created"]
    assert abs(made.creation_timestamp - time.time() * 1000) < DAY
    changed = CLIENT.update_webhook(made.webhook_id, description="why", status="DISABLED")
    assert (changed.name, changed.description, str(changed.status)) == ("told", "why", "DISABLED")
    assert CLIENT.get_webhook(made.webhook_id).description == "why"
    other = CLIENT.create_webhook("other", "https://nowhere.invalid/", ["model_version_tag.set"])
    page = CLIENT.list_webhooks(max_results=1)
    assert len(page) == 1
    rest = CLIENT.list_webhooks(max_results=1, page_token=page.token)
    assert {page[0].webhook_id, rest[0].webhook_id} == {made.webhook_id, other.webhook_id}
    result = CLIENT.test_webhook(other.webhook_id)
    assert (result.success, result.response_status) == (False, None)
    assert "nowhere.invalid" in result.error_message
    for url in ("http://8.8.8.8/", "https://10.0.0.1/", "https://localhost/"):
        refused("INVALID_PARAMETER_VALUE", lambda url=url: CLIENT.create_webhook("x", url, ["model_version.created"]))
    CLIENT.delete_webhook(made.webhook_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: CLIENT.get_webhook(made.webhook_id), made.webhook_id)
    CLIENT.delete_webhook(other.webhook_id)


def main() -> None:
    experiments()
    experiment = CLIENT.create_experiment("methods of runs")
    run_id = runs(experiment)
    batches(run_id)
    long_history(experiment)
    inputs_and_outputs(experiment, run_id)
    search_runs(experiment)
    artifacts(experiment)
    if NEW:
        logged_models(CLIENT.create_experiment("methods of models"))
    registry(run_id)
    if NEW:
        webhooks()


if __name__ == "__main__":
    main()
