"""Data frames of runs have MLflow's columns, kinds and values, however many pages they come in."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import treering
from peers import MLFLOW_3, ready
from treering.client import search
from treering.entities.run import Run


def logged() -> str:
    """Five runs that have different things; one is still running."""
    name = f"frames-{np.random.default_rng().integers(1 << 60)}"
    experiment_id = treering.set_experiment(name).experiment_id
    for number in range(4):
        with treering.start_run(run_name=f"run {number}", tags={"same": "x", f"own{number}": "y"}):
            treering.log_params({"same": "1", f"p{number % 2}": f"v{number}"})
            treering.log_metrics({"all": number / 3, f"m{number % 2}": [math.nan, math.inf, -1.0, 2.0][number]})
    treering.MlflowClient().create_run(experiment_id, run_name="running")
    return str(experiment_id)


def plain(runs: list[Run]) -> pd.DataFrame:
    """The frame, made of runs one by one."""
    rows = [
        {
            "run_id": run.info.run_id,
            "experiment_id": run.info.experiment_id,
            "status": str(run.info.status),
            "artifact_uri": run.info.artifact_uri,
            "start_time": pd.to_datetime(run.info.start_time, unit="ms", utc=True),
            "end_time": pd.to_datetime(run.info.end_time, unit="ms", utc=True),
            **{f"metrics.{key}": value for key, value in run.data.metrics.items()},
            **{f"params.{key}": value for key, value in run.data.params.items()},
            **{f"tags.{key}": value for key, value in run.data.tags.items()},
        }
        for run in runs
    ]
    frame = pd.DataFrame(rows)
    for name in frame.columns:
        if name.startswith(("params.", "tags.")):
            texts = frame[name].astype(object)
            frame[name] = texts.where(texts.notna(), None)
    return frame


@pytest.mark.usefixtures("fluent")
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_frame_holds_what_the_runs_hold(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(search, "_TABLE_PAGE", size)
    experiment_id = logged()
    for order_by in (["start_time"], ["metrics.all DESC"]):
        # The second and third time a server may answer from memory.
        for _ in range(3):
            frame = treering.search_runs([experiment_id], order_by=order_by)
            expected = plain(treering.search_runs([experiment_id], order_by=order_by, output_format="list"))
            assert sorted(frame.columns) == sorted(expected.columns)
            pd.testing.assert_frame_equal(frame, expected[frame.columns.tolist()], check_dtype=False)
            kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
            assert {kind for name, kind in kinds.items() if name.startswith("metrics.")} == {"float64"}
            assert {kind for name, kind in kinds.items() if name.startswith(("params.", "tags."))} == {"object"}
            assert all(kinds[name].endswith(", UTC]") for name in ("start_time", "end_time"))
            assert frame["end_time"].isna().sum() == 1
    assert len(treering.search_runs([experiment_id], max_results=3)) == 3


@pytest.mark.usefixtures("fluent")
def test_no_runs_make_an_empty_frame() -> None:
    experiment_id = treering.set_experiment(f"none-{np.random.default_rng().integers(1 << 60)}").experiment_id
    frame = treering.search_runs([experiment_id])
    assert list(frame.columns) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert frame.empty


MLFLOW = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
frame = mlflow.search_runs([sys.argv[2]], order_by=["start_time"])
import json
print(json.dumps({"kinds": {name: str(kind) for name, kind in frame.dtypes.items()}, "rows": json.loads(frame.to_json(orient="records", date_format="iso"))}))
"""


@pytest.mark.peer
@pytest.mark.usefixtures("fluent")
def test_mlflow_makes_the_same_frame(start_server: Callable[[Path], Any], tmp_path: Path) -> None:
    server = start_server(tmp_path / "home")
    treering.set_tracking_uri(server.url)
    experiment_id = logged()
    ours = treering.search_runs([experiment_id], order_by=["start_time"])
    command = [str(ready(MLFLOW_3)), "-c", MLFLOW, server.url, experiment_id]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert json.loads(ours.to_json(orient="records", date_format="iso")) == [
        {name: row[name] for name in ours.columns} for row in theirs["rows"]
    ]
    assert sorted(theirs["kinds"]) == sorted(ours.columns)
    kinds = {name: str(kind) for name, kind in ours.dtypes.items()}
    # Text is an object or a string, as that environment's pandas has it.
    exact = [name for name in kinds if name.startswith("metrics.")]
    assert {name: kinds[name] for name in exact} == {name: theirs["kinds"][name] for name in exact}
    assert all("UTC" in known[name] for known in (kinds, theirs["kinds"]) for name in ("start_time", "end_time"))
