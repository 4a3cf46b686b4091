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

from peers import Peer, ready, run

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


@pytest.fixture(scope="session")
def run_both(tmp_path_factory: pytest.TempPathFactory) -> RunBoth:
    """Runs a script in an environment, once with `mlflow` and once with `treering` as its argument.

    The script trains and calls `report.finish(tracker)`.
    """

    def both(peer: Peer, script: str, *arguments: str) -> Logged:
        laboratory(peer)
        folder = tmp_path_factory.mktemp(Path(script).stem)
        found = []
        for tracker in ("mlflow", "treering"):
            home = folder / tracker
            home.mkdir()
            report = home / "report.json"
            run(
                peer, SCRIPTS / script, tracker, *arguments, folder=home,
                TREERING_HOME=str(home / "home"), REPORT=str(report),
                **({"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"} if tracker == "mlflow" else {}),
            )  # fmt: skip
            found.append(json.loads(report.read_text()))
        return Logged(*found)

    return both
