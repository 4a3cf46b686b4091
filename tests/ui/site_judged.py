"""What was found out about models, and what people decided: an evaluation, an objective, rules, promotions, notes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

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
from treering.evaluation.record import EVALUATED_TAG, RECORD_PATH, to_json
from ui.site_pictures import png
from ui.site_server import Caller

__all__ = ["EVALUATION", "fill_judged"]


def _sure(value: float, wide: float = 0.02) -> Estimate:
    return Estimate(value, value - wide, value + wide)


def _group(name: str, rows: int, rate: float, found: float) -> GroupResult:
    metrics = {"selection_rate": rate, "true_positive_rate": found, "positive_predictive_value": found - 0.1}
    intervals = {key: Interval(value - 0.03, value + 0.03) for key, value in metrics.items()}
    return GroupResult(name, rows, metrics, intervals)


def _slice(name: str, rows: int, recall: float, wide: float) -> SliceResult:
    metrics = {"recall_score": recall, "accuracy_score": recall + 0.06}
    return SliceResult(name, rows, metrics, {"recall_score": Interval(recall - wide, recall + wide)})


EVALUATION = Evaluation(
    model_uri="models:/churn/4",
    model_type="classifier",
    dataset_name="customers-2026-q3",
    dataset_digest="a41c7e",
    rows=4_000,
    metrics={
        "accuracy_score": 0.912,
        "recall_score": 0.847,
        "roc_auc": 0.951,
        "log_loss": 0.241,
        "example_count": 4000.0,
    },
    intervals={"accuracy_score": Interval(0.903, 0.92), "recall_score": Interval(0.82, 0.873)},
    slices=(
        _slice("country=DE", 1_900, 0.861, 0.018),
        _slice("country=FR", 1_300, 0.842, 0.022),
        _slice("customers of less than three months", 240, 0.702, 0.058),
    ),
    fairness=(
        GroupReport(
            "age",
            (
                _group("18-30", 900, 0.31, 0.86),
                _group("31-60", 2_300, 0.28, 0.85),
                _group("61 and older", 790, 0.19, 0.78),
                GroupResult("unknown", suppressed=True),
            ),
            {"demographic_parity_ratio": _sure(0.613, 0.05), "equalized_odds_difference": _sure(0.08)},
            ("The selection rate of '61 and older' is 0.61 of that of '18-30', less than four fifths.",),
        ),
    ),
    business=Business(
        ("stays", "leaves"),
        ((0.0, -5.0), (-60.0, 40.0)),
        _sure(6.31, 0.4),
        _sure(5.72, 0.4),
        2.1,
        25_240.0,
        threshold=0.34,
        roi=4.8,
        cost=4_350.0,
        curve=tuple((step / 40, 6.31 - 30 * (step / 40 - 0.34) ** 2) for step in range(41)),
    ),
    explanation=Explanation(
        "permutation",
        "roc_auc",
        2_000,
        tuple(
            FeatureImportance(name, value, value / 12)
            for name, value in (("charges", 0.21), ("tenure", 0.13), ("age", 0.042), ("visits", 0.008))
        ),
        (
            FeatureDependence(
                "charges",
                tuple(range(20, 120, 10)),
                tuple(1 / (1 + math.exp(3 - step / 20)) for step in range(20, 120, 10)),
                output="leaves",
            ),
            FeatureDependence("contract", ("month", "year", "two years"), (0.41, 0.19, 0.08), output="leaves"),
        ),
        ("Features that hang together share their importance.",),
    ),
    calibration=(
        Calibration(
            "leaves",
            tuple(
                CalibrationBin(at / 10, at / 10 + 0.1, 400, at / 10 + 0.05, (at / 10 + 0.05) ** 1.15)
                for at in range(10)
            ),
            0.031,
            0.062,
            0.071,
        ),
    ),
    robustness=Robustness(
        "accuracy_score",
        0.912,
        2_000,
        True,
        (
            Probe("charges: 20 % missing", "missing", "charges", 0.2, 0.871, -0.041),
            Probe("age: noise of 1 standard deviation", "noise", "age", 1.0, 0.905, -0.007),
            Probe(
                "contract: words that were never seen",
                "unseen",
                "contract",
                0.1,
                None,
                None,
                "The model refused them: unknown category.",
            ),
        ),
    ),
    comparison=Comparison(
        "models:/churn/3",
        (
            Difference("accuracy_score", 0.912, 0.897, Estimate(0.015, 0.006, 0.024), better=True),
            Difference("recall_score", 0.847, 0.852, Estimate(-0.005, -0.019, 0.009)),
        ),
        4_000,
        paired=True,
    ),
    checks=(
        Check("accuracy_score", True, 0.912, ">= 0.9", "The whole interval lies above."),
        Check("recall_score", False, 0.847, ">= 0.85", "0.847 is not >= 0.85."),
        Check("recall_score[country=IT]", None, None, ">= 0.8", "Nobody of that part was among the rows."),
    ),
    files={"roc_curve_plot": "evaluation/roc_curve_plot.png", "confusion_matrix": "evaluation/confusion_matrix.png"},
)


def fill_judged(call: Caller, experiment: str, run_id: str) -> None:
    """Judge the fourth version of `churn`, whose run is `run_id`, and let people move versions about."""
    run = call.get(f"runs/{run_id}")
    model_id = call.get("registered-models/churn/versions/4")["model_id"]
    record = replace(EVALUATION, model_id=model_id, run_id=run_id, created=run["start_time"] + 60_000)
    files = {RECORD_PATH: to_json(record).encode()}
    call.put(
        run["artifact_uri"],
        files | {path: png(320, 240, 40 * number) for number, path in enumerate(EVALUATION.files.values())},
    )
    call.log(run_id, tags={EVALUATED_TAG: model_id})
    bounds: Sequence[str] = ["test/auc >= 0.95", "val/acc >= 0.85"]
    told = {"statement": "Tell ships from planes well enough to sort a harbour's pictures.", "owner": "ada"}
    call("experiments/objective", {"experiment_id": experiment, "success": bounds, **told})
    call(
        "registry/rules",
        {
            "model": "churn",
            "target": "alias:champion",
            "approvers": 2,
            "who": ["ada", "bob", "eve"],
            "checks": ["gate"],
        },
        "PUT",
    )
    outcomes = {
        "gate": (False, "recall_score is 0.847 and has to be 0.85."),
        "scan": (True, "No file of it runs code."),
    }
    for check, (passed, detail) in outcomes.items():
        told_of = {"name": "churn", "version": 4, "check": check, "passed": passed, "detail": detail, "user": "ci"}
        call("registry/checks", {**told_of, "run_id": run_id}, "PUT")
    asked = call(
        "registry/promotions",
        {"name": "churn", "version": 4, "target": "alias:champion", "reason": "Better on **all** rows.", "user": "ada"},
    )
    call(
        f"registry/promotions/{asked['promotion_id']}/approve",
        {"comment": "Recall of newcomers is to be watched.", "user": "bob"},
    )
    note = call(
        "registry/notes",
        {"name": "churn", "version": 4, "text": "Why is recall so low for *newcomers*?", "user": "eve"},
    )
    call(
        "registry/notes",
        {
            "name": "churn",
            "version": 4,
            "text": "They have no history yet; see #214.",
            "reply_to": note["note_id"],
            "user": "ada",
        },
    )
    call(
        "registry/promotions",
        {"name": "churn", "version": 5, "target": "alias:challenger", "reason": "Newer data.", "user": "ada"},
    )
    call(
        "registry/rollback", {"name": "churn", "target": "alias:challenger", "reason": "It was slower.", "user": "bob"}
    )
