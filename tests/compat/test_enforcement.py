"""Data held against a signature: what MLflow takes, casts and refuses, Treering takes, casts and refuses."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from treering.models.enforcement import enforce_input
from treering.models.schema import Schema

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).parent / "scripts" / "enforcement.py"


def outcomes(enforce: Any) -> Any:
    """As the script that MLflow runs has it."""
    spec = importlib.util.spec_from_file_location("treering_enforcement_cases", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.outcomes(enforce)


@pytest.fixture(scope="module")
def theirs(python_3: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    here = tmp_path_factory.mktemp("enforcement")
    environment = {"HOME": str(here), "PATH": os.environ["PATH"], "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [str(python_3), str(SCRIPT)], env=environment, cwd=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Cast without loss, or taken as MLflow's own description says, where MLflow itself refuses.
WE_TAKE = {"int8 for float", "uint8 for float", "tensor 6", "tensor 7"}
# As above; MLflow takes dates as texts, but not in the texts of pandas 3.
WE_TAKE_DATES = {"days as texts for datetime"}
# No boolean and no bytes: MLflow lets any object pass there.
WE_REFUSE = {
    "bytes for boolean", "dates for boolean", "mixed for boolean", "texts for binary", "texts with a gap for binary",
    "numbers as texts for binary", "days as texts for binary",
}  # fmt: skip
# The same values, in Python's numbers or with another unit of time.
IN_OTHER_CLOTHES = {"dates for datetime", "nested 7"}


def test_data_is_taken_cast_and_refused_as_mlflow_does(theirs: Any) -> None:
    ours = outcomes(lambda data, schema: enforce_input(data, Schema.from_text(schema)))
    other = {name for name, found in ours.items() if found != theirs[name]}
    assert len(ours) > 200
    assert other <= WE_TAKE | WE_TAKE_DATES | WE_REFUSE | IN_OTHER_CLOTHES
    assert all(ours[name] == "refused" for name in WE_REFUSE)
    assert all(ours[name] != "refused" for name in WE_TAKE | WE_TAKE_DATES)
