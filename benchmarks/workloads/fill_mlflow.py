"""Fills an MLflow database with runs, past its slow API: rows straight into its own schema.

    python fill_mlflow.py DATABASE RUNS

Experiment 0; each run has 10 params, 10 metrics and 5 tags, the values of `runs.py`.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

sys.path.insert(0, str(Path(__file__).parent))
from runs import run_values


def main() -> None:
    path, count = sys.argv[1], int(sys.argv[2])
    SqlAlchemyStore(f"sqlite:///{path}", str(Path(path).parent / "artifacts"))
    connection = sqlite3.connect(path)
    with connection:
        for number in range(count):
            run_id, name, params, metrics, tags = run_values(number)
            start = 1_700_000_000_000 + number
            insert(connection, "runs", {
                "run_uuid": run_id, "name": name, "source_type": "LOCAL", "source_name": "", "entry_point_name": "",
                "user_id": "bench", "status": "FINISHED", "start_time": start, "end_time": start + 1000,
                "source_version": "", "lifecycle_stage": "active", "artifact_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
                "experiment_id": 0,
            })  # fmt: skip
            for key, value in params.items():
                insert(connection, "params", {"key": key, "value": value, "run_uuid": run_id})
            for key, value in {**tags, "mlflow.runName": name}.items():
                insert(connection, "tags", {"key": key, "value": value, "run_uuid": run_id})
            for key, number_ in metrics.items():
                row = {"key": key, "value": number_, "timestamp": start, "step": 0, "is_nan": 0, "run_uuid": run_id}
                insert(connection, "metrics", row)
                insert(connection, "latest_metrics", row)
    connection.execute("ANALYZE")
    connection.close()


def insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(row.values()))


if __name__ == "__main__":
    main()
