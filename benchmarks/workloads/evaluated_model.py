"""Evaluate one classifier with MLflow's or Treering's `evaluate`, and print what it took and what was found, as JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_FEATURES = [f"c{number}" for number in range(10)]
_TRAINED_ON = 20_000


def main(module: str, folder: Path, rows: int, more: str) -> None:
    """Measure what the model's own answers take, and then the evaluation.

    Args:
        more: `plain` for what both can do, `all` for everything that Treering finds out besides.
    """
    library = import_module(module)
    library.set_tracking_uri(f"sqlite:///{folder}/{module}-{more}.db")
    library.set_experiment("evaluating")
    table, model = _made(rows)
    evaluate = library.models.evaluate
    options: dict[str, Any] = {"model_type": "classifier", "targets": "label"}
    config = {} if module == "treering" else {"log_model_explainability": False}
    if more == "all":
        options |= {
            "slices": ["country", "c0 >= 1"], "sensitive": ["sex"], "value_matrix": {"tp": 10, "fp": -2, "fn": -5},
            "explain": True, "robustness": True,
        }  # fmt: skip
    else:
        table = table.drop(columns=["country", "sex"])
    with library.start_run():
        info = library.sklearn.log_model(model, name="model")
    # What is loaded on the first use is not what is compared.
    evaluate(info.model_uri, table.head(500), evaluator_config=config, **options)
    start = time.process_time()
    model.predict(table[_FEATURES])
    model.predict_proba(table[_FEATURES])
    asked = time.process_time() - start
    wall, start = time.perf_counter(), time.process_time()
    result = evaluate(info.model_uri, table, evaluator_config=config, **options)
    took = time.process_time() - start
    figures = {name: float(value) for name, value in result.metrics.items()}
    print(json.dumps({"cpu": took, "wall": time.perf_counter() - wall, "predict": asked, "metrics": figures}))


def _made(rows: int) -> tuple[Any, Any]:
    pipeline = import_module("sklearn.pipeline").make_pipeline
    scaler = import_module("sklearn.preprocessing").StandardScaler
    logistic = import_module("sklearn.linear_model").LogisticRegression
    dice = np.random.default_rng(0)
    table = pd.DataFrame(dice.normal(size=(rows, len(_FEATURES))), columns=_FEATURES)
    table["label"] = (table.c0 + 0.5 * table.c1 + dice.normal(size=rows) > 0).astype(int)
    table["country"] = dice.choice(["DE", "FR", "US"], rows)
    table["sex"] = dice.choice(["f", "m"], rows)
    some = table.head(_TRAINED_ON)
    return table, pipeline(scaler(), logistic()).fit(some[_FEATURES], some["label"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
