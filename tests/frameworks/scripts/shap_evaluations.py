"""Models of every kind, evaluated with `explain="shap"`; what was found, as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression

import treering


def main() -> None:
    treering.set_tracking_uri(Path("home"))
    dice = np.random.default_rng(0)
    rows = pd.DataFrame(dice.normal(size=(200, 3)), columns=["weak", "strong", "nothing"])
    worth = 0.5 * rows.weak + 2 * rows.strong
    cuts = pd.Series(np.digitize(worth, [-1.0, 1.0])).map({0: "low", 1: "middle", 2: "high"})
    found: dict[str, Any] = {}
    for name, model, target, kind in (
        ("two", LogisticRegression(), (worth > 0).astype(int), "classifier"),
        ("three", LogisticRegression(), cuts, "classifier"),
        ("number", LinearRegression(), worth, "regressor"),
    ):
        result = treering.evaluate(
            model.fit(rows, target), rows.assign(target=target), targets="target", model_type=kind,
            explain={"method": "shap", "seconds": 600}, card=False, intervals=False,
        )  # fmt: skip
        explanation = result.evaluation.explanation
        found[name] = {
            "method": explanation.method,
            "features": [one.feature for one in explanation.importances],
            "values": [one.value for one in explanation.importances],
            "outputs": sorted({one.output for one in explanation.dependences}),
            "plot": "feature_importance_plot" in result.artifacts,
        }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
