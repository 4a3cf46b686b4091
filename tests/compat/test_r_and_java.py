"""The requests that MLflow's R and Java clients send, replayed byte by byte against a real server.

R writes what its JSON library makes of numbers, names a run both ways, and asks with a
query string; Java writes protocol buffers as JSON, with whole numbers as strings and
names in camelCase, and older ones ask with a body where others have a query string.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

API = "/api/2.0/mlflow"


@dataclass(frozen=True)
class Asking:
    """Sends what it is given, as it is."""

    server: str
    agent: str
    content_type: str

    def __call__(self, method: str, path: str, body: str | None = None, status: int = 200) -> Any:
        headers = {"user-agent": self.agent, "accept": "application/json"}
        if body is not None:
            headers["content-type"] = self.content_type
        connection = http.client.HTTPConnection(str(urlsplit(self.server).netloc), timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path if path.startswith("/api") else f"{API}/{path}", body, headers)
            answer = connection.getresponse()
            said = answer.read()
        assert answer.status == status, (method, path, said)
        return json.loads(said)


@pytest.fixture
def r(server: str) -> Asking:
    return Asking(server, "mlflow-r-client/2.22.0", "application/json")


@pytest.fixture
def java(server: str) -> Asking:
    return Asking(server, "mlflow-java-client/2.22.0", "application/json; charset=UTF-8")


def test_r_tracks_a_run(r: Asking) -> None:
    refused = r("GET", "experiments/get-by-name?experiment_name=from%20R", status=404)
    assert refused["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    experiment = r("POST", "experiments/create", '{"name":"from R","tags":[{"key":"a","value":"1"}]}')["experiment_id"]
    assert r("GET", f"experiments/get?experiment_id={experiment}")["experiment"]["name"] == "from R"
    body = (
        f'{{"experiment_id":"{experiment}","user_id":"ann","start_time":1700000000123,'
        '"tags":[{"key":"mlflow.source.name","value":"<console>"},{"key":"mlflow.user","value":"ann"}]}'
    )
    info = r("POST", "runs/create", body)["run"]["info"]
    run = info["run_uuid"]
    assert (info["start_time"], info["user_id"], info["status"]) == (1700000000123, "ann", "RUNNING")
    both = f'"run_uuid":"{run}","run_id":"{run}"'
    assert r("POST", "runs/log-parameter", f'{{{both},"key":"alpha","value":"0.5"}}') == {}
    for step, value in enumerate(("0.5", "1e-3", '"NaN"', "NaN")):
        body = f'{{{both},"key":"rmse","value":{value},"timestamp":1700000000{step}.0,"step":{step}}}'
        assert r("POST", "runs/log-metric", body) == {}
    assert r("POST", "runs/set-tag", f'{{{both},"key":"t","value":"v"}}') == {}
    assert r("POST", "runs/delete-tag", f'{{"run_id":"{run}","key":"t"}}') == {}
    batch = '"metrics":[{"key":"b","value":2,"timestamp":5,"step":0}],"params":[{"key":"p","value":"x"}],"tags":[]'
    assert r("POST", "runs/log-batch", f'{{"run_id":"{run}",{batch}}}') == {}
    model = json.dumps({"artifact_path": "m", "flavors": {"crate": {}}, "run_id": run, "utc_time_created": "now"})
    assert r("POST", "runs/log-model", json.dumps({"run_id": run, "model_json": model})) == {}
    ended = r("POST", "runs/update", f'{{{both},"status":"FINISHED","end_time":1700000009999}}')["run_info"]
    assert (ended["run_uuid"], ended["end_time"], ended["status"]) == (run, 1700000009999, "FINISHED")
    data = r("GET", f"runs/get?run_uuid={run}&run_id={run}")["run"]["data"]
    assert {item["key"]: item["value"] for item in data["metrics"]} == {"rmse": "NaN", "b": 2.0}
    assert {item["key"]: item["value"] for item in data["params"]} == {"alpha": "0.5", "p": "x"}
    history = r("GET", f"metrics/get-history?run_uuid={run}&run_id={run}&metric_key=rmse")["metrics"]
    assert [point["value"] for point in history] == [0.5, 0.001, "NaN", "NaN"]
    assert [point["timestamp"] for point in history] == [17000000000, 17000000001, 17000000002, 17000000003]
    search = f'{{"experiment_ids":["{experiment}"],"filter":"params.alpha = \\"0.5\\"","run_view_type":"ACTIVE_ONLY"}}'
    assert [item["info"]["run_uuid"] for item in r("POST", "runs/search", search)["runs"]] == [run]
    listed = r("GET", f"artifacts/list?run_uuid={run}&run_id={run}")
    assert listed["root_uri"].endswith(f"{run}/artifacts")
    assert "files" not in listed
    assert r("POST", "runs/delete", f'{{"run_id":"{run}"}}') == {}
    assert r("POST", "runs/restore", f'{{"run_id":"{run}"}}') == {}
    renamed = f'{{"experiment_id":"{experiment}","new_name":"R again"}}'
    assert r("POST", "experiments/update", renamed) == {}
    found = r(
        "POST", "experiments/search", '{"max_results":10,"filter":"name = \'R again\'","view_type":"ACTIVE_ONLY"}'
    )
    assert [item["experiment_id"] for item in found["experiments"]] == [experiment]
    assert r("POST", "experiments/delete", f'{{"experiment_id":"{experiment}"}}') == {}
    assert r("POST", "experiments/restore", f'{{"experiment_id":"{experiment}"}}') == {}


def test_r_registers_models(r: Asking) -> None:
    run = r("POST", "runs/create", '{"experiment_id":"0","user_id":"ann","start_time":1}')["run"]["info"]
    r("POST", "registered-models/create", '{"name":"R model","tags":[{"key":"a","value":"b"}],"description":"d"}')
    source = json.dumps({"name": "R model", "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]})
    assert r("POST", "model-versions/create", source)["model_version"]["version"] == "1"
    one = '"name":"R model","version":"1"'
    staged = r(
        "POST", "model-versions/transition-stage", f'{{{one},"stage":"Production","archive_existing_versions":false}}'
    )
    assert staged["model_version"]["current_stage"] == "Production"
    r("PATCH", "model-versions/update", f'{{{one},"description":"new"}}')
    r("POST", "model-versions/set-tag", f'{{{one},"key":"k","value":"v"}}')
    latest = r("POST", "registered-models/get-latest-versions", '{"name":"R model","stages":["Production"]}')
    assert latest["model_versions"][0]["description"] == "new"
    assert r("GET", "registered-models/get?name=R%20model")["registered_model"]["tags"] == [{"key": "a", "value": "b"}]
    name = quote("name = 'R model'")
    assert len(r("GET", f"registered-models/search?max_results=100&filter={name}")["registered_models"]) == 1
    r("DELETE", "model-versions/delete", f"{{{one}}}")
    r("POST", "registered-models/rename", '{"name":"R model","new_name":"R renamed"}')
    r("DELETE", "registered-models/delete", '{"name":"R renamed"}')
    assert r("GET", "registered-models/get?name=R%20renamed", status=404)["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_java_tracks_a_run(java: Asking) -> None:
    experiment = java("POST", "experiments/create", '{"name": "from Java"}')["experiment_id"]
    assert java("GET", "experiments/get-by-name?experiment_name=from+Java")["experiment"]["experiment_id"] == experiment
    assert java("GET", "experiments/get", f'{{"experiment_id": "{experiment}"}}')["experiment"]["name"] == "from Java"
    java("POST", "experiments/set-experiment-tag", f'{{"experimentId": "{experiment}", "key": "k", "value": "v"}}')
    body = (
        f'{{\n  "experimentId": "{experiment}",\n  "userId": "ann",\n  "startTime": "1700000000123",\n'
        '  "tags": [{\n    "key": "mlflow.source.type",\n    "value": "LOCAL"\n  }]\n}'
    )
    run = java("POST", "runs/create", body)["run"]["info"]["run_id"]
    for step, value in enumerate(("0.5", '"NaN"', '"Infinity"')):
        point = f'"key": "loss", "value": {value}, "timestamp": "170000000000{step}", "step": "{step}"'
        java("POST", "runs/log-metric", f'{{"runId": "{run}", {point}}}')
    java("POST", "runs/log-parameter", f'{{"run_id": "{run}", "run_uuid": "{run}", "key": "p", "value": "1"}}')
    java("POST", "runs/set-tag", f'{{"runId": "{run}", "key": "t", "value": "1"}}')
    metrics = '[{"key": "b", "value": 1.0, "timestamp": "1", "step": "-2"}]'
    batch = f'{{"runId": "{run}", "metrics": {metrics}, "params": [{{"key": "q", "value": ""}}], "tags": []}}'
    java("POST", "runs/log-batch", batch)
    java("POST", "runs/update", f'{{"runId": "{run}", "status": "FINISHED", "endTime": "1700000009999"}}')
    for found in (java("GET", f"runs/get?run_id={run}"), java("GET", "runs/get", f'{{"run_uuid": "{run}"}}')):
        assert found["run"]["info"]["end_time"] == 1700000009999
        values = {item["key"]: item["value"] for item in found["run"]["data"]["metrics"]}
        assert values == {"loss": "Infinity", "b": 1.0}
    history = java("GET", f"metrics/get-history?run_id={run}&metric_key=loss")["metrics"]
    assert [point["value"] for point in history] == [0.5, "NaN", "Infinity"]
    search = f'{{"experimentIds": ["{experiment}"], "runViewType": "ACTIVE_ONLY", "maxResults": 1, "orderBy": ["metrics.loss DESC"]}}'
    assert java("POST", "runs/search", search)["runs"][0]["info"]["run_id"] == run
    query = quote("name = 'from Java'")
    listed = java("GET", f"experiments/search?max_results=5&filter={query}&view_type=ACTIVE_ONLY")
    assert [item["experiment_id"] for item in listed["experiments"]] == [experiment]
    assert "files" not in java("GET", f"artifacts/list?run_id={run}&path=model")
    wrong = java("POST", "runs/log-metric", f'{{"runId": "{run}", "run_id": "{run}", "key": "x"}}', status=400)
    assert wrong["error_code"] == "INVALID_PARAMETER_VALUE"


def test_java_registers_models(java: Asking) -> None:
    run = java("POST", "runs/create", '{"experimentId": "0"}')["run"]["info"]
    java("POST", "registered-models/create", '{"name": "Java model"}')
    new = {"name": "Java model", "source": run["artifact_uri"], "runId": run["run_id"]}
    made = java("POST", "model-versions/create", json.dumps(new))["model_version"]
    assert made["version"] == "1"
    assert java("GET", "model-versions/get?name=Java+model&version=1")["model_version"]["run_id"] == run["run_id"]
    for body in (None, '{"name": "Java model", "stages": ["None"]}'):
        path = "registered-models/get-latest-versions" + (
            "" if body else "?name=Java+model&stages=None&stages=Production"
        )
        assert len(java("GET", path, body)["model_versions"]) == 1
    query = quote("name='Java model'")
    found = java("GET", f"model-versions/search?filter={query}&max_results=100&order_by=name")
    assert len(found["model_versions"]) == 1
    assert (
        java("GET", "model-versions/get-download-uri?name=Java+model&version=1")["artifact_uri"] == run["artifact_uri"]
    )
    moved = '{"name": "Java model", "version": "1", "stage": "Staging", "archiveExistingVersions": true}'
    assert java("POST", "model-versions/transition-stage", moved)["model_version"]["current_stage"] == "Staging"
    java("DELETE", "registered-models/delete", '{"name": "Java model"}')
