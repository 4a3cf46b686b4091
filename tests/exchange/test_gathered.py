from __future__ import annotations

import io
import tracemalloc
from types import SimpleNamespace
from typing import Any, BinaryIO

import pyarrow.parquet as pq
import pytest

from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricColumns, MetricSummary
from treering.entities.page import Page, Query
from treering.entities.run import Run, RunData, RunInfo
from treering.exchange.gathered import gathered
from treering.exchange.tables import TABLES

PAGE = 200


class Nowhere(io.RawIOBase):
    """Takes bytes and forgets them."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += memoryview(data).nbytes
        return memoryview(data).nbytes


def run(number: int) -> Run:
    info = RunInfo(f"{number:032x}", "0", "", "", RunStatus.FINISHED, number, None, "file:///x", Lifecycle.ACTIVE)
    key = f"m{number % 7}"
    summary = MetricSummary(Metric(key, 0.5, 1), 0.5, 0.5, 1)
    return Run(info, RunData({"p": "x" * 500}, {"t": str(number)}, {key: summary}))


def tracking(count: int) -> Any:
    """Gives `count` runs page by page, each page but once."""
    asked: list[str] = []

    def search(query: Query) -> Page[Run]:
        assert query.page_token not in asked
        asked.append(query.page_token)
        start = int(query.page_token or 0)
        end = min(start + query.max_results, count)
        return Page([run(number) for number in range(start, end)], str(end) if end < count else "")

    return SimpleNamespace(runs=SimpleNamespace(search=search))


def peak(name: str, count: int) -> tuple[int, int]:
    """The most memory that Python took for a table, in bytes, and how long the file got."""
    out = Nowhere()
    wide: BinaryIO = out  # type: ignore[assignment]  # of the methods that a writer calls, it has all
    table = TABLES.load(name)
    tracemalloc.start()
    try:
        with gathered(tracking(count), Query(max_results=PAGE)) as runs:
            assert table.runs(runs, wide) == count
        return tracemalloc.get_traced_memory()[1], out.size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_number_of_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.exchange.gathered._IN_MEMORY", 1 << 16)
    if name == "parquet":
        monkeypatch.setattr("treering.exchange.tables.parquet._MOST_ROWS", 500)
    few, _ = peak(name, 1000)
    many, size = peak(name, 8000)
    assert many < 2 * few
    assert size > (8000 * 500 if name == "csv" else 0)


def test_runs_may_be_walked_through_twice_and_keys_come_in_their_order() -> None:
    with gathered(tracking(450), Query(max_results=PAGE)) as runs:
        assert [one.run_id for one in runs] == [one.run_id for one in runs] == [f"{n:032x}" for n in range(450)]
        assert list(runs.metrics) == [f"m{n}" for n in range(7)]


def test_a_group_of_rows_holds_part_of_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.exchange.tables.parquet._MOST_ROWS", 100)
    out = io.BytesIO()
    with gathered(tracking(450), Query(max_results=PAGE)) as runs:
        TABLES.load("parquet").runs(runs, out)
    file = pq.ParquetFile(io.BytesIO(out.getvalue()))
    assert (file.num_row_groups, file.metadata.num_rows) == (5, 450)


def test_points_come_in_groups_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.exchange.tables.parquet._MOST_POINTS", 100)
    series = [("r", f"k{n}", MetricColumns(range(30), range(30), [0.5] * 30)) for n in range(10)]
    out = io.BytesIO()
    assert TABLES.load("parquet").points(iter(series), out) == 300
    file = pq.ParquetFile(io.BytesIO(out.getvalue()))
    assert (file.num_row_groups, file.metadata.num_rows) == (3, 300)
    assert set(file.read()["key"].to_pylist()) == {key for _, key, _ in series}
