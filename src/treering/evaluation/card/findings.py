"""The parts of a card with drawings: value, calibration, importances, dependences, spoilt input."""

from __future__ import annotations

import math
from textwrap import shorten

from treering.core.page import number, plural
from treering.entities.evaluation import Evaluation, FeatureDependence
from treering.evaluation.card.document import Bars, Block, Curve, Facts, Grid, Mark

__all__ = ["business", "calibration", "explanation", "robustness"]

_IMPORTANCES = 15
_CURVES = 6
_LINES = 20
_PROBES = 20
_MUCH_WORSE = 0.05
_REASON = 140


def business(evaluation: Evaluation) -> list[Block]:
    """What the decisions are worth."""
    value = evaluation.business
    if value is None:
        return []
    items = [
        ("Value of a row", number(value.value.value)),
        ("As it decides by itself", number(value.current.value)),
        ("Without a model, at best", number(value.alternative)),
        ("Of all rows", number(value.total)),
    ]
    items += [("Decide from a score of", number(value.threshold))] if value.threshold is not None else []
    items += [("Return on its cost", f"{number(value.roi)} for each unit")] if value.roi is not None else []
    blocks: list[Block] = [Facts(tuple(items))]
    if value.curve:
        points = tuple((float(x), float(y)) for x, y in value.curve)
        blocks.append(Curve("What a row is worth, by threshold", points, horizontal="threshold", vertical="value"))
    return blocks


def calibration(evaluation: Evaluation) -> list[Block]:
    """Whether scores are probabilities."""
    blocks: list[Block] = []
    for one in evaluation.calibration[:2]:
        points = tuple((item.predicted, item.observed) for item in one.bins if item.rows)
        what = f" of {one.label}" if one.label else ""
        title = f"Calibration{what}: expected error {number(one.expected_error, 3)}, Brier score {number(one.brier, 3)}"
        blocks.append(Curve(title, points, horizontal="foretold", vertical="observed", diagonal=True))
    return blocks


def explanation(evaluation: Evaluation) -> tuple[list[Block], str]:
    """What the model goes by, and a note on how that was found."""
    found = evaluation.explanation
    if found is None or not found.importances:
        return [], ""
    most = max((one.value for one in found.importances if math.isfinite(one.value)), default=0.0)
    items = tuple(
        (
            one.feature,
            max(one.value, 0.0) / most if most > 0 and math.isfinite(one.value) else 0.0,
            f"{number(one.value, 3)} \N{PLUS-MINUS SIGN} {number(one.deviation, 2)}",
        )
        for one in found.importances[:_IMPORTANCES]
    )
    blocks: list[Block] = [Bars(items, ("feature", found.metric or "importance"))]
    blocks += [_dependence(one) for one in found.dependences[:_CURVES]]
    how = {
        "permutation": f"How much {found.metric or 'the metric'} loses when a feature is shuffled",
        "shap": "The mean size of each feature's share in the predictions",
    }.get(found.method, found.method)
    return blocks, " ".join([f"{how}, on {plural(found.rows, 'row')}.", *found.notes])


def _dependence(one: FeatureDependence) -> Curve:
    title = f"Prediction by {one.feature}" + (f", {one.output}" if one.output else "")
    points = tuple(zip(one.values, one.mean, strict=True))
    return Curve(title, points, one.individual[:_LINES], one.feature, "prediction")


def robustness(evaluation: Evaluation) -> tuple[list[Block], str]:
    """How the metric stands each way of spoiling, the worst first."""
    found = evaluation.robustness
    if found is None:
        return [], ""
    sign = 1.0 if found.greater_is_better else -1.0
    probes = sorted(found.probes, key=lambda one: (one.change is not None, sign * (one.change or 0.0)))
    rows = []
    for one in probes[:_PROBES]:
        if one.value is None or one.change is None:
            rows.append((one.name, number(None), number(None), Mark("refused", "warn"), shorten(one.reason, _REASON)))
            continue
        worse = sign * one.change < -_MUCH_WORSE * abs(found.value)
        mark = Mark("much worse", "err") if worse else Mark("holds", "ok")
        rows.append((one.name, number(one.value), f"{one.change:+.3g}", mark, ""))
    more = f" The worst {_PROBES} of {len(probes):,}." if len(probes) > _PROBES else ""
    note = f"{found.metric} is {number(found.value)} on sound input ({plural(found.rows, 'row')}).{more} {' '.join(found.notes)}"
    return [Grid(("what was done", found.metric, "change", "", "why"), tuple(rows), (1, 2))], note.strip()
