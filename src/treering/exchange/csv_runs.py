"""Runs, and the points of their metrics, as rows of CSV: page by page, so that memory does not grow with their number."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import TextIO

from treering.core.clock import from_millis
from treering.entities.page import Query
from treering.entities.run import Run
from treering.tracking.base import Tracking

__all__ = ["write_history", "write_runs"]

_FIRST = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")


def write_runs(tracking: Tracking, query: Query, out: TextIO) -> int:
    """One row for each run that matches, with the columns of `search_runs`; how many.

    Times are in ISO 8601, in UTC; what a run has not is empty. The runs are read twice,
    since the first row names the columns of all of them.
    """
    names: dict[str, set[str]] = {"metrics": set(), "params": set(), "tags": set()}
    for run in _runs(tracking, query):
        names["metrics"] |= run.data.metrics.keys()
        names["params"] |= run.data.params.keys()
        names["tags"] |= run.data.tags.keys()
    columns = [(kind, key) for kind, keys in names.items() for key in sorted(keys)]
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([*_FIRST, *(f"{kind}.{key}" for kind, key in columns)])
    count = 0
    for run in _runs(tracking, query):
        info, data = run.info, run.data
        tables = {"metrics": data.metrics, "params": data.params, "tags": data.tags}
        first = (info.run_id, info.experiment_id, str(info.status), info.artifact_uri)
        times = _time(info.start_time), _time(info.end_time)
        rows.writerow([*first, *times, *(tables[kind].get(key, "") for kind, key in columns)])
        count += 1
    return count


def write_history(tracking: Tracking, query: Query, out: TextIO) -> int:
    """One row for each point of each metric of the runs that match; how many.

    The timestamp is in milliseconds since 1970, as it was logged.
    """
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["run_id", "key", "step", "timestamp", "value"])
    count = 0
    for run in _runs(tracking, query):
        run_id = run.info.run_id
        for key in sorted(run.data.metrics):
            token = ""
            while True:
                part, token = tracking.metrics.history(run_id, key, None, token)
                points = zip(part.steps, part.timestamps, part.values, strict=True)
                rows.writerows((run_id, key, step, timestamp, value) for step, timestamp, value in points)
                count += len(part)
                if not token:
                    break
    return count


def _runs(tracking: Tracking, query: Query) -> Iterator[Run]:
    token = ""
    while True:
        page = tracking.runs.search(replace(query, page_token=token))
        yield from page.items
        token = page.next_token
        if not token:
            return


def _time(millis: int | None) -> str:
    return "" if millis is None else from_millis(millis).astimezone(UTC).isoformat(timespec="milliseconds")
