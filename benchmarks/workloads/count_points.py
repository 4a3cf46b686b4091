"""Says how many points of `loss` each run has, and how many of them are there more than once.

python count_points.py MODULE TRACKING_URI RUN...
"""

from __future__ import annotations

import importlib
import json
import sys


def main() -> None:
    product = importlib.import_module(sys.argv[1])
    product.set_tracking_uri(sys.argv[2])
    client = product.MlflowClient()
    found = {}
    for run in sys.argv[3:]:
        steps = [point.step for point in client.get_metric_history(run, "loss")]
        found[run] = [len(set(steps)), len(steps) - len(set(steps))]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
