"""Runs, and the points of their metrics, as tables in files: what a format has to be able to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, Protocol

from treering.core.plugins import Registry
from treering.entities.metric import MetricColumns
from treering.exchange.gathered import GatheredRuns

__all__ = ["TABLES", "TableWriter"]


class TableWriter(Protocol):
    """A format of files; what it writes is complete when a method returns, and `out` stays open."""

    def runs(self, runs: GatheredRuns, out: BinaryIO) -> int:
        """Write one row for each run, with the columns of `search_runs`; how many."""
        ...

    def points(self, series: Iterable[tuple[str, str, MetricColumns]], out: BinaryIO) -> int:
        """Write one row for each point of (run id, key, points); how many."""
        ...


TABLES: Registry[TableWriter] = Registry(
    "treering.tables",
    "table format",
    {"csv": "treering.exchange.tables.delimited:CSV", "parquet": "treering.exchange.tables.parquet:PARQUET"},
    extras={"parquet": "pandas"},
)
