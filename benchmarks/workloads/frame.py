"""Asks for N runs as a data frame, several times, in one process.

python frame.py MODULE TRACKING_URI N REPEATS
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from statistics import median


def main() -> None:
    product = importlib.import_module(sys.argv[1])
    uri, count, repeats = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    product.set_tracking_uri(uri)
    # Connects, and loads what is needed.
    product.search_runs(["0"], max_results=1)
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        frame = product.search_runs(["0"], max_results=count)
        taken.append(time.perf_counter() - began)
    told = {"first": taken[0], "median": median(taken), "rows": len(frame), "columns": sorted(frame.columns)}
    told["kinds"] = sorted({str(kind) for kind in frame.dtypes})
    told["sum"] = round(float(frame["metrics.m0"].sum()), 6)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
