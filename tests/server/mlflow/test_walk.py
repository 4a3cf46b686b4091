"""One walk through a project's life that asks every endpoint of MLflow's protocol once, below each of its prefixes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from treering.wire.mlflow.catalogue import ENDPOINTS

Site = Any  # of conftest.py, which tests cannot import

# Only for stores that hand out addresses of their own; on a local disk they may answer that they are not supported.
CLOUD = re.compile(r"/mpu/|/presigned|presigned-")


@dataclass
class Walk:
    """Asks, checks status and the answer's first keys, and remembers what was asked."""

    site: Site
    prefix: str
    asked: set[str] = field(default_factory=set)

    def __call__(self, name: str, given: Any = None, keys: str = "", **path: str) -> Any:
        (endpoint,) = (one for one in ENDPOINTS if one.name == f"mlflow.{name}")
        self.asked.add(endpoint.name)
        address = endpoint.path.replace("/api/", f"{self.prefix}/", 1)
        for key, value in path.items():
            address = re.sub(rf"{{{key}(:path)?}}", value, address)
        if isinstance(given, str):
            reply = self.site.ask(endpoint.method, address + given)
        else:
            reply = self.site.ask(endpoint.method, address, given)
        if CLOUD.search(address):
            assert reply.status in {200, 400, 501}, (name, reply.body)
            return {}
        assert reply.status == 200, (name, reply.body)
        if not reply.headers.get("content-type", "").startswith("application/json"):
            return reply.body
        said = reply.json()
        assert sorted(said) == sorted(keys.split()), name
        return said


@pytest.fixture(params=["/api", "/ajax-api"])
def walk(request: pytest.FixtureRequest, site: Site) -> Walk:
    return Walk(site, request.param)


def test_every_endpoint_answers(walk: Walk) -> None:
    info = walk("server_info.get", keys=" ".join(SERVER_INFO))
    assert info["store_type"] == "SqlStore"
    experiment = experiments(walk)
    run = runs(walk, experiment)
    model = logged_models(walk, experiment, run)
    registry(walk, model)
    webhooks(walk)
    artifacts(walk, run, model)
    walk("logged_models.delete", model_id=model)
    walk("runs.delete", {"run_id": run})
    walk("experiments.delete", {"experiment_id": experiment})
    assert {endpoint.name for endpoint in ENDPOINTS} - walk.asked == set()


SERVER_INFO = [
    "artifact_serving_enabled",
    "artifacts_presigned_only",
    "features_enabled",
    "model_artifact_presigned_downloads_supported",
    "multipart_downloads_enabled",
    "multipart_uploads_enabled",
    "presigned_upload_model_id_supported",
    "presigned_upload_run_id_supported",
    "store_type",
    "trace_archival_enabled",
    "tracking_auth",
    "workspaces_enabled",
]


def experiments(walk: Walk) -> str:
    tags = [{"key": "a", "value": "1"}]
    experiment: str = walk("experiments.create", {"name": "walk", "tags": tags}, "experiment_id")["experiment_id"]
    one = {"experiment_id": experiment}
    assert walk("experiments.get", f"?experiment_id={experiment}", "experiment")["experiment"]["tags"] == tags
    walk("experiments.get", one, "experiment")  # R and Java send a body
    walk("experiments.get_by_name", "?experiment_name=walk", "experiment")
    walk("experiments.set_tag", {**one, "key": "b", "value": "2"})
    walk("experiments.delete_tag", {**one, "key": "b"})
    walk("experiments.update", {**one, "new_name": "walked"})
    walk("experiments.delete", one)
    walk("experiments.restore", one)
    asked = {"max_results": 5, "filter": "name = 'walked'", "order_by": ["name DESC"], "view_type": "ALL"}
    assert len(walk("experiments.search", asked, "experiments")["experiments"]) == 1
    by_query = walk("experiments.search_get", "?max_results=1&view_type=ACTIVE_ONLY", "experiments next_page_token")
    assert len(by_query["experiments"]) == 1
    return experiment


def runs(walk: Walk, experiment: str) -> str:
    tags = [{"key": "mlflow.user", "value": "ann"}]
    made = walk("runs.create", {"experiment_id": experiment, "start_time": "5", "tags": tags}, "run")["run"]
    run: str = made["info"]["run_id"]
    assert sorted(made) == ["data", "info", "inputs", "outputs"]
    point = {"key": "m", "value": 0.5, "timestamp": 7, "step": 1}
    walk("runs.log_metric", {"run_uuid": run, **point})
    walk("runs.log_param", {"run_id": run, "run_uuid": run, "key": "p", "value": "1"})
    walk("runs.set_tag", {"run_id": run, "key": "t", "value": "1"})
    walk("runs.delete_tag", {"run_id": run, "key": "t"})
    batch = {"metrics": [{**point, "step": 2}], "params": [{"key": "q", "value": ""}], "tags": tags}
    walk("runs.log_batch", {"run_id": run, **batch})
    old = {"artifact_path": "m", "flavors": {}, "run_id": run, "utc_time_created": "now"}
    walk("runs.log_model", {"run_id": run, "model_json": json.dumps(old)})
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "train"}]
    walk("runs.log_inputs", {"run_id": run, "datasets": [{"dataset": dataset, "tags": context}]})
    changed = walk("runs.update", {"run_uuid": run, "status": "FINISHED", "end_time": 9, "run_name": "n"}, "run_info")
    assert (changed["run_info"]["status"], changed["run_info"]["end_time"]) == ("FINISHED", 9)
    walk("runs.delete", {"run_id": run})
    walk("runs.restore", {"run_id": run})
    for given in (f"?run_id={run}", f"?run_uuid={run}", {"run_id": run}):
        data = walk("runs.get", given, "run")["run"]["data"]
    assert data["metrics"] == [{**point, "step": 2}]
    assert data["params"] == [{"key": "p", "value": "1"}, {"key": "q", "value": ""}]
    asked = {"experiment_ids": [experiment], "filter": "metrics.m = 0.5", "run_view_type": "ALL", "max_results": 1}
    assert walk("runs.search", asked, "runs")["runs"][0]["info"]["run_id"] == run
    whole = walk("metrics.get_history", f"?run_id={run}&metric_key=m", "metrics")
    assert [one["step"] for one in whole["metrics"]] == [1, 2]
    for name, run_field in (("get_history_bulk", "run_id"), ("get_history_bulk_interval", "run_ids")):
        bulk = walk(f"metrics.{name}", f"?{run_field}={run}&metric_key=m", "metrics")["metrics"]
        assert [(one["run_id"], one["step"]) for one in bulk] == [(run, 1), (run, 2)]
    found = walk("experiments.search_datasets", {"experiment_ids": [experiment]}, "dataset_summaries")
    assert found["dataset_summaries"][0]["context"] == "train"
    return run


def logged_models(walk: Walk, experiment: str, run: str) -> str:
    new = {"experiment_id": experiment, "name": "tree", "source_run_id": run, "params": [{"key": "p", "value": "1"}]}
    made = walk("logged_models.create", new, "model")["model"]
    model: str = made["info"]["model_id"]
    walk("logged_models.log_params", {"params": [{"key": "q", "value": "2"}]}, model_id=model)
    walk("logged_models.set_tags", {"tags": [{"key": "a/b", "value": "c"}]}, "model", model_id=model)
    walk("logged_models.delete_tag", model_id=model, tag_key="a%2Fb")
    ready = {"model_id": model, "status": "LOGGED_MODEL_READY"}
    assert walk("logged_models.finalize", ready, "model", model_id=model)["model"]["info"]["status"] == ready["status"]
    walk("runs.log_outputs", {"run_id": run, "models": [{"model_id": model, "step": 2}]})
    point = {"key": "acc", "value": 1, "timestamp": 1, "model_id": model}
    for name, value in (("train", 0.9), ("test", 0.4)):
        more = {"value": value, "dataset_name": name, "dataset_digest": "1"}
        walk("runs.log_batch", {"run_id": run, "metrics": [{**point, **more}]})
    search = {
        "experiment_ids": [experiment],
        "filter": "status = 'READY' AND metrics.acc > 0.5",
        "datasets": [{"dataset_name": "train"}],
        "order_by": [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "test", "dataset_digest": "1"}],
    }
    assert walk("logged_models.search", search, "models")["models"][0]["info"]["model_id"] == model
    search["datasets"] = [{"dataset_name": "test"}]
    walk("logged_models.search", search)
    found = walk("logged_models.get", "?allow_deleted=true", "model", model_id=model)["model"]
    assert [param["value"] for param in found["data"]["params"]] == ["1", "2"]
    return model


def registry(walk: Walk, model: str) -> None:
    walk("registered_models.create", {"name": "m", "description": "d"}, "registered_model")
    walk("registered_models.rename", {"name": "m", "new_name": "n"}, "registered_model")
    walk("registered_models.update", {"name": "n", "description": "e"}, "registered_model")
    walk("registered_models.set_tag", {"name": "n", "key": "k", "value": "v"})
    walk("registered_models.delete_tag", {"name": "n", "key": "k"})
    new = {"name": "n", "source": f"models:/{model}"}
    made = walk("model_versions.create", new, "model_version")["model_version"]
    assert (made["version"], made["status"], made["model_id"]) == ("1", "READY", model)
    one = {"name": "n", "version": "1"}
    walk("model_versions.update", {**one, "description": "x"}, "model_version")
    stage = {**one, "stage": "production", "archive_existing_versions": True}
    assert (
        walk("model_versions.transition_stage", stage, "model_version")["model_version"]["current_stage"]
        == "Production"
    )
    walk("model_versions.set_tag", {**one, "key": "k", "value": "v"})
    walk("model_versions.delete_tag", {**one, "key": "k"})
    walk("registered_models.set_alias", {**one, "alias": "champion"})
    assert walk("registered_models.get_by_alias", "?name=n&alias=champion", "model_version")
    assert walk("registered_models.get", "?name=n", "registered_model")["registered_model"]["aliases"]
    for given in ("?name=n&version=1", one):
        assert walk("model_versions.get", given, "model_version")["model_version"]["aliases"] == ["champion"]
    (found,) = walk("model_versions.search", "?filter=name%3D'n'", "model_versions")["model_versions"]
    assert found["aliases"] == ["champion"]
    walk("model_versions.get_download_uri", "?name=n&version=1", "artifact_uri")
    walk("registered_models.search", "?max_results=1", "registered_models")
    walk("registered_models.latest_versions", {"name": "n", "stages": ["Production"]}, "model_versions")
    walk("registered_models.latest_versions_get", "?name=n", "model_versions")
    walk("registered_models.delete_alias", {"name": "n", "alias": "champion"})


def webhooks(walk: Walk) -> None:
    event = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
    new = {"name": "w", "url": "https://nowhere.invalid/", "events": [event], "secret": "hush"}
    made = walk("webhooks.create", new, "webhook")["webhook"]
    one = made["webhook_id"]
    assert "secret" not in made
    walk("webhooks.get", keys="webhook", webhook_id=one)
    walk("webhooks.list", keys="webhooks")
    walk("webhooks.update", {"name": "x"}, "webhook", webhook_id=one)
    assert walk("webhooks.test", {"event": event}, "result", webhook_id=one)["result"]["success"] is False
    walk("webhooks.delete", webhook_id=one)


def artifacts(walk: Walk, run: str, model: str) -> None:
    walk("proxy.put", b"text", artifact_path="a/b.txt")
    assert walk("proxy.get", artifact_path="a/b.txt") == b"text"
    walk("proxy.list", "?path=a", "files")
    walk("proxy.delete", artifact_path="a")
    upload(walk, run)
    walk("artifacts.list", f"?run_id={run}", "files root_uri")
    assert walk("artifacts.read", f"?run_uuid={run}&path=up.txt") == b"text"
    found = walk("logged_models.get", keys="model", model_id=model)["model"]["info"]["artifact_uri"]
    walk("proxy.put", b"flavors: {}", artifact_path=f"{found.partition(':/')[2].strip('/')}/MLmodel")
    walk("logged_models.list_artifacts", keys="files root_uri", model_id=model)
    walk("logged_models.read_artifact", "?artifact_file_path=MLmodel", model_id=model)
    assert walk("model_versions.read", "?name=n&version=1&path=MLmodel") == b"flavors: {}"
    walk("model_versions.delete", {"name": "n", "version": "1"})
    walk("registered_models.delete", {"name": "n"})
    walk("proxy.create_multipart", {"path": "b", "num_parts": 2}, artifact_path="a/b")
    for name in ("complete", "abort"):
        walk(f"proxy.{name}_multipart", {"path": "b", "upload_id": "u"}, artifact_path="a/b")
    walk("proxy.presign", artifact_path="a/b")
    walk("artifacts.presign_upload", {"run_id": run, "path": "x"})
    walk("artifacts.presign_download", {"run_id": run, "path": "up.txt"})


def upload(walk: Walk, run: str) -> None:
    walk.asked.add("mlflow.artifacts.upload")
    reply = walk.site.ask("POST", f"{walk.prefix}/2.0/mlflow/upload-artifact?run_uuid={run}&path=up.txt", b"text")
    assert (reply.status, reply.body) == (200, b"")
