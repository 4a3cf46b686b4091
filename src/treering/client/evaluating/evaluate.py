"""`treering.evaluate`: ask a model about data whose truth is known, and record what is found in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treering.client.active_models import get_active_model_id
from treering.client.described_dataset import DescribedDataset
from treering.client.evaluating.answers import (
    Answers,
    answers_of,
    features_for,
    rows_of_classifier,
    rows_of_regressor,
)
from treering.client.evaluating.artifacts import EvaluationResult
from treering.client.evaluating.asked import Asked, asked
from treering.client.evaluating.evaluators import Chosen, chosen
from treering.client.evaluating.findings import findings
from treering.client.evaluating.judged import Judged, judged_of
from treering.client.evaluating.own_metrics import (
    MetricValues,
    Surroundings,
    aggregates,
    check_metrics,
    compute,
    predict_row_by_row,
    scored_frame,
)
from treering.client.evaluating.recording import Recording, custom_artifacts_of
from treering.client.evaluating.subject import Subject
from treering.client.evaluating.table import EvaluationTable, table_of
from treering.client.runs import ActiveRun, active_run, start_run
from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.entities.evaluation import Evaluation
from treering.evaluation import ranking
from treering.evaluation.judging import metrics_of
from treering.evaluation.metric_makers import LATENCY, EvaluationMetric, MetricValue, exact_match
from treering.evaluation.rows import RANKER, Rows
from treering.tracking.limits import check_key

__all__ = ["MODEL_TYPES", "evaluate"]

MODEL_TYPES = (
    "classifier",
    "question-answering",
    "ranker",
    "regressor",
    "retriever",
    "text",
    "text-summarization",
)
_RANKED = ("precision_at_k", "recall_at_k", "ndcg_at_k")
_RANKED_ALL = (*_RANKED, "map_at_k", "mrr")
_DEFAULT_K = 3


def evaluate(  # noqa: PLR0913  # MLflow's signature, and ours
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    dataset_path: str | None = None,
    feature_names: Sequence[str] | None = None,
    evaluators: str | Sequence[str] | None = None,
    evaluator_config: Mapping[str, Any] | None = None,
    extra_metrics: Sequence[EvaluationMetric] | None = None,
    custom_artifacts: Sequence[Any] | None = None,
    env_manager: str = "local",
    model_config: Mapping[str, Any] | None = None,
    inference_params: Mapping[str, Any] | None = None,
    model_id: str | None = None,
    scores: Any = None,
    slices: Sequence[Any] | Mapping[str, Any] = (),
    sensitive: Sequence[str] | Mapping[str, Any] = (),
    value_matrix: Any = None,
    model_cost: float | None = None,
    thresholds: Any = None,
    baseline: Any = None,
    explain: Any = None,
    robustness: Any = None,
    intervals: bool | int = True,
    confidence: float = 0.95,
    plots: bool = True,
    card: bool = True,
    seed: int = 0,
) -> EvaluationResult:
    """Judge a model by data, and record metrics, plots, tables and the whole record in the active run.

    A run is started for it if none is active. Metrics and artifacts have MLflow's names.

    Args:
        model: A URI or path; a loaded model; an estimator; a function of a data frame; the URL of a server that
            answers POST /invocations; None where `data` has a column of predictions.
        data: A data frame, an array, a list, a dictionary of columns, a dataset of `treering.data`, or the path of a
            CSV, Parquet or JSON lines file.
        model_type: One of `MODEL_TYPES`; None to compute `extra_metrics` only.
        targets: The column that says what is true; for an array its values.
        predictions: The column of the predictions: in the data without a model, else in the model's answer.
        evaluators: Names of evaluators, see `list_evaluators`; all that can unless given.
        evaluator_config: Their configuration: `metric_prefix`, `pos_label`, `label_list`, `average`,
            `sample_weights`, `retriever_k`, `col_mapping`, `max_classes_for_multiclass_roc_pr`,
            `log_model_explainability`, `query` (the column of a ranker that says which rows belong together).
        extra_metrics: Metrics that `treering.metrics.make_metric` made.
        custom_artifacts: Functions of (table of predictions and targets, metrics, folder) that give artifacts by name.
        inference_params: Not used: there is no deployments client.
        model_id: The logged model that the metrics judge, where `model` does not say it.
        scores: The column with the probability of the positive class, or one column for each class in sorted order, or
            a dictionary of class to column; in the model's answer or in the data.
        slices: Columns, of which each value is a slice, and conditions such as `age >= 65`; or conditions by name.
        sensitive: Columns (or values by name) whose groups are compared. They are neither given to the model,
            unless its signature asks for them, nor written anywhere.
        value_matrix: What a decision is worth: `{"tp": 10, "fp": -2, "tn": 0, "fn": -5}` for two classes, else
            a matrix of true x predicted class.
        model_cost: What using the model for these rows costs, for the return on investment.
        thresholds: What the metrics must reach: by name a `MetricThreshold` or a bound such as `>= 0.9`. They become
            checks of the record; `validate_evaluation_results` raises, this does not.
        baseline: Another model, or the result of its evaluation: metrics are compared in pairs, with intervals.
        explain: True for permutation importance and partial dependence, `shap`, or options.
        robustness: True to measure the metric on spoilt input, or options.
        intervals: How often to resample for intervals; False for none.
        confidence: Of all intervals.
        card: Whether the model's card is written, too.

    Raises:
        InvalidInput: If arguments and data do not fit together.
        NotFound: If there is no such model, column or file.
    """
    _check_kinds(extra_metrics, custom_artifacts, feature_names, evaluator_config)
    _check(data, model, model_type, targets, predictions, extra_metrics, inference_params)
    mapping = dict((evaluator_config or {}).get("col_mapping") or {})
    metrics = check_metrics(extra_metrics)
    judged = judged_of(model, model_config, env_manager)
    who = chosen(evaluators, evaluator_config, model_type)
    table = table_of(
        data,
        mapping.get(targets, targets) if isinstance(targets, str) else targets,
        mapping.get(predictions, predictions) if model is None else None,
        feature_names,
        dataset_path,
    )
    given = {
        "slices": slices, "sensitive": sensitive, "value_matrix": value_matrix, "model_cost": model_cost,
        "thresholds": thresholds, "baseline": baseline, "explain": explain, "robustness": robustness,
        "intervals": intervals, "confidence": confidence, "plots": plots, "card": card, "seed": seed,
    }  # fmt: skip
    wanted = asked(given, table)
    column = mapping.get(predictions, predictions) if model is not None else None
    work = _Work(judged, table, who, wanted, model_type, column, scores, _model_id(model_id, judged))
    work.check_targets()
    with _run() as run:
        return work.done(run, metrics, custom_artifacts or ())


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """One evaluation, once its arguments are understood."""

    judged: Judged
    table: EvaluationTable
    who: Chosen
    asked: Asked
    model_type: str | None
    column: str | None
    scores: Any
    model_id: str

    def check_targets(self) -> None:
        if self.model_type in {"classifier", "regressor"} and self.table.labels_data is None:
            msg = f"The targets argument must be specified for {self.model_type} models."
            raise InvalidInput(msg)

    def done(self, run: ActiveRun, metrics: list[EvaluationMetric], artifacts: Sequence[Any]) -> EvaluationResult:
        config = self.who.config or {}
        prefix = str(config.get("metric_prefix") or "")
        check_key(f"{prefix}metric", "metric_prefix")
        recording = Recording(run, self.table, self.judged, self.model_id, prefix)
        if self.who.config is not None:
            result = self._built_in(recording, config, metrics, artifacts)
        else:
            recording.dataset()
            result = EvaluationResult({}, {}, run.info.run_id)
        for name, evaluator, own in self.who.others:
            found = evaluator.evaluate(
                model=self.judged.model, model_type=self.model_type, model_id=self.model_id or None,
                dataset=self.table, run_id=run.info.run_id, evaluator_config=own, extra_metrics=metrics,
                custom_artifacts=artifacts, predictions=self.column,
            )  # fmt: skip
            logger.debug("The evaluator %s found %d metrics.", name, len(found.metrics) if found else 0)
            if found is not None:
                result.metrics.update(found.metrics)
                result.artifacts.update(found.artifacts)
        return result

    def _built_in(
        self, recording: Recording, config: Mapping[str, Any], metrics: list[EvaluationMetric], artifacts: Sequence[Any]
    ) -> EvaluationResult:
        found: MetricValues = {}
        answers = self._ask(found, metrics)
        rows, labels = self._rows(answers, config)
        found |= self._metrics(rows, config)
        extra = [*self._ready_metrics(), *(one for one in metrics if one.name != LATENCY)]
        predicted = answers.prediction if rows is None or rows.kind == RANKER else _labelled(rows, labels)
        if extra or artifacts:
            scored = scored_frame(predicted, self.table.labels_data)
            around = Surroundings(
                self.table, answers, config, self.column, scored, self.table.frame(self.asked.private)
            )
            compute(extra, found, around)
            used = tuple(around.used_columns)
        else:
            scored, used = None, ()
        files = custom_artifacts_of(artifacts, scored, found) if artifacts else []
        figures = aggregates(found)
        directions = {one.name: one.greater_is_better for one in metrics}
        subject = Subject(self.judged, self.table, answers, rows, labels, config, figures, directions, self.scores)
        wanted = self.asked
        if config.get("log_model_explainability") and not wanted.explain:
            wanted = replace(wanted, explain=True)
        record = findings(subject, wanted, self._record(recording, rows))
        recording.make(record, rows, labels, config, wanted)
        recording.make_lines(found, predicted, answers, used, self.asked.private)
        for name, columns in subject.tables.items():
            recording.add_table(name, columns)
        recording.add(files)
        return recording.write(found, record, rows, wanted)

    def _ask(self, found: MetricValues, metrics: Sequence[EvaluationMetric]) -> Answers:
        if not any(one.name == LATENCY for one in metrics):
            return answers_of(self.judged, self.table, self.column, self.scores, self.asked.private)
        if self.judged.predict is None:
            logger.warning("Nothing is asked for predictions, so that its latency is 0.")
            found[LATENCY] = MetricValue([0.0] * len(self.table))
            return answers_of(self.judged, self.table, self.column, self.scores, self.asked.private)
        answer, seconds = predict_row_by_row(
            self.judged.predict, features_for(self.judged, self.table, self.asked.private)
        )
        found[LATENCY] = MetricValue(seconds)
        once = replace(self.judged, predict=lambda _: answer)
        return answers_of(once, self.table, self.column, self.scores, self.asked.private)

    def _rows(self, answers: Answers, config: Mapping[str, Any]) -> tuple[Rows | None, Any]:
        digest = self.table.digest
        if self.model_type == "classifier":
            return rows_of_classifier(answers, self.table.labels_data, config, digest)
        if self.model_type == "regressor":
            return rows_of_regressor(answers, self.table.labels_data, config, digest), None
        if self.model_type in {"retriever", "ranker"}:
            return self._ranked(answers, config, digest), None
        return None, None

    def _ranked(self, answers: Answers, config: Mapping[str, Any], digest: str) -> Rows:
        truth, said = self.table.labels_data, answers.prediction
        if truth is None:
            msg = f"The targets argument must be specified for {self.model_type} models: the ids that answer each row."
            raise InvalidInput(msg)
        query = config.get("query")
        if query is not None:
            wanted, found = ranking.ranked_lists(self.table.column(query), truth, said)
        else:
            wanted, found = list(truth), list(said)
        names = _RANKED if self.model_type == "retriever" else _RANKED_ALL
        values = ranking.judged_rows(wanted, found, config.get("retriever_k", _DEFAULT_K), names)
        return Rows(RANKER, ranking.fingerprints(wanted), np.array([]), values=values, dataset_digest=digest)

    def _metrics(self, rows: Rows | None, config: Mapping[str, Any]) -> MetricValues:
        found: MetricValues = {}
        if rows is None:
            return found
        if rows.kind == RANKER:
            return {
                name: MetricValue(values.tolist(), None, ranking.aggregated(values))
                for name, values in rows.values.items()
            }
        figures = metrics_of(rows)
        if self.judged.score_is in figures:
            found["score"] = MetricValue(aggregate_results={"score": figures[self.judged.score_is]})
        elif self.judged.score is not None:
            features = features_for(self.judged, self.table, self.asked.private)
            found |= _score(self.judged.score, self.table, features, config)
        return found | {name: MetricValue(aggregate_results={name: value}) for name, value in figures.items()}

    def _ready_metrics(self) -> list[EvaluationMetric]:
        if self.model_type == "question-answering":
            logger.info("Of MLflow's metrics of texts only exact_match is computed; give others as extra_metrics.")
            return [exact_match()]
        return []

    def _record(self, recording: Recording, rows: Rows | None) -> Evaluation:
        return Evaluation(
            model_uri=self.judged.uri,
            model_id=self.model_id,
            model_type=self.model_type or "",
            dataset_name=self.table.name,
            dataset_digest=self.table.digest,
            rows=len(self.table) if rows is None else len(rows),
            created=now(),
            run_id=recording.run_id,
        )


def _check_kinds(extra_metrics: Any, custom_artifacts: Any, feature_names: Any, evaluator_config: Any) -> None:
    """Raise InvalidInput for what is no list or dictionary."""
    lists = {"extra_metrics": extra_metrics, "custom_artifacts": custom_artifacts, "feature_names": feature_names}
    for name, value in lists.items():
        if value is not None and (isinstance(value, str) or not isinstance(value, Sequence)):
            msg = f"{name}={value!r:.100}: give a list."
            raise InvalidInput(msg)
    if not all(map(callable, custom_artifacts or ())):
        msg = "custom_artifacts are functions of (table, metrics, folder)."
        raise InvalidInput(msg)
    mapping = evaluator_config.get("col_mapping") if isinstance(evaluator_config, Mapping) else None
    for name, value in {"evaluator_config": evaluator_config, "evaluator_config['col_mapping']": mapping}.items():
        if value is not None and not isinstance(value, Mapping):
            msg = f"{name} must be a dictionary, not {value!r:.100}."
            raise InvalidInput(msg)


def _check(  # noqa: PLR0913, PLR0917  # the arguments of evaluate
    data: Any,
    model: Any,
    model_type: str | None,
    targets: Any,
    predictions: Any,
    extra_metrics: Any,
    inference_params: Any,
) -> None:
    """Raise InvalidInput for arguments that do not fit together."""
    if data is None:
        msg = "The data argument cannot be None."
        raise InvalidInput(msg)
    if inference_params is not None:
        msg = "inference_params goes with an endpoint of MLflow's deployments, which Treering does not have."
        raise InvalidInput(msg)
    if model_type is None and not extra_metrics:
        msg = "The extra_metrics argument must be specified model_type is None."
        raise InvalidInput(msg)
    if model_type is not None and model_type not in MODEL_TYPES:
        msg = f"There is no model_type {model_type!r}. Known ones: {', '.join(MODEL_TYPES)}."
        raise InvalidInput(msg)
    if isinstance(data, DescribedDataset):
        _check_dataset(data, model, model_type, targets, predictions)
    elif model_type in {"classifier", "regressor"} and targets is None:
        msg = f"The targets argument must be specified for {model_type} models."
        raise InvalidInput(msg)


def _check_dataset(data: DescribedDataset, model: Any, model_type: Any, targets: Any, predictions: Any) -> None:
    example = "`treering.data.from_pandas(df, targets='y')`"
    if targets is not None:
        msg = f"The dataset says itself which column holds the targets. Leave `targets` out, and name it there: {example}."
        raise InvalidInput(msg)
    if model is None and predictions is not None:
        msg = "The dataset says itself which column holds the predictions. Leave `predictions` out, and name it there."
        raise InvalidInput(msg)
    if model is not None and data.predictions is not None:
        msg = "The dataset has a column of predictions, and a model is given, too. Leave one of them out."
        raise InvalidInput(msg)
    if model_type in {"classifier", "regressor"} and data.targets is None:
        msg = f"The targets column name must be specified in the provided Dataset for {model_type} models: {example}."
        raise InvalidInput(msg)


def _model_id(given: str | None, judged: Judged) -> str:
    if given is not None and judged.model_id and given != judged.model_id:
        msg = (
            f"The specified value of the 'model_id' parameter '{given}' contradicts the model_id '{judged.model_id}'"
            " associated with the model. Please ensure they match or omit the 'model_id' parameter."
        )
        raise InvalidInput(msg)
    return given or judged.model_id or get_active_model_id() or ""


def _labelled(rows: Rows, labels: Any) -> Any:
    """The predictions as the caller knows them."""
    return rows.prediction if labels is None else labels[rows.prediction]


def _score(
    score: Callable[[Any, Any, Any], float], table: EvaluationTable, features: Any, config: Mapping[str, Any]
) -> MetricValues:
    """The model's own figure; without it, the log says why."""
    try:
        value = score(features, table.labels_data, config.get("sample_weights"))
    except Exception as error:  # noqa: BLE001 -- the model's own code, and the evaluation does without it
        logger.warning("The model's own score cannot be computed: %s", error)
        return {}
    return {"score": MetricValue(aggregate_results={"score": float(value)})}


@contextmanager
def _run() -> Iterator[ActiveRun]:
    """The active run; or one of its own, which ends with the evaluation."""
    current = active_run()
    if current is not None:
        yield current
        return
    with start_run() as run:
        yield run
