"""What is known of a model by numbers: its evaluation, and what the run that holds it has measured besides."""

from __future__ import annotations

from dataclasses import replace

from treering.entities.dataset import OUTPUT_CONTEXT
from treering.entities.evaluation import Evaluation
from treering.entities.run import Run
from treering.evaluation.metric_names import metric_named

__all__ = ["measured_by", "with_measured"]

_TRAINING = {"", "train", "training"}


def with_measured(record: Evaluation, run: Run) -> Evaluation:
    """An evaluation with the metrics of the run that holds it.

    What else the run measured, such as how long an answer takes, may have a bound, too. Where both have a metric, be it
    by its short or its long name, the evaluation's figure counts: the run's may be of the data it was trained on.
    """
    besides = {name: value for name, value in run.data.metrics.items() if metric_named(record.metrics, name) is None}
    return replace(record, run_id=run.info.run_id, metrics={**besides, **record.metrics})


def measured_by(run: Run) -> Evaluation | None:
    """The metrics of a run in the place of an evaluation that nobody made; None where there are none."""
    if not run.data.metrics:
        return None
    used = [one for one in run.inputs.dataset_inputs if one.context != OUTPUT_CONTEXT]
    judged_by = [one for one in used if one.context not in _TRAINING] or used
    only = judged_by[0].dataset if len(judged_by) == 1 else None
    return Evaluation(
        model_uri=f"runs:/{run.info.run_id}",
        dataset_name=only.name if only else "",
        dataset_digest=only.digest if only else "",
        metrics=run.data.metrics,
        created=run.info.end_time or run.info.start_time,
        run_id=run.info.run_id,
    )
