"""Puts series of several runs and one long one into an MLflow database, past its slow API.

python fill_lines.py DATABASE SERIES.json LONG_KEY POINTS RUN...
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

START = 1_700_000_000_000
path, series, long_key, count, *runs = sys.argv[1:]
Row = tuple[str, float, int, int, int, str]


def rows() -> Iterator[Row]:
    for key, by_run in json.loads(Path(series).read_text("utf-8")).items():
        for run, values in zip(runs, by_run, strict=True):
            for step, value in enumerate(values):
                yield key, value, START + 100 * step, step, 0, run
    for step in range(int(count)):
        yield long_key, step % 977 / 7, START + step, step, 0, runs[0]


INSERT = "INSERT INTO {} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)"
connection = sqlite3.connect(path)
with connection:
    latest: dict[tuple[str, str], Row] = {}

    def noted() -> Iterator[Row]:
        for row in rows():
            latest[row[5], row[0]] = row
            yield row

    connection.executemany(INSERT.format("metrics"), noted())
    connection.executemany(INSERT.format("latest_metrics"), latest.values())
connection.execute("ANALYZE")
connection.close()
