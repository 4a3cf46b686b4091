"""Large stores of both products, written fast: rows straight into each one's own tables, past its API.

    python benchmarks/stores.py runs treering sqlite:///big.db 100000
    python benchmarks/stores.py runs mlflow sqlite:///big.db 100000
    python benchmarks/stores.py points treering sqlite:///points.db 1000 1000 10000

`runs` writes that many runs with 10 params, 10 metrics and 5 tags each into the default
experiment, the values of `workloads/runs.py`, each metric with the one point that a
search looks at; in Treering's store that point has no history. `points` writes RUNS
METRICS POINTS through Treering's own store: what its users' journals would bring.
"""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "workloads"))
from runs import run_values
from sides import MLFLOW

from treering.core.uri import scheme_of
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.storage.metadata import METADATA
from treering.storage.metadata.sql.document import Document, Summary, write_document
from treering.storage.metadata.sql.floats import sortable
from treering.tracking.service import open_tracking

__all__ = ["fill_mlflow", "fill_points", "fill_treering", "for_mlflow"]

START = 1_700_000_000_000
BATCH = 2000

Insert = Callable[[str, Sequence[str], list[tuple[Any, ...]]], None]


def fill_treering(uri: str, count: int, artifacts: str = "mlflow-artifacts:") -> None:
    """A new database of Treering with `count` runs."""
    METADATA.load(scheme_of(uri))(uri).database.close()
    with _inserting(uri) as insert:
        for numbers in _batches(count):
            _treering_batch(insert, numbers, artifacts)
        insert("UPDATE experiments SET version = 1 WHERE id = 0", (), [])
        if scheme_of(uri) != "sqlite":
            insert("SELECT setval(pg_get_serial_sequence('runs', 'id'), (SELECT max(id) FROM runs))", (), [])
        insert("ANALYZE", (), [])


def _treering_batch(insert: Insert, numbers: Sequence[int], artifacts: str) -> None:
    runs: list[tuple[Any, ...]] = []
    texts: dict[str, list[tuple[Any, ...]]] = {"run_params": [], "run_tags": []}
    metrics: list[tuple[Any, ...]] = []
    for number in numbers:
        run_id, name, params, values, tags = run_values(number)
        tags = {**tags, "mlflow.runName": name}
        start, row = START + number, number + 1
        summaries = {key: Summary(value, 0, start, value, value, 1) for key, value in values.items()}
        document = write_document(Document(params, tags, summaries))
        uri = f"{artifacts}/0/{run_id}/artifacts"
        whole = (row, run_id, 0, "active", False, "FINISHED", start, start + 1000, "bench", name, uri, 1, document)
        runs.append(whole)
        for table, entries in (("run_params", params), ("run_tags", tags)):
            texts[table] += [(row, key, value, None) for key, value in entries.items()]
        for key, value in values.items():
            number_ = sortable(value)
            metrics.append((row, key, number_, number_, number_, 1))
    insert("runs", (
        "id", "run_id", "experiment_id", "lifecycle", "deleted_together", "status", "start_time", "end_time",
        "user_id", "run_name", "artifact_uri", "version", "document",
    ), runs)  # fmt: skip
    for table, rows in texts.items():
        insert(table, ("run", "key", "head", "tail"), rows)
    insert("run_metrics", ("run", "key", "last", "minimum", "maximum", "count"), metrics)


def for_mlflow(uri: str) -> str:
    """The URI with the driver in it that lies beside MLflow's environment: which one is usual changes with time."""
    return uri.replace("postgresql://", "postgresql+psycopg2://", 1)


def fill_mlflow(uri: str, count: int, folder: Path, environment: dict[str, str] | None = None) -> None:
    """A new database of MLflow, made by MLflow, with `count` runs in its own tables."""
    program = "import sys; from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore; SqlAlchemyStore(sys.argv[1], sys.argv[2])"  # fmt: skip
    command = [MLFLOW.python, "-c", program, for_mlflow(uri), str(folder / "artifacts")]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    with _inserting(uri) as insert:
        for numbers in _batches(count):
            _mlflow_batch(insert, numbers)
        insert("ANALYZE", (), [])


def _mlflow_batch(insert: Insert, numbers: Sequence[int]) -> None:
    runs: list[tuple[Any, ...]] = []
    params: list[tuple[Any, ...]] = []
    tags: list[tuple[Any, ...]] = []
    metrics: list[tuple[Any, ...]] = []
    for number in numbers:
        run_id, name, some_params, values, some_tags = run_values(number)
        start = START + number
        uri = f"mlflow-artifacts:/0/{run_id}/artifacts"
        runs.append((run_id, name, "LOCAL", "", "", "bench", "FINISHED", start, start + 1000, "", "active", uri, 0))
        params += [(key, value, run_id) for key, value in some_params.items()]
        tags += [(key, value, run_id) for key, value in {**some_tags, "mlflow.runName": name}.items()]
        metrics += [(key, value, start, 0, False, run_id) for key, value in values.items()]
    insert("runs", (
        "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
        "end_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id",
    ), runs)  # fmt: skip
    insert("params", ("key", "value", "run_uuid"), params)
    insert("tags", ("key", "value", "run_uuid"), tags)
    for table in ("metrics", "latest_metrics"):
        insert(table, ("key", "value", "timestamp", "step", "is_nan", "run_uuid"), metrics)


def fill_points(uri: str, runs: int, metrics: int, points: int) -> None:
    """Runs with long series, through Treering's own store, one transaction for each run."""
    store = METADATA.load(scheme_of(uri))(uri)
    tracking = open_tracking(store, "mlflow-artifacts:", truncate_long_values=True)
    steps, timestamps = array("q", range(points)), array("q", range(START, START + points))
    for number in range(runs):
        run_id = tracking.runs.create(NewRun("0", run_name=f"run {number}", start_time=START + number)).info.run_id
        series = {}
        for key in range(metrics):
            values = array("d", (math.exp(-step / 1000) + math.sin(step * (key + 1)) / 10 for step in range(points)))
            series[f"m{key}"] = MetricColumns(steps, timestamps, values)
        tracking.runs.log([LogBatch(run_id, series=series)])
    store.database.close()


def _batches(count: int) -> Iterator[range]:
    return (range(first, min(first + BATCH, count)) for first in range(0, count, BATCH))


@contextmanager
def _inserting(uri: str) -> Iterator[Insert]:
    """Inserts rows into a table; without columns, executes a statement. All of it is one transaction."""
    if scheme_of(uri) == "sqlite":
        connection = sqlite3.connect(uri.removeprefix("sqlite:///"))
        connection.execute("PRAGMA synchronous = OFF")

        def insert(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
            if columns:
                places = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
            else:
                connection.execute(table)

        with connection:
            yield insert
        connection.close()
        return
    import psycopg  # noqa: PLC0415  # only who measures on PostgreSQL has it

    with psycopg.connect(uri) as server, server.cursor() as cursor:

        def copy(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
            if not columns:
                cursor.execute(table)
                return
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as writer:
                for row in rows:
                    writer.write_row(row)

        yield copy


def main() -> None:
    """See the module."""
    what, *rest = sys.argv[1:]
    began = time.perf_counter()
    if what == "points":
        fill_points(rest[1], *map(int, rest[2:]))
    elif rest[0] == "mlflow":
        fill_mlflow(rest[1], int(rest[2]), Path.cwd())
    else:
        fill_treering(rest[1], int(rest[2]))
    print(f"written in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
