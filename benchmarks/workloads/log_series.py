"""One of several programs that log columns of points through a server at once; driven by `ingesting.py` through its pipes.

Prints "ready" when its run has begun, starts when it reads a line, and prints when
everything is stored.
"""

from __future__ import annotations

import sys

import numpy as np

import treering

uri, count, size, keys = sys.argv[1], *map(int, sys.argv[2:])
treering.set_tracking_uri(uri)
rows = size // keys
values = np.random.default_rng(0).normal(size=rows)
with treering.start_run():
    treering.flush()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        steps = np.arange(number * rows, (number + 1) * rows)
        for key in range(keys):
            treering.log_series(f"metric{key}", values, steps, 1_700_000_000_000 + steps)
    treering.flush()
    print("[]", flush=True)
