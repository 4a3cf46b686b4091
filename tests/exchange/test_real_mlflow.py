from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from peers import MLFLOW_3, ready
from treering.assembly import Services
from treering.core.settings import Settings
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow
from treering.exchange.report import Report

SCRIPT = Path(__file__).parent / "scripts" / "fill.py"


@pytest.mark.peer
def test_a_database_that_mlflow_wrote(tmp_path: Path, services: Services) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [ready(MLFLOW_3), SCRIPT, uri, tmp_path / "ids.json", str(tmp_path / "files")]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=600)
    ids = json.loads((tmp_path / "ids.json").read_text())
    report = Report()
    bring(open_mlflow(uri, Settings()), services, Wishes(), report)
    assert report.problems == []
    assert (report.runs.brought, report.logged_models.brought, report.versions.brought) == (4, 1, 2)
    parent = services.tracking.runs.get(ids["parent"])
    values = list(services.tracking.metrics.history(ids["parent"], "loss")[0].values)
    assert [str(value) for value in values] == ["nan", "inf", "-inf", "0.30000000000000004"]
    assert parent.inputs.dataset_inputs[0].context == "train"
    (model,) = parent.outputs.model_outputs
    (point,) = services.tracking.models.get(model.model_id).metrics
    assert (point.key, point.value, model.step) == ("accuracy", 0.75, 2)
