"""Trains for some seconds, a point each half millisecond, and says how long the calls took.

python log_for.py MODULE TRACKING_URI SECONDS
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from statistics import median


def main() -> None:
    product = importlib.import_module(sys.argv[1])
    product.set_tracking_uri(sys.argv[2])
    product.set_experiment("cut off")
    calls = []
    with product.start_run() as run:
        product.log_metric("loss", 0.0, step=0)
        print("on", flush=True)
        ends = time.monotonic() + float(sys.argv[3])
        while time.monotonic() < ends:
            before = time.perf_counter()
            product.log_metric("loss", 0.5, step=len(calls) + 1)
            calls.append(time.perf_counter() - before)
            time.sleep(0.0005)
    # Treering may still be delivering; MLflow's calls have waited.
    deadline = time.monotonic() + 120
    stored = 0
    while time.monotonic() < deadline and stored != len(calls) + 1:
        stored = len(product.MlflowClient().get_metric_history(run.info.run_id, "loss"))
    calls.sort()
    print(
        json.dumps(
            {
                "calls": len(calls),
                "stored": stored,
                "median": median(calls),
                "p999": calls[len(calls) * 999 // 1000],
                "longest": calls[-1],
            }
        )
    )


if __name__ == "__main__":
    main()
