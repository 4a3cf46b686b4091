"""The same script under the real MLflow's autologging and under Treering's, each on a store of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peers import TORCH, Peer, ready, run

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Logged:
    """What both logged: a list of runs each, oldest first."""

    theirs: list[dict[str, Any]]
    ours: list[dict[str, Any]]


RunBoth = Callable[..., Logged]


def laboratory(peer: Peer) -> Peer:
    """The environment, built if need be; the test is skipped where it cannot be had."""
    try:
        ready(peer)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"{peer.name} cannot be installed: {getattr(error, 'stderr', '') or error}"
        if os.environ.get("TREERING_TEST_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return peer


def _run(peer: Peer, script: str, tracker: str, home: Path) -> list[dict[str, Any]]:
    report = home / "report.json"
    variables = _variables(peer, home) | {"REPORT": str(report)}
    if tracker == "mlflow":
        variables["MLFLOW_TRACKING_URI"] = f"sqlite:///{home}/mlflow.db"
    run(laboratory(peer), SCRIPTS / script, tracker, folder=home, **variables)
    found: list[dict[str, Any]] = json.loads(report.read_text())
    return found


def _variables(peer: Peer, home: Path) -> dict[str, str]:
    # What Treering notes of source and environment by itself is tested elsewhere; MLflow has nothing to compare it with.
    variables = {"TREERING_HOME": str(home / "home"), "TREERING_CAPTURE": "off"}
    # Spark starts Pythons of its own, and would take the first that it finds.
    variables["PYSPARK_PYTHON"] = str(peer.python)
    # To compile Java's code well takes longer than these tests run it.
    variables["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    if peer is TORCH:
        # There is no TensorFlow beside PyTorch.
        variables["KERAS_BACKEND"] = "torch"
    return variables


@pytest.fixture
def run_tests(tmp_path: Path) -> Callable[..., str]:
    """Runs files of tests in one process in an environment; what pytest says, if none failed or was skipped."""

    def tests(peer: Peer, *scripts: str) -> str:
        files = [str(SCRIPTS / one) for one in scripts]
        said = run(laboratory(peer), SCRIPTS / "run_suite.py", *files, folder=tmp_path, **_variables(peer, tmp_path))
        assert "skipped" not in said, said
        return said

    return tests


@pytest.fixture
def run_ours(tmp_path: Path) -> Callable[[Peer, str], list[dict[str, Any]]]:
    """Runs a script in an environment with `treering` as its argument; it calls `report.finish(tracker)`."""
    return lambda peer, script: _run(peer, script, "treering", tmp_path)


@pytest.fixture
def run_both(tmp_path: Path) -> RunBoth:
    """As `run_ours`, once with `mlflow` and once with `treering` as the script's argument."""

    def both(peer: Peer, script: str) -> Logged:
        found = []
        for tracker in ("mlflow", "treering"):
            home = tmp_path / tracker
            home.mkdir()
            found.append(_run(peer, script, tracker, home))
        return Logged(*found)

    return both
