"""Datasets of libraries that are too big for the ordinary tests; those that MLflow knows, as MLflow describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import HUGGING_FACE, SPARK, TENSORFLOW, run

pytestmark = pytest.mark.framework


def test_a_dataset_of_hugging_face(tmp_path: Path) -> None:
    script = SCRIPTS / "hugging_face_dataset.py"
    run(laboratory(HUGGING_FACE), script, folder=tmp_path, TREERING_HOME=str(tmp_path / "home"))


def test_spark_and_delta_lake(run_ours: Any) -> None:
    theirs, ours = run_ours(SPARK, "spark_datasets.py")
    for name, described in theirs["made"].items():
        assert counted_or_not(ours["made"][name]) == counted_or_not(described), name
    assert ours["loaded"] == theirs["loaded"]
    assert ours["refused"] == theirs["refused"]
    assert set(ours["refused"].values()) == {"INVALID_PARAMETER_VALUE"}
    assert ours["loaded"]["loaded"] == ["(1, '7')"]
    assert ours["loaded"]["newest"] == ["(1, 'newest')"]
    assert ours["made"]["path"]["profile"]["approx_count"] in {1000, "unknown"}
    assert ours["made"]["empty"]["profile"] == {"approx_count": "unknown"}
    assert ours["made"]["no schema"]["schema"] is None


def test_tensorflow(run_both: Any) -> None:
    logged = run_both(TENSORFLOW, "tensorflow_datasets.py")
    (ours,), (theirs,) = logged.ours, logged.theirs
    for name, described in theirs["made"].items():
        assert ours["made"][name] == described, name
    assert ours["refused"] == theirs["refused"]
    assert set(ours["refused"].values()) == {"INVALID_PARAMETER_VALUE"}
    assert ours["made"]["endless"]["profile"] == {"features_cardinality": -1}
    assert ours["made"]["nested"]["schema"] is None


def counted_or_not(described: Any) -> Any:
    """Without the number of rows: Spark is asked for what it counts in five seconds, which a busy machine may need."""
    if not isinstance(described, dict) or not described.get("profile"):
        return described
    return {**described, "profile": set(described["profile"])}
