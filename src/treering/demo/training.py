"""Track the grid: one parent run, which says what the data is like, and a nested run for each candidate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report, roc_auc_score
from sklearn.pipeline import Pipeline

import treering
from treering.client.described_dataset import DescribedDataset
from treering.client.profiling import DataProfile
from treering.demo import plots
from treering.demo.candidates import GRID, Candidate
from treering.demo.data import CLASSES, TARGET, Split, Splits
from treering.demo.project import Project

__all__ = ["EXPERIMENT", "Result", "described", "track_grid"]

EXPERIMENT = "breast-cancer"
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one candidate.

    Attributes:
        loss: Log loss on the validation split, after the last step; so `auc` and `accuracy`.
    """

    candidate: Candidate
    run_id: str
    model_uri: str
    loss: float
    auc: float
    accuracy: float
    points: int


def track_grid(
    project: Project, splits: Splits, on_profile: Callable[[DataProfile], None], on_result: Callable[[Result], None]
) -> list[Result]:
    """Look at the table, and train every candidate as a nested run.

    Args:
        on_profile: Hears what the table is like.
        on_result: Hears of each candidate as it ends.
    """
    results = []
    with treering.start_run(run_name="grid", description="Three families of classifiers on tumour measurements."):
        treering.log_params({"candidates": len(GRID), "selected_by": "validation/log_loss"})
        on_profile(treering.data.profile(project.table, target=TARGET, log=True))
        treering.log_artifact(project.split)
        _log_inputs(splits)
        for candidate in GRID:
            results.append(_track(candidate, splits))
            on_result(results[-1])
        best = min(results, key=lambda result: result.loss)
        treering.log_metrics({"best/log_loss": best.loss, "best/auc": best.auc, "best/accuracy": best.accuracy})
        treering.set_tag("best_run", best.run_id)
    return results


def _track(candidate: Candidate, splits: Splits) -> Result:
    with treering.start_run(run_name=candidate.name, nested=True) as run:
        treering.log_params({"family": candidate.family, **candidate.settings})
        treering.set_tag("family", candidate.family)
        _log_inputs(splits)
        fitted: list[Pipeline] = []
        scores: dict[str, float] = {}
        points = 0
        for step in candidate.train(splits, fitted):
            scores = {
                **_scores("train", splits.train, step.train),
                **_scores("validation", splits.validation, step.validation),
            }
            treering.log_metrics(scores, step=step.number)
            points += len(scores)
        auc = float(roc_auc_score(splits.validation.target, step.validation))
        treering.log_metric("validation/auc", auc, step=step.number)
        model = fitted[0]
        _log_plots(model, splits.validation)
        logged = treering.sklearn.log_model(model, name="model", input_example=splits.train.features.head(3))
        return Result(
            candidate,
            run.info.run_id,
            logged.model_uri,
            scores["validation/log_loss"],
            auc,
            scores["validation/accuracy"],
            points + 1,
        )


def _scores(name: str, split: Split, probability: NDArray[np.float64]) -> dict[str, float]:
    # Written out, for scikit-learn checks its arguments for longer than it computes, at each step of each curve.
    target = split.target.to_numpy()
    assigned = np.clip(np.where(target == 1, probability, 1 - probability), 1e-15, None)
    return {
        f"{name}/log_loss": float(-np.log(assigned).mean()),
        f"{name}/accuracy": float(((probability > THRESHOLD) == target).mean()),
    }


def described(split: Split) -> tuple[DescribedDataset, Mapping[str, str]]:
    """A part as a dataset with the digest of the tracked file, so that lineage goes on to the stage that made it."""
    file = treering.data.from_file(split.file)
    return treering.data.from_pandas(split.table, file.source, TARGET, file.name, file.digest), file.tags


def _log_inputs(splits: Splits) -> None:
    for split, context in ((splits.train, "training"), (splits.validation, "validation")):
        dataset, tags = described(split)
        treering.log_input(dataset, context=context, tags=tags)


def _log_plots(model: Pipeline, split: Split) -> None:
    probability = model.predict_proba(split.features)[:, 1]
    predicted = (probability > THRESHOLD).astype(np.int64)
    treering.log_figure(plots.confusion_matrix(split.target, predicted), "plots/confusion_matrix.png")
    treering.log_figure(plots.roc_curve(split.target, probability), "plots/roc_curve.png")
    report = classification_report(split.target, predicted, target_names=list(CLASSES), output_dict=True)
    treering.log_dict(json.loads(json.dumps(report)), "classification_report.json")
