"""Reads one metric's whole history with the client of the library named first, and prints what it took as JSON.

    python read_history.py MODULE URI RUN KEY

"received" is until the client returns; "read" until every point was looked at as an object.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

module, uri, run_id, key = sys.argv[1:]
library = importlib.import_module(module)
client = library.MlflowClient(uri)
client.get_run(run_id)
began = time.perf_counter()
history = client.get_metric_history(run_id, key)
received = time.perf_counter() - began
total = sum(point.value for point in history)
print(json.dumps({
    "received": received, "read": time.perf_counter() - began, "points": len(history), "last": history[-1].step,
    "total": total,
}))  # fmt: skip
