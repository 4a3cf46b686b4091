"""Type hints with models of pydantic: the signature is MLflow's, and so is what is taken and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peers import MLFLOW_3, run

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).parent / "scripts" / "type_hints.py"


def test_models_of_pydantic_amount_to_what_they_are_for_mlflow(tmp_path: Path) -> None:
    found = json.loads(run(MLFLOW_3, SCRIPT, folder=tmp_path).splitlines()[-1])
    assert len(found) > 30
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}
