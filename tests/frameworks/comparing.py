"""What two trackers logged of one training, without what has to differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# What Transformers measures of time.
_TIMES = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "eval_runtime"}
_TIMES |= {"eval_samples_per_second", "eval_steps_per_second"}
_TIME_TAGS = {"datetime_start", "datetime_complete"}
# The second, the machine and the process that wrote it.
_EVENTS = re.compile(r"(events\.out\.tfevents)\..*")


def comparable(runs: list[dict[str, Any]], leaving_out: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Runs to be compared: of times, only that they are there.

    Args:
        leaving_out: Parts of a run's report, or keys of its parts, that the two are known to log differently.
    """
    return [_comparable(run, set(leaving_out)) for run in runs]


def _comparable(run: dict[str, Any], leaving_out: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: part for name, part in run.items() if name not in leaving_out}
    # Two equal points of one millisecond are one point for both trackers; which points are is a matter of speed.
    kept["metrics"] = {
        key: sorted({point[0] if key in _TIMES else (point[0], point[1]) for point in points})
        for key, points in run["metrics"].items()
    }
    # What Treering notes of its own is no part of what it promises to log alike.
    tags = {key: value for key, value in run["tags"].items() if not key.startswith("treering.")}
    kept["tags"] = {key: None if key in _TIME_TAGS else value for key, value in tags.items()}
    kept["artifacts"] = sorted(_EVENTS.sub(r"\1", path) for path in run["artifacts"])
    for part in ("metrics", "tags", "params"):
        kept[part] = {key: value for key, value in kept[part].items() if key not in leaving_out}
    return kept
