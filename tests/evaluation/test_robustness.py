"""How a model stands spoilt input, and that a model which refuses it is reported rather than raised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Probe, Robustness
from treering.evaluation.robustness import RobustnessOptions, probe

N = 500


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(10, 2, N),
            "count": rng.integers(0, 100, N),
            "city": rng.choice(["Oslo", "Rome"], N).astype(object),
            "plan": pd.Categorical(rng.choice(["a", "b"], N)),
            "member": rng.random(N) < 0.5,
        }
    )


def truth(frame: pd.DataFrame) -> Any:
    return (frame["x"] > 10).to_numpy().astype(int)


def accuracy(target: Any, predicted: Any) -> float:
    return float((target == predicted).mean())


def by_name(found: Robustness) -> dict[str, Probe]:
    return {one.name: one for one in found.probes}


def test_each_way_of_spoiling_has_its_metric() -> None:
    data = table()
    found = probe(truth, data, truth(data), accuracy, RobustnessOptions("accuracy_score"))
    assert (found.metric, found.value, found.rows) == ("accuracy_score", 1.0, N)
    probes = by_name(found)
    assert {one.kind for one in found.probes} == {"missing", "noise", "shift", "unseen"}
    gone = probes["x: all missing"]
    assert gone.value == pytest.approx(1 - truth(data).mean())
    assert gone.change == pytest.approx(gone.value - 1)
    assert probes["city: 20% never seen before"].value == 1.0
    assert (
        probes["all numbers: noise of 0.5 standard deviations"].value
        < probes["all numbers: noise of 0.1 standard deviations"].value
        < 1
    )
    assert probes["x: moved by +1 standard deviations"].value < 0.8


def test_whole_numbers_stay_whole_where_they_are_not_missing() -> None:
    seen: list[str] = []

    def predict(frame: pd.DataFrame) -> Any:
        seen.append(frame["count"].dtype.kind)
        return truth(frame)

    data = table()
    found = probe(predict, data, truth(data), accuracy)
    kinds = dict(zip(["sound", *by_name(found)], seen, strict=True))
    assert {kind for name, kind in kinds.items() if "missing" not in name} == {"i"}
    assert kinds["count: all missing"] == "f"


def test_a_model_that_refuses_is_quoted() -> None:
    def predict(frame: pd.DataFrame) -> Any:
        if not set(frame["city"]) <= {"Oslo", "Rome"}:
            msg = "Found unknown categories in column 'city'"
            raise ValueError(msg)
        return truth(frame)

    data = table()
    found = by_name(probe(predict, data, truth(data), accuracy))["city: 20% never seen before"]
    assert found.value is None
    assert found.change is None
    assert found.reason == "ValueError: Found unknown categories in column 'city'"


def test_a_metric_that_is_no_number_is_no_value() -> None:
    matrix = np.random.default_rng(0).normal(size=(100, 2))
    found = probe(lambda rows: rows[:, 0], matrix, matrix[:, 0], lambda y, p: float(np.abs(y - p).mean()))
    assert by_name(found)["0: all missing"].value is None
    assert "no numbers" in by_name(found)["0: all missing"].reason


def test_nothing_given_is_changed_and_the_same_seed_gives_the_same() -> None:
    data = table()
    before = data.copy()
    assert probe(truth, data, truth(data), accuracy) == probe(truth, data, truth(data), accuracy)
    pd.testing.assert_frame_equal(data, before)


def test_only_the_features_asked_for_are_spoilt_alone() -> None:
    data = table()
    found = probe(truth, data, truth(data), accuracy, RobustnessOptions(only=["x"]))
    assert {one.feature for one in found.probes} == {"", "x"}


def test_when_time_is_over_it_says_so() -> None:
    data = table()
    found = probe(truth, data, truth(data), accuracy, RobustnessOptions(seconds=-1))
    assert found.probes == ()
    assert found.notes == ("The time was over after 0 probes.",)


def test_rows_and_targets_must_match() -> None:
    with pytest.raises(InvalidInput, match="3 targets"):
        probe(truth, table(), [1, 2, 3], accuracy)
