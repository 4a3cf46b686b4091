"""How well the model tells the posts apart that it has not seen."""

import json
import math
import sys
from pathlib import Path

weights = json.loads(Path(sys.argv[1]).read_text())["weights"]
rows = [[float(cell) for cell in line.split(",")] for line in (Path(sys.argv[2]) / "test.csv").open().readlines()[1:]]
scored = []
for label, *cells in rows:
    score = weights[0] + sum(weight * cell for weight, cell in zip(weights[1:], cells, strict=True))
    scored.append((1 / (1 + math.exp(-max(-30.0, min(30.0, score)))), label))
scored.sort(reverse=True)
positives = sum(label for _, label in scored) or 1.0
found, precision, curve = 0.0, 0.0, []
for number, (_, label) in enumerate(scored, 1):
    found += label
    precision += label * found / number / positives
    curve.append((found / positives, found / number))
loss = -sum(math.log(max(1e-9, score if label else 1 - score)) for score, label in scored) / len(scored)
right = sum((score > 0.5) == bool(label) for score, label in scored) / len(scored)
Path("eval").mkdir(exist_ok=True)
metrics = {"avg_prec": round(precision, 6), "accuracy": round(right, 6), "loss": round(loss, 6)}
Path("eval/metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
Path("eval/curve.csv").write_text("recall,precision\n" + "".join(f"{r:.4f},{p:.4f}\n" for r, p in curve[::5]))
print(json.dumps(metrics))
