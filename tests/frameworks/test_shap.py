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


def test_evaluations_of_every_kind_are_explained_by_shap(tmp_path: Path) -> None:
    found = json.loads(run(SHAP, SCRIPTS / "shap_evaluations.py", folder=tmp_path))
    for name, one in found.items():
        assert one["method"] == "shap", name
        assert one["features"] == ["strong", "weak", "nothing"], name
        assert one["plot"], name
    assert found["two"]["outputs"] == ["1"]
    assert found["three"]["outputs"] == ["high", "low", "middle"]
    assert found["number"]["outputs"] == [""]
    # Of a linear model the values are the coefficient times the distance from the mean.
    assert found["number"]["values"][0] == pytest.approx(2 * found["number"]["values"][1] / 0.5, rel=0.3)
