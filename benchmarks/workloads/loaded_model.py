"""Save models, or load one and ask it once. With the name of a module: a whole process that a benchmark times."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np


def save(folder: Path) -> None:
    """Save a model of each kind, and what each is asked."""
    pandas = import_module("pandas")
    pipeline = import_module("sklearn.pipeline").make_pipeline
    scaler = import_module("sklearn.preprocessing").StandardScaler
    logistic = import_module("sklearn.linear_model").LogisticRegression
    forest = import_module("sklearn.ensemble").RandomForestClassifier
    neighbours = import_module("sklearn.neighbors").KNeighborsClassifier
    treering = import_module("treering")
    rows = np.random.default_rng(0).normal(size=(2_000, 10))
    target = (rows[:, 0] + rows[:, 1] ** 2 > 1).astype(int)
    np.save(folder / "rows.npy", rows[:100])
    named = pandas.DataFrame(rows, columns=[f"c{number}" for number in range(10)])
    models = {
        "pipeline": (pipeline(scaler(), logistic()), rows),
        "forest": (forest(100, max_depth=8, random_state=0), rows),
        "table": (pipeline(scaler(), logistic()), named),
        "neighbours": (neighbours(), rows),
    }
    for name, (model, data) in models.items():
        treering.sklearn.save_model(model.fit(data, target), folder / name, input_example=data[:2])


def ask(module: str, folder: Path, name: str) -> None:
    """Load one and print the sum of its answers."""
    rows = np.load(folder / "rows.npy")
    if name == "table":
        rows = import_module("pandas").DataFrame(rows, columns=[f"c{number}" for number in range(10)])
    model = import_module(f"{module}.pyfunc").load_model(str(folder / name))
    print(int(np.sum(model.predict(rows))))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        ask(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
    else:
        save(Path(sys.argv[1]))
