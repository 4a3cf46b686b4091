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

from treering.assembly import Services
from treering.client.connect import connect
from treering.core.settings import Settings
from treering.demo.candidates import GRID
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query
from treering.entities.run import Run
from treering.evaluation.record import from_json
from treering.tracking.objectives import read_objective

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


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Services]]:
    """What a whole demo said, the folder where it ran, and what it left in the store."""
    folder = tmp_path_factory.mktemp("demo")
    with demo(folder, "--no-ui") as process:
        said, _ = process.communicate()
    assert process.returncode == 0, said
    services = connect(Settings(home=str(folder / ".treering")), folder)
    try:
        yield said, folder, services
    finally:
        services.close()


def runs_of(services: Services) -> tuple[Run, list[Run]]:
    """The grid, and its candidates."""
    experiment = services.tracking.experiments.get_by_name("breast-cancer")
    runs = services.tracking.runs.search(Query(experiment_ids=[experiment.experiment_id])).items
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert {run.info.status for run in runs} == {RunStatus.FINISHED}
    return parent, [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]


def test_it_tracks_registers_serves_and_ends(done: tuple[str, Path, Services]) -> None:
    said, folder, services = done
    assert "answered 114 held-out rows as the model itself does" in said
    assert "kept in journal" not in said
    parent, children = runs_of(services)
    assert {run.info.run_name for run in children} == {candidate.name for candidate in GRID}
    kept = {info.path for info in services.open_artifacts(parent.info.artifact_uri).walk()}
    assert {"profiles/tumours.csv.html", "profiles/tumours.csv.json", "tumours.split.json"} <= kept
    for run in children:
        curve, _ = services.tracking.metrics.history(run.info.run_id, "validation/log_loss")
        assert list(curve.steps) == list(range(len(curve)))
        assert len(curve) >= 60
        assert {"training", "validation"} <= {use.context for use in run.inputs.dataset_inputs}
        files = {info.path for info in services.open_artifacts(run.info.artifact_uri).walk()}
        assert {"plots/confusion_matrix.png", "plots/roc_curve.png", "classification_report.json"} <= files
    best = min(children, key=lambda run: run.data.metrics["validation/log_loss"])
    champion = services.registry.versions.get_by_alias("breast-cancer", "champion")
    assert champion.run_id == best.info.run_id
    table = folder / ".treering" / "demo" / "data" / "tumours.csv"
    digest = hashlib.md5(table.read_bytes(), usedforsecurity=False).hexdigest()
    follows = services.lineage.get(f"datasets:/tumours.csv/{digest}", down=6, limit=20)
    assert f"models:/breast-cancer/{champion.version}" in {node.id for node in follows.nodes}


def test_the_champion_has_earned_its_place(done: tuple[str, Path, Services]) -> None:
    said, folder, services = done
    experiment = services.tracking.experiments.get_by_name("breast-cancer")
    objective = read_objective(experiment.tags)
    assert objective is not None
    assert objective.primary == "log_loss"
    champion = services.registry.versions.get_by_alias("breast-cancer", "champion")
    record = services.open_artifacts(services.tracking.runs.get(champion.run_id).info.artifact_uri)
    evaluation = from_json(b"".join(record.read("evaluation/evaluation.json")))
    assert (evaluation.rows, evaluation.positive) == (114, "1")
    assert {part.name for part in evaluation.slices} == {"smaller", "larger"}
    assert [report.attribute for report in evaluation.fairness] == ["mean texture"]
    assert evaluation.business is not None
    assert evaluation.business.current.value > evaluation.business.alternative
    assert evaluation.explanation is not None
    assert len(evaluation.explanation.importances) == 30
    assert all(criterion.holds(evaluation.metrics[f"{criterion.metric}_score"]) for criterion in objective.criteria)
    governance = services.registry.governance
    gates = {number: governance.checks("breast-cancer", number)[0].passed for number in (1, 2, 3)}
    assert gates == {1: True, 2: False, 3: True}
    assert [rule.who for rule in governance.rules("breast-cancer")] == [("pathologist",)]
    moves = [
        (one.action, one.before, one.after)
        for one in reversed(governance.history("breast-cancer").items)
        if one.action in {"promotion.done", "rolled_back"}
    ]
    assert moves == [
        ("promotion.done", "", "1"),
        ("promotion.done", "1", "3"),
        ("rolled_back", "3", "1"),
        ("promotion.done", "1", "3"),
    ]
    assert "version 1 passed, version 2 refused, version 3 passed" in said
    assert "rolled back to version 1 and forth" in said
    card = (folder / ".treering" / "demo-reports" / "model_card.html").read_text("utf-8")
    assert "A second opinion on tumours" in card
    assert "pathologist" in card


def test_a_second_demo_begins_where_the_first_one_left_its_rule(done: tuple[str, Path, Services]) -> None:
    _, folder, services = done
    with demo(folder, "--no-ui") as process:
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert "version 4 passed, version 5 refused, version 6 passed" in said
    assert services.registry.versions.get_by_alias("breast-cancer", "champion").version == 6


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
