"""The same requests to MLflow's own server and to Treering: status, error code and the fields of the answers are alike.

Where they are not, the row says why, and the test fails as soon as that is no longer so.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.peer

API = "/api/2.0/mlflow/"
DEADLINE = 180
ENVIRON = os.environ


@dataclass
class Side:
    """One of the two servers; `values` are ids that its answers gave."""

    address: str
    values: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any, keep: str) -> tuple[int, Any]:
        path = path if path.startswith("/") else API + path
        sent = None if body is None else self._filled(json.dumps(body)).encode()
        connection = http.client.HTTPConnection(self.address, timeout=120)
        with contextlib.closing(connection):
            headers = {"content-type": "application/json"} if sent is not None else {}
            connection.request(method, self._filled(path), sent, headers)
            answer = connection.getresponse()
            said = json.loads(answer.read() or b"{}")
        if keep:
            name, _, route = keep.partition(" ")
            self.values[name] = _at(said, route)
        return answer.status, said

    def _filled(self, text: str) -> str:
        return re.sub(r"<(\w+)>", lambda found: self.values[found[1]], text)


def _at(value: Any, route: str) -> str:
    for part in route.split("."):
        value = value[part]
    return str(value)


@pytest.fixture(scope="module")
def theirs(python_3: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """MLflow's own server."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(python_3), "-m", "mlflow", "server", "--workers", "1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    environment = {"HOME": str(folder), "PATH": ENVIRON["PATH"], "DO_NOT_TRACK": "1"}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + DEADLINE
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield Side(f"127.0.0.1:{port}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False


Row = tuple[str, str, Any, str, str]
"""Method, path, body, what to keep of the answer, and why the two differ; "" where they must not."""

LENIENT = "a value that can be read is read"
STRICT = "MLflow passes over what it does not understand"
MORE = "the grammar is larger"


def row(method: str, path: str, body: Any = None, keep: str = "", differs: str = "") -> Row:
    return method, path, body, keep, differs


def posts(path: str, *bodies: Any) -> list[Row]:
    return [row("POST", path, body) for body in bodies]


def gets(*paths: str) -> list[Row]:
    return [row("GET", path) for path in paths]


EXPERIMENT, RUN = {"experiment_id": "<e>"}, {"run_id": "<r>"}
POINT = {"key": "m", "value": 1, "timestamp": 1}
DATASET = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
CREATED = {"entity": "MODEL_VERSION", "action": "CREATED"}
HOOK = {"name": "w", "url": "https://8.8.8.8/x", "events": [CREATED]}

EXPERIMENTS: list[Row] = [
    row("POST", "experiments/create", {"name": "e", "tags": [{"key": "a", "value": "1"}]}, "e experiment_id"),
    *posts("experiments/create", {"name": "e"}, {"name": ""}, {}, {"name": "x" * 501}),
    *gets("experiments/get?experiment_id=<e>", "experiments/get?experiment_id=abc", "experiments/get"),
    *gets("experiments/get?experiment_id=9999", "experiments/get-by-name?experiment_name=e"),
    *gets("experiments/get-by-name?experiment_name=zz", "experiments/get-by-name"),
    *posts("experiments/search", {"max_results": 1}, {"max_results": 0}, {"max_results": 50_001}),
    *posts("experiments/search", {"max_results": 5, "filter": "name = 'e'", "view_type": "ALL"}),
    *posts("experiments/search", {"max_results": 5, "filter": "nope"}, {"max_results": 5, "order_by": ["nope"]}),
    row("POST", "experiments/search", {}, differs=LENIENT),
    row("POST", "experiments/search", {"max_results": 5, "view_type": "NOPE"}, differs=STRICT),
    *gets("experiments/search?max_results=1&order_by=name"),
    *posts(
        "experiments/update", {**EXPERIMENT, "new_name": "f"}, EXPERIMENT, {"experiment_id": "9999", "new_name": "x"}
    ),
    *posts("experiments/set-experiment-tag", {**EXPERIMENT, "key": "k", "value": "v"}, {**EXPERIMENT, "key": "k"}),
    *posts("experiments/delete-experiment-tag", {**EXPERIMENT, "key": "k"}, {**EXPERIMENT, "key": "k"}),
]
RUNS: list[Row] = [
    row("POST", "runs/create", {**EXPERIMENT, "start_time": 5, "user_id": "u"}, "r run.info.run_id"),
    *posts("runs/create", {"experiment_id": "9999"}, {**EXPERIMENT, "run_name": "", "start_time": 4}),
    *posts("runs/create", {**EXPERIMENT, "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}),
    *gets("runs/get?run_id=<r>", "runs/get?run_uuid=<r>", "runs/get?run_id=nope", "runs/get"),
    *posts("runs/log-metric", {**RUN, **POINT}, {**RUN, "key": "m", "value": 1}, {**RUN, "key": "m", "timestamp": 1}),
    *posts("runs/log-metric", {**RUN, **POINT, "value": True}, {**RUN, **POINT, "timestamp": -1}),
    *posts(
        "runs/log-metric", {**RUN, **POINT, "step": -3}, {**RUN, **POINT, "key": "a//b"}, {**RUN, **POINT, "key": ""}
    ),
    *posts("runs/log-metric", {**RUN, **POINT, "key": "x" * 251}, {**POINT, "run_id": "nope"}, {**POINT}),
    *posts("runs/log-metric", {"run_uuid": "<r>", **POINT, "timestamp": 2}, {**RUN, **POINT, "value": None}),
    *posts("runs/log-parameter", {**RUN, "key": "p", "value": "1"}, {**RUN, "key": "p", "value": "1"}),
    *posts(
        "runs/log-parameter", {**RUN, "key": "p", "value": "2"}, {**RUN, "value": "x"}, {**RUN, "key": "q", "value": ""}
    ),
    *posts("runs/log-parameter", {**RUN, "key": "l", "value": "x" * 7000}),
    *posts("runs/set-tag", {**RUN, "key": "t", "value": "1"}, {**RUN, "key": "mlflow.runName", "value": "n"}),
    *posts("runs/set-tag", {**RUN, "key": "a b:c", "value": "1"}, {**RUN, "key": "a$", "value": "1"}),
    *posts("runs/delete-tag", {**RUN, "key": "t"}, {**RUN, "key": "t"}),
    *posts("runs/log-batch", {**RUN, "metrics": [POINT], "params": [], "tags": [{"key": "b", "value": "1"}]}, RUN),
    *posts("runs/log-batch", {**RUN, "params": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]}, {}),
    *posts("runs/log-batch", {**RUN, "metrics": [{"key": "b"}]}, {**RUN, "metrics": "x"}),
    *posts("runs/update", {**RUN, "status": "FINISHED", "end_time": 7}, RUN, {**RUN, "run_name": "z"}),
    row("POST", "runs/update", {**RUN, "status": "NOPE"}, differs=STRICT),
    *gets("metrics/get-history?run_id=<r>&metric_key=m", "metrics/get-history?run_id=<r>&metric_key=none"),
    *gets("metrics/get-history?run_id=<r>", "metrics/get-history?run_id=<r>&metric_key=m&max_results=1"),
    *gets("metrics/get-history?run_id=<r>&metric_key=m&max_results=0"),
    row("GET", "metrics/get-history?run_id=nope&metric_key=m", differs="there is no such run"),
    *(
        row("GET", f"metrics/get-history-bulk-interval?{query}")
        for query in (
            "run_ids=<r>&metric_key=m",
            "run_ids=<r>&metric_key=m&start_step=1",
            "run_ids=<r>&metric_key=m&start_step=5&end_step=1",
            "run_ids=<r>&metric_key=m&max_results=0",
            "metric_key=m",
            "run_ids=nope&metric_key=m",
        )
    ),
    *gets("/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=<r>&metric_key=m"),
    *posts("runs/log-inputs", {**RUN, "datasets": [{"dataset": DATASET}]}, RUN),
    row("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["<e>"]}),
    *posts("runs/log-model", {**RUN, "model_json": "{}"}),
    *gets("artifacts/list?run_id=<r>", "artifacts/list?run_id=<r>&path=../x", "artifacts/list?run_id=<r>&path=nope"),
    *posts("runs/delete", RUN, RUN, {"run_id": "nope"}),
    *posts("runs/log-metric", {**RUN, **POINT}),
    *posts("runs/update", {**RUN, "status": "FAILED"}),
    *posts("runs/restore", RUN, RUN),
]
FILTERS = {
    "metrics.m > 0": "",
    "params.p = '1'": "",
    "tags.b != 'x'": "",
    "attributes.status = 'FINISHED'": "",
    "run_name LIKE '%'": "",
    "attribute.start_time > 1": "",
    "metrics.m > 'x'": "",
    "params.p = x": "",
    "params.p = 1": MORE,
    "foo.bar = '1'": "",
    "run_id IN ('a')": "",
    "run_id IN ()": "",
    "params.p IS NULL": "",
    "metrics.`m` > 0 and": "",
    "datasets.name = 'd'": "",
    "metrics.m = 1 OR metrics.m = 2": MORE,
    "(metrics.m = 1)": MORE,
    "start_time > now() - 7d": MORE,
    "tags.`mlflow.user` ILIKE 'U'": "",
    "params.'p' = '1'": "",
    "`Run Name` = 'x'": "",
    "start_time = 'x'": "",
    "status IS": "",
}
ORDERS = {
    "metrics.m": "",
    "metrics.`m` DESC": "",
    "`metrics`.`m` DESC": "",
    "params.p ASC": "",
    "start_time desc": "",
    "Created": "",
    "foo": "",
    "metrics.m UP": "",
    "tags.`mlflow.user`": "",
    "end_time NULLS FIRST": "",
}
SEARCHES: list[Row] = [
    *(
        row("POST", "runs/search", {"experiment_ids": ["<e>"], "filter": text}, differs=why)
        for text, why in FILTERS.items()
    ),
    *(
        row("POST", "runs/search", {"experiment_ids": ["<e>"], "order_by": [term]}, differs=why)
        for term, why in ORDERS.items()
    ),
    *posts(
        "runs/search",
        {"experiment_ids": ["<e>"], "max_results": 1},
        {"experiment_ids": []},
        {"experiment_ids": ["9999"]},
    ),
    *posts(
        "runs/search", {"experiment_ids": ["<e>"], "max_results": 0}, {"experiment_ids": ["<e>"], "page_token": "z"}
    ),
    *posts("runs/search", {"experiment_ids": ["abc"]}),
    row("POST", "runs/search", {"experiment_ids": ["<e>"], "run_view_type": "NOPE"}, differs=STRICT),
]
NEW_MODEL = {
    **EXPERIMENT,
    "name": "net",
    "source_run_id": "<r>",
    "params": [{"key": "p", "value": "1"}],
    "model_type": "x",
}
MODELS: list[Row] = [
    row("POST", "logged-models", NEW_MODEL, "m model.info.model_id"),
    *posts("logged-models", {"experiment_id": "9999", "name": "net"}, {"name": "net"}, {**EXPERIMENT, "name": "a/b"}),
    *gets("logged-models/<m>", "logged-models/nope"),
    row("PATCH", "logged-models/<m>", {"model_id": "<m>", "status": "LOGGED_MODEL_READY"}),
    row("PATCH", "logged-models/<m>", {"model_id": "<m>"}),
    row("PATCH", "logged-models/<m>/tags", {"tags": [{"key": "u", "value": "2"}]}),
    row("DELETE", "logged-models/<m>/tags/u"),
    row("DELETE", "logged-models/<m>/tags/u"),
    row("POST", "logged-models/<m>/params", {"model_id": "<m>", "params": [{"key": "q", "value": "2"}]}),
    *posts("logged-models/search", {"experiment_ids": ["<e>"], "filter": "params.p = '1'", "max_results": 1}),
    *posts("logged-models/search", {"experiment_ids": ["<e>"], "order_by": [{"field_name": "creation_time"}]}),
    row(
        "POST",
        "logged-models/search",
        {"experiment_ids": ["<e>"], "filter": "nope = 1"},
        differs="MLflow fails with 500",
    ),
    *gets("logged-models/<m>/artifacts/directories"),
    *posts("runs/outputs", {**RUN, "models": [{"model_id": "<m>", "step": 1}]}),
    *gets("runs/get?run_id=<r>"),
]
NAMED, ONE = {"name": "rn"}, {"name": "rn", "version": "1"}
REGISTRY: list[Row] = [
    *posts("registered-models/create", {"name": "rm", "description": "d", "tags": [{"key": "a", "value": "b"}]}),
    *posts("registered-models/create", {"name": "rm"}, {"name": "a/b"}, {"name": ""}),
    *gets("registered-models/get?name=rm", "registered-models/get?name=zz", "registered-models/get"),
    *gets(
        "registered-models/search", "registered-models/search?max_results=1001", "registered-models/search?filter=bad"
    ),
    row("GET", "registered-models/search?max_results=0", differs="a page without room has no next page"),
    row("PATCH", "registered-models/update", {"name": "rm", "description": "e"}),
    *posts("registered-models/rename", {"name": "rm", "new_name": "rn"}, {"name": "zz", "new_name": "rx"}, NAMED),
    *posts("registered-models/set-tag", {**NAMED, "key": "k", "value": "v"}, {"name": "zz", "key": "k", "value": "v"}),
    row("DELETE", "registered-models/delete-tag", {**NAMED, "key": "zz"}),
    *posts(
        "model-versions/create", {**NAMED, "source": "s3://b/x", "run_id": "<r>"}, {**NAMED, "source": "/etc"}, NAMED
    ),
    *posts("model-versions/create", {"name": "zz", "source": "s3://b/x"}),
    *gets(
        "model-versions/get?name=rn&version=1",
        "model-versions/get?name=rn&version=9",
        "model-versions/get?name=rn&version=x",
    ),
    *gets("model-versions/search?filter=name%3D'rn'", "model-versions/search?max_results=200001"),
    *gets("model-versions/get-download-uri?name=rn&version=1"),
    row("PATCH", "model-versions/update", {**ONE, "description": "x"}),
    *posts("model-versions/transition-stage", {**ONE, "stage": "Staging", "archive_existing_versions": True}),
    *posts("model-versions/transition-stage", {**ONE, "stage": "Nope", "archive_existing_versions": False}),
    *posts("model-versions/set-tag", {**ONE, "key": "k", "value": "v"}),
    row("DELETE", "model-versions/delete-tag", {**ONE, "key": "zz"}),
    *posts("registered-models/alias", {**ONE, "alias": "ch"}, {**ONE, "alias": "latest"}, {**ONE, "alias": "v1"}),
    *posts("registered-models/alias", {**NAMED, "alias": "ok", "version": "99"}),
    *gets("registered-models/alias?name=rn&alias=ch", "registered-models/alias?name=rn&alias=zz"),
    *gets("registered-models/alias?name=rn&alias=latest", "registered-models/alias?name=zz&alias=ch"),
    row("DELETE", "registered-models/alias", {**NAMED, "alias": "zz"}),
    *gets("registered-models/get?name=rn", "registered-models/get-latest-versions?name=rn&stages=Staging"),
    *posts("registered-models/get-latest-versions", NAMED, {**NAMED, "stages": ["Nope"]}, {"name": "zz"}),
    row("DELETE", "model-versions/delete", ONE),
    row("DELETE", "model-versions/delete", ONE),
    row("DELETE", "registered-models/delete", NAMED),
    row("DELETE", "registered-models/delete", NAMED),
]
WEBHOOKS: list[Row] = [
    row("POST", "webhooks", {**HOOK, "secret": "s"}, "w webhook.webhook_id"),
    *posts(
        "webhooks", {**HOOK, "name": "w b"}, {**HOOK, "url": "http://8.8.8.8/x"}, {**HOOK, "url": "https://10.0.0.1/"}
    ),
    *posts("webhooks", {**HOOK, "events": []}, {**HOOK, "events": [{"entity": "MODEL_VERSION", "action": "SET"}]}),
    *gets("webhooks", "webhooks/<w>", "webhooks/nope"),
    row("PATCH", "webhooks/<w>", {"description": "d", "status": "DISABLED"}),
    row("DELETE", "webhooks/<w>"),
    row("DELETE", "webhooks/<w>"),
]
ENDINGS: list[Row] = [
    *posts("experiments/delete", EXPERIMENT, EXPERIMENT),
    *posts("runs/create", EXPERIMENT),
    *posts("experiments/restore", EXPERIMENT, EXPERIMENT),
    *gets("/api/3.0/mlflow/server-info"),
    # What leaves the two in different states comes last.
    row("POST", "experiments/create", {"name": 5}, differs=LENIENT),
    row("POST", "runs/log-parameter", {**RUN, "key": "z", "value": 5}, differs=LENIENT),
    row("POST", "runs/log-inputs", {**RUN, "datasets": [{"dataset": {"name": "d"}}]}, differs=STRICT),
]


def test_both_answer_alike(theirs: Side, server: str) -> None:
    ours = Side(str(urlsplit(server).netloc))
    wrong: list[str] = []
    for method, path, body, keep, differs in (
        *EXPERIMENTS, *RUNS, *SEARCHES, *MODELS, *REGISTRY, *WEBHOOKS, *ENDINGS,
    ):  # fmt: skip
        found = _difference(theirs.ask(method, path, body, keep), ours.ask(method, path, body, keep))
        if bool(found) != bool(differs):
            wrong.append(f"{method} {path} {json.dumps(body)}: {found or f'no longer differs, though {differs}'}")
    assert not wrong, "\n".join(wrong)


def _difference(theirs: tuple[int, Any], ours: tuple[int, Any]) -> str:
    """What of MLflow's answer is missing in Treering's; it may have more fields."""
    (their_status, their_answer), (our_status, our_answer) = theirs, ours
    if their_status != our_status or their_answer.get("error_code") != our_answer.get("error_code"):
        return f"MLflow {their_status} {their_answer!s:.300}\n  Treering {our_status} {our_answer!s:.300}"
    if their_status != 200:
        return "" if our_answer["message"] else "Treering gives no message"
    missing = _missing(their_answer, our_answer, "")
    return f"{', '.join(missing)} in {our_answer!s:.300}" if missing else ""


def _missing(theirs: Any, ours: Any, where: str) -> list[str]:
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{where} is no object"]
        lacking = [f"{where}.{name} is missing" for name in theirs if name not in ours]
        return lacking + [
            text for name in theirs if name in ours for text in _missing(theirs[name], ours[name], f"{where}.{name}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            return [f"{where} has {len(ours)} items, not {len(theirs)}"]
        return _missing(theirs[0], ours[0], f"{where}[0]") if theirs else []
    return [] if type(theirs) is type(ours) else [f"{where} is {ours!r}, not as {theirs!r}"]
