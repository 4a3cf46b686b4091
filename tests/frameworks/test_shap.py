"""Explanations by SHAP, with the real package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frameworks.conftest import SCRIPTS
from peers import SHAP, run

pytestmark = pytest.mark.framework


def test_shapley_values_of_a_sum_are_those_of_its_parts(tmp_path: Path) -> None:
    found = json.loads(run(SHAP, SCRIPTS / "shapley.py", folder=tmp_path))
    assert (found["method"], found["rows"]) == ("shap", 60)
    assert list(found["numbers"]) == ["a", "city", "b", "count"]
    assert found["numbers"]["a"] == pytest.approx(found["spread"], rel=0.1)
    assert found["numbers"]["count"] == pytest.approx(0, abs=1e-9)
    assert found["words"][0] == "a"
    assert found["outputs"] == ["yes"]
    # Of trees many rows are looked at, each with shares that add up to what was predicted.
    assert found["trees"] == 200
    assert found["exact"] == pytest.approx(0, abs=1e-9)
    assert found["first"] == ["0", "0"]
