"""Puts one metric with many points into an MLflow database, past its slow API: rows straight into its own schema.

python fill_history.py DATABASE RUN KEY POINTS
"""

from __future__ import annotations

import sqlite3
import sys

path, run_id, key, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
rows = ((key, step / 7, 1_700_000_000_000 + step, step, 0, run_id) for step in range(count))
connection = sqlite3.connect(path)
with connection:
    connection.executemany(
        "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    last = count - 1
    connection.execute(
        "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
        (key, last / 7, 1_700_000_000_000 + last, last, 0, run_id),
    )
connection.execute("ANALYZE")
connection.close()
