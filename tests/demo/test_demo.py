"""`treering demo` as a person starts it: what it leaves behind, what it says, and that it stops when told to."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from treering.client.connect import connect
from treering.core.settings import Settings
from treering.demo.candidates import GRID
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query

_PATIENCE = 240.0


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "treering", "demo", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=folder, env=environment,
    ) as process:  # fmt: skip
        watchdog = threading.Timer(_PATIENCE, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_it_tracks_registers_serves_and_ends(tmp_path: Path) -> None:
    with demo(tmp_path, "--no-ui") as process:
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert "answered 114 held-out rows as the model itself does" in said
    assert "kept in journal" not in said
    services = connect(Settings(home=str(tmp_path / ".treering")), tmp_path)
    try:
        experiment = services.tracking.experiments.get_by_name("breast-cancer")
        runs = services.tracking.runs.search(Query(experiment_ids=[experiment.experiment_id])).items
        parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
        assert len(parents) == 1
        assert {run.info.run_name for run in children} == {candidate.name for candidate in GRID}
        assert {run.info.status for run in runs} == {RunStatus.FINISHED}
        for run in children:
            curve, _ = services.tracking.metrics.history(run.info.run_id, "validation/log_loss")
            assert list(curve.steps) == list(range(len(curve)))
            assert len(curve) >= 60
            assert {use.context for use in run.inputs.dataset_inputs} == {"training", "validation"}
            files = {info.path for info in services.open_artifacts(run.info.artifact_uri).walk()}
            assert {"plots/confusion_matrix.png", "plots/roc_curve.png", "classification_report.json"} <= files
        best = min(children, key=lambda run: run.data.metrics["validation/log_loss"])
        champion = services.registry.versions.get_by_alias("breast-cancer", "champion")
        assert champion.run_id == best.info.run_id
        table = tmp_path / ".treering" / "demo" / "data" / "tumours.csv"
        digest = hashlib.md5(table.read_bytes(), usedforsecurity=False).hexdigest()
        follows = services.lineage.get(f"datasets:/tumours.csv/{digest}", down=6, limit=20)
        assert f"models:/breast-cancer/{champion.version}" in {node.id for node in follows.nodes}
    finally:
        services.close()


def test_the_ui_and_the_endpoint_stay_up_until_it_is_stopped(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(tmp_path, "--port", str(port)) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "stay up until Ctrl-C" in line:
                    break
            shown = re.search(r"web UI\s+(http://127\.0\.0\.1:(\d+))", said)
            served = re.search(r"endpoint\s+(http://\S+)/invocations", said)
            assert shown, said
            assert served, said
            # The port that was asked for is somebody else's, so another one was taken.
            assert int(shown[2]) != port
            found = ask(f"{shown[1]}/api/v1/runs/search", {"experiment_ids": ["1"], "with_total": True})
            assert found["total"] == len(GRID) + 1
            schema = ask(f"{served[1]}/openapi.json")
            assert "/invocations" in schema["paths"]
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0
            assert "Stopped." in process.stdout.read()
        for address in (shown[1], served[1]):
            with pytest.raises(OSError, match="refused"):
                urllib.request.urlopen(f"{address}/health", timeout=5)
