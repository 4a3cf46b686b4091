"""A logistic regression by gradient descent, with nothing but the standard library."""

import json
import math
import re
import sys
from pathlib import Path

text = Path("params.yaml").read_text()
epochs = int(re.search(r"epochs: (\d+)", text)[1])
rate = float(re.search(r"lr: ([\d.]+)", text)[1])
rows = [[float(cell) for cell in line.split(",")] for line in (Path(sys.argv[1]) / "train.csv").open().readlines()[1:]]
weights = [0.0] * len(rows[0])
for epoch in range(1, epochs + 1):
    slope, loss = [0.0] * len(weights), 0.0
    for label, *cells in rows:
        score = weights[0] + sum(weight * cell for weight, cell in zip(weights[1:], cells, strict=True))
        guess = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
        loss -= math.log(max(1e-9, guess if label else 1 - guess))
        for at, cell in enumerate([1.0, *cells]):
            slope[at] += (guess - label) * cell
    weights = [weight - rate * step / len(rows) for weight, step in zip(weights, slope, strict=True)]
    print(f"epoch {epoch}/{epochs}  loss {loss / len(rows):.4f}", flush=True)
Path(sys.argv[2]).write_text(json.dumps({"weights": [round(weight, 6) for weight in weights]}) + "\n")
