"""What is found out beside the metrics: how sure they are, in which parts, for which groups, at what worth, against whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.client.evaluating.answers import answers_of, rows_of_classifier, rows_of_regressor
from treering.client.evaluating.artifacts import EvaluationResult
from treering.client.evaluating.asked import Asked
from treering.client.evaluating.judged import judged_of
from treering.client.evaluating.looking import looked_into
from treering.client.evaluating.subject import Subject
from treering.client.evaluating.table import EvaluationTable
from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.entities.evaluation import (
    Check,
    Comparison,
    Evaluation,
    GroupReport,
    Interval,
    SliceResult,
)
from treering.evaluation.business import business_of
from treering.evaluation.calibration import calibrations
from treering.evaluation.comparison import compare_figures, compare_rows, same_rows
from treering.evaluation.demands import demand_met
from treering.evaluation.fairness import FairnessOptions, group_reports
from treering.evaluation.judging import greater_is_better, metrics_of
from treering.evaluation.resampling import FEWEST_ROWS, draws, intervals_of
from treering.evaluation.rows import CLASSIFIER, RANKER, REGRESSOR, Rows
from treering.evaluation.slices import masks_of
from treering.evaluation.thresholds import checks_of

__all__ = ["findings"]

Mask = NDArray[np.bool_]


def findings(subject: Subject, asked: Asked, record: Evaluation) -> Evaluation:
    """The record with everything that was asked for.

    Raises:
        InvalidInput: If something cannot be found out of this model and data.
    """
    rows = subject.rows
    directions = {
        name: up
        for name in subject.figures
        if (up := subject.directions.get(name.split("/")[0], greater_is_better(name))) is not None
    }
    record = replace(record, metrics=dict(subject.figures), confidence=asked.confidence, greater_is_better=directions)
    if rows is None:
        _refuse_without_rows(asked)
    else:
        drawn = draws(len(rows), asked.replicates, asked.seed) if asked.replicates and len(rows) else None
        intervals: Mapping[str, Interval] = {}
        if drawn is not None:
            intervals = intervals_of(rows, subject.figures, drawn, confidence=asked.confidence)
        record = replace(
            record,
            labels=rows.labels,
            positive="" if rows.positive is None else rows.labels[rows.positive],
            intervals=intervals,
            calibration=calibrations(rows),
            slices=tuple(_slices(rows, subject, asked)),
            fairness=_fairness(rows, subject, asked),
            comparison=_comparison(rows, subject, asked),
        )
        if asked.value_matrix is not None:
            business = business_of(
                rows, asked.value_matrix, cost=asked.model_cost, drawn=drawn, confidence=asked.confidence
            )
            record = replace(record, business=business)
    if asked.explain or asked.robustness:
        record = looked_into(record, subject, asked)
    return replace(record, checks=_checks(record, asked))


def _refuse_without_rows(asked: Asked) -> None:
    wanted = [
        name
        for name in ("slices", "sensitive", "value_matrix", "explain", "robustness")
        if getattr(asked, name) is not None and bool(np.size(getattr(asked, name)) and getattr(asked, name))
    ]
    if wanted:
        msg = f"{', '.join(wanted)} need a classifier, a regressor or a ranker. Give model_type."
        raise InvalidInput(msg)


def _slices(rows: Rows, subject: Subject, asked: Asked) -> Iterator[SliceResult]:
    if not asked.slices:
        return
    masks, private = _masks(asked, subject.table)
    hidden = _hidden({name: masks[name] for name in private})
    for name, of_rows in masks.items():
        mask = _of_queries(of_rows, subject) if rows.kind == RANKER else of_rows
        if mask.shape != (len(rows),):
            msg = f"The slice {name!r} has the shape {mask.shape}, and there are {len(rows):,} rows."
            raise InvalidInput(msg)
        if not mask.any():
            yield SliceResult(name, 0)
            continue
        part = rows.where(mask)
        if name in hidden:
            logger.warning("The slice %r of a sensitive column is not told about: it would tell of few rows.", name)
            continue
        if part.weight is not None and not part.weight.any():
            yield SliceResult(name, len(part))
            continue
        figures = metrics_of(part)
        intervals: Mapping[str, Interval] = {}
        if asked.replicates:
            drawn = draws(len(part), asked.replicates, asked.seed)
            intervals = intervals_of(part, figures, drawn, confidence=asked.confidence)
        yield SliceResult(name, len(part), figures, intervals)


def _of_queries(mask: NDArray[np.bool_], subject: Subject) -> NDArray[np.bool_]:
    """Which queries a slice has: those whose first row is in it. Lists are rows already."""
    query = subject.config.get("query")
    if query is None or len(mask) != len(subject.table):
        return mask
    _, first = np.unique(subject.table.column(query), return_index=True)
    part: NDArray[np.bool_] = mask[first]
    return part


def _masks(asked: Asked, table: EvaluationTable) -> tuple[dict[str, Mask], set[str]]:
    """Which rows each slice has, by its name; and the names of those that a sensitive column makes."""
    read: set[str] = set()

    def column(name: str) -> NDArray[Any]:
        read.add(name)
        return table.column(name)

    wanted = [asked.slices] if isinstance(asked.slices, str) else asked.slices
    masks: dict[str, Mask] = {}
    private: set[str] = set()
    for one in wanted:
        read.clear()
        made = masks_of({one: wanted[one]} if isinstance(wanted, Mapping) else [one], column, table.columns)
        masks |= made
        private |= set() if read.isdisjoint(asked.private) else made.keys()
    return masks, private


def _hidden(masks: Mapping[str, Mask]) -> set[str]:
    """Slices of sensitive columns that are small, or that give such a one away, being all other rows or the next larger."""
    sizes = {name: int(mask.sum()) for name, mask in masks.items()}
    found = {
        name for name, many in sizes.items() if 0 < many < FEWEST_ROWS or 0 < len(masks[name]) - many < FEWEST_ROWS
    }
    others = [name for name, many in sizes.items() if many and name not in found]
    if found and others:
        found.add(min(others, key=lambda name: sizes[name]))
    return found


def _fairness(rows: Rows, subject: Subject, asked: Asked) -> tuple[GroupReport, ...]:
    if not asked.sensitive:
        return ()
    if rows.kind not in {CLASSIFIER, REGRESSOR}:
        msg = f"Groups are compared for classifiers and regressors; this is a {rows.kind}."
        raise InvalidInput(msg)
    positive = subject.labels[rows.positive] if rows.kind == CLASSIFIER and rows.positive is not None else None
    target, predicted = rows.target, rows.prediction
    if rows.kind == CLASSIFIER:
        target, predicted = subject.labels[rows.target], subject.labels[rows.prediction]
    options = FairnessOptions(
        model_type=rows.kind, positive=positive, samples=asked.replicates, confidence=asked.confidence, seed=asked.seed
    )
    return group_reports(target, predicted, rows.positive_score, asked.sensitive, options)


def _comparison(rows: Rows, subject: Subject, asked: Asked) -> Comparison | None:
    baseline = asked.baseline
    if baseline is None:
        return None
    how: dict[str, Any] = {"confidence": asked.confidence, "replicates": asked.replicates, "seed": asked.seed}
    if isinstance(baseline, EvaluationResult):
        name = (baseline.evaluation and baseline.evaluation.model_uri) or baseline.run_id or "baseline"
        if baseline.rows is not None and same_rows(rows, baseline.rows):
            return compare_rows(rows, baseline.rows, name, **how)
        logger.warning("The baseline was not judged by the same rows, so that only the figures are compared.")
        return compare_figures(subject.figures, baseline.metrics, name, subject.directions)
    if isinstance(baseline, Evaluation):
        return compare_figures(subject.figures, baseline.metrics, baseline.model_uri or "baseline", subject.directions)
    if rows.kind == RANKER:
        msg = "A baseline of a ranker must be the result of an evaluation of it."
        raise InvalidInput(msg)
    judged = judged_of(baseline)
    answers = answers_of(judged, subject.table, None, None, asked.private)
    config = dict(subject.config)
    if rows.kind == CLASSIFIER:
        # Both are judged as models of the same classes, whichever of them this one predicts.
        config["label_list"] = subject.labels
        theirs, _ = rows_of_classifier(answers, subject.table.labels_data, config, rows.dataset_digest)
    else:
        theirs = rows_of_regressor(answers, subject.table.labels_data, config, rows.dataset_digest)
    return compare_rows(rows, theirs, judged.uri or "baseline", **how)


def _checks(record: Evaluation, asked: Asked) -> tuple[Check, ...]:
    before = {} if record.comparison is None else {one.metric: one.baseline for one in record.comparison.differences}
    checks = checks_of(asked.thresholds, record.metrics, before) if asked.thresholds else ()
    return (*checks, *(demand_met(one, record) for one in asked.criteria))
