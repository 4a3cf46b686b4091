"""What a call of a saved model costs by itself: microseconds for one row and for 100, in this process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from treering.models.flavours.base import LoadOptions
from treering.models.loading import load

CALLS = 2000


def cost(folder: Path, rows: np.ndarray) -> float:
    """The median, in microseconds, of the model's own object where it is there, as a user would call it."""
    loaded = load(folder, LoadOptions(allow_code=True))
    call = loaded.predict if (folder / "compiled").exists() else loaded.native.predict
    taken = []
    for number in range(CALLS + 100):
        began = time.perf_counter()
        call(rows)
        if number >= 100:
            taken.append(time.perf_counter() - began)
    return median(taken) * 1e6


if __name__ == "__main__":
    some = np.load(sys.argv[2])
    print(json.dumps({"1": cost(Path(sys.argv[1]), some[:1]), "100": cost(Path(sys.argv[1]), some[:100])}))
