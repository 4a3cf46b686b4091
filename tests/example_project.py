"""A whole project as DVC's get-started has it, small and in plain Python: data, prepare, featurize, train, evaluate.

`write_example` writes it into a folder; the data is made by a formula, so that each
machine has the same bytes and thus the same lock file.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

__all__ = ["DATA", "STAGES", "write_example"]

DATA = "data/data.csv"
"""What is to be tracked with `data add` before the pipeline runs."""

STAGES = ("prepare", "featurize", "train", "evaluate")
"""In the order in which they run."""

_PARAMS = """\
prepare:
  split: 0.2
  seed: 20170428

featurize:
  max_features: 6
  degree: 2

train:
  seed: 20170428
  epochs: 40
  rate: 0.5
"""

_PIPELINE = """\
vars:
- folder: prepared

stages:
  prepare:
    cmd: python src/prepare.py data/data.csv data/${folder}
    deps:
    - data/data.csv
    - src/prepare.py
    params:
    - prepare.seed
    - prepare.split
    outs:
    - data/${folder}
  featurize:
    cmd: python src/featurize.py data/${folder} data/features
    deps:
    - data/${folder}
    - src/featurize.py
    params:
    - featurize
    outs:
    - data/features
  train:
    cmd: python src/train.py data/features model.json
    deps:
    - data/features
    - src/train.py
    params:
    - train.epochs
    - train.rate
    - train.seed
    outs:
    - model.json
    plots:
    - eval/loss.csv:
        cache: false
        x: epoch
        y: loss
  evaluate:
    cmd: python src/evaluate.py model.json data/features
    deps:
    - data/features
    - model.json
    - src/evaluate.py
    metrics:
    - eval/metrics.json:
        cache: false
    plots:
    - eval/roc.csv:
        cache: false
        x: fpr
        y: tpr
    outs:
    - eval/importance.svg

plots:
- ROC:
    x: fpr
    y:
      eval/roc.csv: tpr
    title: Receiver operating characteristic

artifacts:
  classifier:
    path: model.json
    type: model
    desc: Tells a good day from a bad one
"""

_PREPARE = '''\
"""Split the table into one to learn from and one to judge by."""
import csv
import pathlib
import random
import sys


def params():
    """The section `prepare` of params.yaml, which is simple enough to be read without a parser."""
    lines = pathlib.Path("params.yaml").read_text().split("prepare:")[1].splitlines()[1:3]
    return {key.strip(): float(value) for key, value in (line.split(":") for line in lines)}


source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
chosen = params()
rows = list(csv.reader(source.open()))
header, body = rows[0], rows[1:]
order = random.Random(int(chosen["seed"]))
order.shuffle(body)
cut = int(len(body) * chosen["split"])
target.mkdir(parents=True)
for name, part in (("test.csv", body[:cut]), ("train.csv", body[cut:])):
    with (target / name).open("w", newline="") as file:
        csv.writer(file, lineterminator="\\n").writerows([header, *part])
'''

_FEATURIZE = '''\
"""Powers of the columns, scaled."""
import csv
import pathlib
import sys

source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
section = pathlib.Path("params.yaml").read_text().split("featurize:")[1].splitlines()[1:3]
chosen = {key.strip(): int(value) for key, value in (line.split(":") for line in section)}
target.mkdir(parents=True)
for name in ("test.csv", "train.csv"):
    with (source / name).open() as file, (target / name).open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\\n")
        for row in list(csv.reader(file))[1:]:
            *values, label = map(float, row)
            features = [round(value**power / 10**power, 6) for power in range(1, chosen["degree"] + 1) for value in values]
            writer.writerow([int(label), *features[: chosen["max_features"]]])
'''

_TRAIN = '''\
"""Logistic regression by gradient descent."""
import csv
import json
import math
import pathlib
import random
import sys

source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
section = pathlib.Path("params.yaml").read_text().split("train:")[1].splitlines()[1:4]
chosen = {key.strip(): float(value) for key, value in (line.split(":") for line in section)}
rows = [list(map(float, row)) for row in csv.reader((source / "train.csv").open())]
order = random.Random(int(chosen["seed"]))
weights = [order.uniform(-0.1, 0.1) for _ in rows[0]]
losses = []
for epoch in range(int(chosen["epochs"])):
    loss, gradient = 0.0, [0.0] * len(weights)
    for label, *features in rows:
        inputs = [1.0, *features]
        score = sum(weight * value for weight, value in zip(weights, inputs))
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
        loss -= math.log(max(chance if label else 1 - chance, 1e-12))
        for index, value in enumerate(inputs):
            gradient[index] += (chance - label) * value
    weights = [weight - chosen["rate"] * slope / len(rows) for weight, slope in zip(weights, gradient)]
    losses.append((epoch, round(loss / len(rows), 6)))
target.write_text(json.dumps({"weights": [round(weight, 6) for weight in weights]}) + "\\n")
pathlib.Path("eval").mkdir(exist_ok=True)
with open("eval/loss.csv", "w", newline="") as file:
    csv.writer(file, lineterminator="\\n").writerows([("epoch", "loss"), *losses])
'''

_EVALUATE = '''\
"""How good it is: accuracy, loss, the ROC curve, and a picture of the weights."""
import csv
import json
import math
import pathlib
import sys

weights = json.loads(pathlib.Path(sys.argv[1]).read_text())["weights"]
scored = []
for label, *features in csv.reader((pathlib.Path(sys.argv[2]) / "test.csv").open()):
    score = sum(weight * value for weight, value in zip(weights, [1.0, *map(float, features)]))
    scored.append((1 / (1 + math.exp(-score)), int(float(label))))
right = sum((chance >= 0.5) == bool(label) for chance, label in scored)
loss = -sum(math.log(max(chance if label else 1 - chance, 1e-12)) for chance, label in scored) / len(scored)
metrics = {"accuracy": round(right / len(scored), 6), "loss": round(loss, 6), "test": {"rows": len(scored)}}
pathlib.Path("eval").mkdir(exist_ok=True)
pathlib.Path("eval/metrics.json").write_text(json.dumps(metrics, indent=2) + "\\n")
positive = sum(label for _, label in scored) or 1
negative = len(scored) - positive or 1
points, hits, misses = [(0.0, 0.0)], 0, 0
for _, label in sorted(scored, reverse=True):
    hits, misses = hits + label, misses + 1 - label
    points.append((round(misses / negative, 6), round(hits / positive, 6)))
with open("eval/roc.csv", "w", newline="") as file:
    csv.writer(file, lineterminator="\\n").writerows([("fpr", "tpr"), *points])
bars = "".join(
    f'<rect x="{20 * index}" y="{100 - 20 * abs(weight):.2f}" width="16" height="{20 * abs(weight):.2f}"/>'
    for index, weight in enumerate(weights)
)
pathlib.Path("eval/importance.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{bars}</svg>\\n')
'''

_SCRIPTS = {"prepare": _PREPARE, "featurize": _FEATURIZE, "train": _TRAIN, "evaluate": _EVALUATE}


def _table(rows: int) -> str:
    lines = ["warmth,wind,hour,good"]
    state = 42
    for number in range(rows):
        state = (1103515245 * state + 12345) % 2**31
        warmth, wind, hour = state % 31, state // 31 % 13, number % 24
        lines.append(f"{warmth},{wind},{hour},{int(warmth > wind + (state >> 16) % 7)}")
    return "\n".join(lines) + "\n"


def write_example(folder: Path, rows: int = 400) -> Path:
    """Write the project into a folder, which is made; it is no repository yet. The folder."""
    files = {
        DATA: _table(rows),
        "params.yaml": _PARAMS,
        "dvc.yaml": _PIPELINE,
        "README.md": textwrap.dedent("""\
            # Good days
            Tells good days from bad ones. `dvc repro`, or `treering repro`, makes the model.
            """),
        **{f"src/{name}.py": text for name, text in _SCRIPTS.items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
