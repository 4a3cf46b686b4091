"""Compares six groups on one side, and prints seconds and what was found as JSON: `group_fairness.py SIDE ROWS`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SAMPLES = 2
"""Of Fairlearn's bootstrap."""


def data(rows: int) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 6, rows)
    score = 1 / (1 + np.exp(-(rng.normal(size=rows) + 0.1 * group)))
    target = (rng.random(rows) < score).astype(int)
    return target, (score > 0.5).astype(int), score, np.array(list("ABCDEF"), object)[group]


def best(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    seconds, found = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, found


def treering(rows: int) -> dict[str, Any]:
    from treering.evaluation.fairness import group_reports  # noqa: PLC0415 - the other side has none

    target, predicted, score, group = data(rows)
    seconds, reports = best(lambda: group_reports(target, predicted, score, {"group": group}), 5)
    found = {
        f"{one.name} {key}": one.metrics[key]
        for one in reports[0].groups
        for key in ("selection_rate", "true_positive_rate", "false_positive_rate")
    }
    return {"seconds": seconds, "found": found}


def fairlearn(rows: int) -> dict[str, Any]:
    import fairlearn.metrics as fm  # noqa: PLC0415 - the other side has none
    from sklearn.metrics import accuracy_score, precision_score  # noqa: PLC0415 - as above

    target, predicted, _, group = data(rows)
    metrics = {
        "selection_rate": fm.selection_rate, "true_positive_rate": fm.true_positive_rate,
        "false_positive_rate": fm.false_positive_rate, "accuracy": accuracy_score, "precision": precision_score,
        "count": fm.count, "mean": fm.mean_prediction,
    }  # fmt: skip

    def frame(**more: Any) -> Any:
        return fm.MetricFrame(
            metrics=more.pop("metrics", metrics), y_true=target, y_pred=predicted, sensitive_features=group, **more
        )

    # Once each, and few samples: a sample of a million rows takes it seconds.
    seconds, made = best(frame, 1)
    intervals, _ = best(lambda: frame(metrics=fm.selection_rate, n_boot=SAMPLES, ci_quantiles=[0.025, 0.975]), 1)
    table = made.by_group
    found = {
        f"{name} {key}": float(table.loc[name, key])
        for name in "ABCDEF"
        for key in ("selection_rate", "true_positive_rate", "false_positive_rate")
    }
    return {"seconds": seconds, "with_intervals": intervals, "samples": SAMPLES, "found": found}


def main() -> None:
    side, rows = sys.argv[1], int(sys.argv[2])
    print(json.dumps({"treering": treering, "fairlearn": fairlearn}[side](rows)))


if __name__ == "__main__":
    main()
