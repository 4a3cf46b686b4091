"""Logs N points of one metric and says how long the calls took, and how long until all were stored.

python log_metric.py MODULE TRACKING_URI N
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from statistics import median, quantiles


def main() -> None:
    product = importlib.import_module(sys.argv[1])
    uri, count = sys.argv[2], int(sys.argv[3])
    product.set_tracking_uri(uri)
    product.set_experiment("bench")
    calls = []
    with product.start_run() as run:
        product.log_metric("warm", 0.0)
        began = time.perf_counter()
        for step in range(count):
            before = time.perf_counter_ns()
            product.log_metric("loss", 1.0 / (step + 1), step=step)
            calls.append(time.perf_counter_ns() - before)
    # Leaving the block ends the run, which both products do only when everything is stored.
    whole = time.perf_counter() - began
    history = product.MlflowClient().get_metric_history(run.info.run_id, "loss")
    if len(history) != count:
        sys.exit(f"{len(history)} points are stored, {count} were logged")
    print(json.dumps({"call": median(calls) / 1e9, "p99": quantiles(calls, n=100)[98] / 1e9, "stored": count / whole}))


if __name__ == "__main__":
    main()
