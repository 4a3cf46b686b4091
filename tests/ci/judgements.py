"""Judgements to write reports on, made of nothing but values."""

from __future__ import annotations

from typing import Any

from treering.ci.contestant import Contestant
from treering.ci.gate import Judgement
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
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
    FeatureImportance,
    GroupReport,
    Interval,
    SliceResult,
)
from treering.entities.gate import GateResult, Verdict
from treering.entities.governance import Promotion, PromotionState
from treering.entities.lifecycle import Lifecycle, ModelVersionStatus, RunStatus
from treering.entities.model import ModelVersion
from treering.entities.objective import Criterion, Objective
from treering.entities.run import Run, RunData, RunInfo, RunInputs

OBJECTIVE = Objective(
    "Find malignant tumours early, and send few healthy patients to a biopsy.",
    (Criterion("recall", ">=", 0.9), Criterion("accuracy", ">=", 0.9)),
    "accuracy",
    owner="oncology",
)


def run_of(name: str, params: dict[str, str], digest: str) -> Run:
    info = RunInfo(
        name.ljust(32, "0"), "1", name, "me", RunStatus.FINISHED, 1_760_000_000_000, None, "file:///x", Lifecycle.ACTIVE
    )
    tags = {"mlflow.source.git.commit": "0123456789abcdef"}
    data = DatasetInput(Dataset("tumours", digest, "local", "{}"), {CONTEXT_TAG: "train"})
    return Run(info, RunData(params, tags), RunInputs([data]))


def version_of(number: int) -> ModelVersion:
    return ModelVersion("tumours", number, "runs:/x/model", "", ModelVersionStatus.READY, "None", 0, 0)


def evaluation(**given: Any) -> Evaluation:
    return Evaluation(
        **{
            "model_uri": "models:/tumours/3",
            "dataset_name": "held out",
            "dataset_digest": "d1",
            "rows": 1140,
            "metrics": {"accuracy_score": 0.9561, "recall_score": 0.9306, "log_loss": 0.1123, "example_count": 1140.0},
            "intervals": {"accuracy_score": Interval(0.94, 0.968)},
            "slices": (
                SliceResult("age over 60", 402, {"accuracy_score": 0.948}, {"accuracy_score": Interval(0.921, 0.968)}),
                SliceResult("age up to 60", 738, {"accuracy_score": 0.961}, {"accuracy_score": Interval(0.945, 0.973)}),
            ),
            "fairness": (
                GroupReport(
                    "sex",
                    (),
                    {"demographic_parity_ratio": Estimate(0.91, 0.86, 0.97), "equalized_odds_difference": Estimate(0.03)},
                ),
            ),
            "explanation": Explanation(
                "permutation",
                "accuracy_score",
                1140,
                (FeatureImportance("worst radius", 0.081), FeatureImportance("mean texture", 0.034),
                 FeatureImportance("a feature with quite a long name indeed", 0.012), FeatureImportance("noise", -0.001)),
            ),
            "calibration": (
                Calibration(
                    "malignant",
                    tuple(CalibrationBin(k / 10, (k + 1) / 10, 100, (k + 0.5) / 10, min(1, (k + 0.3) / 9.6)) for k in range(10)),
                    0.021,
                    0.05,
                    0.034,
                ),
            ),
            "business": Business(
                ("benign", "malignant"), ((0, -50), (-1000, 300)), Estimate(84.2, 71.0, 96.0), Estimate(79.0), -12.0, 95_988.0,
                threshold=0.32, curve=tuple((t / 50, 90 - 260 * (t / 50 - 0.32) ** 2) for t in range(51)),
            ),
            "files": {"roc_curve_plot": "roc_curve_plot.png", "model card": "model_card.html"},
            "run_id": "b" * 32,
            "greater_is_better": {"log_loss": False},
            **given,
        }
    )  # fmt: skip


def judgement(**given: Any) -> Judgement:
    """A candidate that beat the champion, and is promoted."""
    comparison = Comparison(
        "models:/tumours/2",
        (
            Difference("accuracy_score", 0.9561, 0.9298, Estimate(0.0263, 0.0114, 0.0412), True),
            Difference("recall_score", 0.9306, 0.9352, Estimate(-0.0046, -0.021, 0.0117), None),
            Difference("log_loss", 0.1123, 0.1734, Estimate(-0.0611, -0.0702, -0.0523), True, greater_is_better=False),
            Difference("example_count", 1140, 1140, Estimate(0.0), None),
        ),
        1140,
        paired=True,
    )
    checks = (
        Check("recall", True, 0.9306, ">= 0.9"),
        Check("accuracy", True, 0.9561, ">= 0.9"),
        Check("accuracy_score against the champion", True, 0.0263, "at least as good",
              "0.9561 against 0.9298: better by 0.0263; the true difference lies from +0.0114 to +0.0412."),
    )  # fmt: skip
    candidate = Contestant(
        "models:/tumours/3", "tumours 3",
        run_of("calm-hare-70", {"C": "1.0", "penalty": "l2", "seed": "7"}, "77aa"), version_of(3),
    )  # fmt: skip
    champion = Contestant(
        "models:/tumours/2", "tumours 2", run_of("bold-lynx-14", {"C": "0.01", "seed": "7"}, "55bb"), version_of(2)
    )
    ours = evaluation()
    theirs = evaluation(
        model_uri="models:/tumours/2",
        slices=(SliceResult("age over 60", 402, {"accuracy_score": 0.92}),),
    )
    promotion = Promotion(
        "p1", "tumours", 3, "alias:champion", PromotionState.DONE, "me", "Gate passed", 1, 1, replaces=2
    )
    fields: dict[str, Any] = {
        "result": GateResult(Verdict.PASS, checks, candidate.uri, champion.uri, comparison, 1_760_000_000_000),
        "candidate": candidate,
        "champion": champion,
        "evaluations": (ours, theirs),
        "objective": OBJECTIVE,
        "promotion": promotion,
    }
    return Judgement(**{**fields, **given})
