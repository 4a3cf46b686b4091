"""An import or export that is killed at any moment and started again ends with everything there, and nothing twice."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exchange.alike import content, content_of
from exchange.furnished import furnish
from treering.assembly import open_services
from treering.core.settings import Settings
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow, open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report

SCRIPT = Path(__file__).parent / "scripts" / "killed.py"
TRIALS = 3
SEED = random.randrange(1 << 32)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of MLflow's with one of everything."""
    services = open_services(Settings(), tmp_path / "first")
    furnish(services)
    report = Report()
    open_target(str(tmp_path / "mlruns"), Settings())(OwnSource(services), Wishes(), report)
    services.close()
    assert report.problems == []
    return tmp_path / "mlruns"


def killed(verb: str, moment: int, given: Path, target: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
    command = [sys.executable, str(SCRIPT), verb, str(moment), str(given), str(target)]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False, timeout=300)
    # It may be done before, where less is left to do.
    assert done.returncode in {-signal.SIGKILL if moment else 0, 0}, f"{moment}: {done.stdout}\n{done.stderr}"
    return done.stdout


def steps_of(printed: str) -> int:
    found = re.search(r"STEPS (\d+) \[\]", printed)
    assert found, printed
    return int(found[1])


def moments(last: int) -> list[int]:
    """Some between the first and the last, others each time."""
    return sorted(random.Random(SEED).sample(range(2, last), TRIALS), reverse=True)


def test_an_import(folder: Path, tmp_path: Path) -> None:
    wanted = content(open_mlflow(str(folder), Settings()))
    last = steps_of(killed("import", 0, folder, tmp_path / "counted"))
    for trial, moment in enumerate(moments(last)):
        home = tmp_path / f"home{trial}"
        killed("import", moment, folder, home)
        # The second one has less to do, and is killed among its first steps.
        killed("import", 1 + moment // 20, folder, home)
        services = open_services(Settings(), home)
        report, again = Report(), Report()
        bring(open_mlflow(str(folder), Settings()), services, Wishes(), report)
        assert (report.problems, content_of(services)) == ([], wanted), f"killed at {moment} of {last}, seed {SEED}"
        bring(open_mlflow(str(folder), Settings()), services, Wishes(), again)
        services.close()
        assert [one.brought for one in again.rows().values()] == [0] * 7
        assert again.points.present == again.points.found == report.points.found


def test_an_export(folder: Path, tmp_path: Path) -> None:
    wanted = content(open_mlflow(str(folder), Settings()))
    last = steps_of(killed("export", 0, tmp_path / "first", tmp_path / "counted"))
    for trial, moment in enumerate(moments(last)):
        place = tmp_path / f"mlruns{trial}"
        killed("export", moment, tmp_path / "first", place)
        services = open_services(Settings(), tmp_path / "first")
        report, again = Report(), Report()
        open_target(str(place), Settings())(OwnSource(services), Wishes(), report)
        found = content(open_mlflow(str(place), Settings()))
        assert (report.problems, found) == ([], wanted), f"killed at {moment} of {last}, seed {SEED}"
        open_target(str(place), Settings())(OwnSource(services), Wishes(), again)
        services.close()
        assert [one.brought for one in again.rows().values()] == [0] * 7
