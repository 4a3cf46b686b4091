"""Datasets of Spark, Delta Lake and TensorFlow, as MLflow describes them."""

from __future__ import annotations

from typing import Any

import pytest

from peers import SPARK, TENSORFLOW

pytestmark = pytest.mark.framework


def test_spark_and_delta_lake(run_ours: Any) -> None:
    theirs, ours = run_ours(SPARK, "spark_datasets.py")
    for name, described in theirs["made"].items():
        assert ours["made"][name] == described, name
    assert ours["loaded"] == theirs["loaded"]
    assert ours["refused"] == theirs["refused"]
    assert set(ours["refused"].values()) == {"INVALID_PARAMETER_VALUE"}
    assert ours["loaded"]["loaded"] == ["(1, '7')"]
    assert ours["loaded"]["newest"] == ["(1, 'newest')"]
    assert ours["made"]["path"]["profile"] == {"approx_count": 1000}
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
