"""`mlflow.models.evaluation`, and those names of `mlflow.models` that belong to it."""

from __future__ import annotations

from treering.client.evaluating.artifacts import EvaluationArtifact, EvaluationResult, validate_evaluation_results
from treering.client.evaluating.evaluate import evaluate
from treering.client.evaluating.evaluators import ModelEvaluator, list_evaluators
from treering.evaluation.metric_makers import EvaluationMetric, make_metric
from treering.evaluation.thresholds import MetricThreshold, ModelValidationFailedException

__all__ = [
    "EvaluationArtifact",
    "EvaluationMetric",
    "EvaluationResult",
    "MetricThreshold",
    "ModelEvaluator",
    "ModelValidationFailedException",
    "evaluate",
    "list_evaluators",
    "make_metric",
    "validate_evaluation_results",
]
