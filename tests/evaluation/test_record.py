"""The record of an evaluation survives the way through JSON, and what is no record is refused."""

from __future__ import annotations

import json
import math

import pytest

from treering.core.errors import DamagedData
from treering.entities.evaluation import (
    Business,
    Calibration,
    CalibrationBin,
    Check,
    Comparison,
    Difference,
    Estimate,
    Evaluation,
    Explanation,
    FeatureDependence,
    FeatureImportance,
    GroupReport,
    GroupResult,
    Interval,
    Probe,
    Robustness,
    SliceResult,
)
from treering.evaluation.record import from_json, to_json

WHOLE = Evaluation(
    model_uri="models:/m/1",
    model_id="m-1",
    model_type="classifier",
    dataset_name="d",
    dataset_digest="abc",
    rows=10,
    metrics={"accuracy_score": 0.5, "roc_auc": 1.0},
    intervals={"accuracy_score": Interval(0.25, 0.75)},
    slices=(SliceResult("country=DE", 4, {"accuracy_score": 0.25}, {"accuracy_score": Interval(0.0, 1.0)}),),
    fairness=(
        GroupReport(
            "age",
            (GroupResult("old", 40, {"selection_rate": 0.5}), GroupResult("young", suppressed=True)),
            {"demographic_parity_difference": Estimate(0.25, 0.0, 0.5)},
            ("the four-fifths rule is not kept",),
        ),
    ),
    business=Business(
        labels=("no", "yes"),
        matrix=((0.0, -1.0), (-5.0, 10.0)),
        value=Estimate(1.5, 1.0, 2.0),
        current=Estimate(1.0),
        alternative=0.5,
        total=15.0,
        threshold=0.25,
        roi=2.0,
        cost=5.0,
        curve=((0.0, 0.5), (0.25, 1.5)),
    ),
    explanation=Explanation(
        "permutation",
        "accuracy_score",
        10,
        (FeatureImportance("x", 0.5, 0.25),),
        (FeatureDependence("x", (1.0, "b"), (0.5, 0.75), ((0.0, 1.0),), "yes"),),
        ("one",),
    ),
    calibration=(Calibration("yes", (CalibrationBin(0.0, 0.5, 10, 0.25, 0.5),), 0.25, 0.25, 0.125),),
    robustness=Robustness("accuracy_score", 0.5, 10, probes=(Probe("p", "missing", "x", 0.25, None, None, "refused"),)),
    comparison=Comparison(
        "models:/m/0", (Difference("accuracy_score", 0.5, 0.25, Estimate(0.25, 0.0, 0.5)),), 10, paired=True
    ),
    checks=(Check("accuracy_score", passed=None, value=0.5, bound=">= 0.5", reason="too few rows"),),
    created=1,
    run_id="r",
    files={"confusion_matrix": "confusion_matrix.png"},
    labels=("no", "yes"),
    positive="yes",
    greater_is_better={"accuracy_score": True},
)


def test_everything_that_was_found_comes_back() -> None:
    assert from_json(to_json(WHOLE)) == WHOLE


def test_a_figure_that_json_has_no_number_for_comes_back() -> None:
    found = from_json(to_json(Evaluation(metrics={"a": math.inf, "b": -math.inf, "c": math.nan}))).metrics
    assert (found["a"], found["b"]) == (math.inf, -math.inf)
    assert math.isnan(found["c"])


def test_the_text_is_json_that_every_reader_reads() -> None:
    text = to_json(Evaluation(metrics={"a": math.nan}))
    assert json.loads(text)["format"] == 1
    assert json.loads(text)["metrics"] == {"a": "NaN"}


def test_what_a_newer_writer_added_is_passed_over() -> None:
    fields = json.loads(to_json(WHOLE))
    fields["later"] = {"x": 1}
    fields["slices"][0]["later"] = 1
    assert from_json(json.dumps(fields)) == WHOLE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no record"),
        ("{", "no record"),
        ("[]", "says no format"),
        ("{}", "says no format"),
        ('{"format": 2}', "reads format 1"),
        ('{"format": 1, "metrics": [1]}', r"metrics"),
        ('{"format": 1, "metrics": {"a": "much"}}', r"metrics"),
        (b'{"format": 1, "model_uri": "\xff"}', "no record"),
    ],
)
def test_what_is_no_record_is_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(DamagedData, match=why):
        from_json(text)


def test_an_error_names_where_the_text_was_read() -> None:
    with pytest.raises(DamagedData, match="runs:/1/evaluation"):
        from_json("x", "runs:/1/evaluation/evaluation.json")
