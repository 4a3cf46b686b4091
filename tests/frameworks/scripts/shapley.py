"""Shapley values of models whose true ones are known, printed as JSON."""

import json
import sys

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from treering.evaluation.explanation import ExplanationOptions, explain


def main() -> None:
    rng = np.random.default_rng(0)
    table = {
        "a": rng.normal(size=60),
        "b": rng.normal(size=60),
        "city": rng.choice(np.array(["Oslo", "Rome"], object), 60),
        "count": rng.integers(0, 5, 60),
    }

    def price(given):
        return 3 * given["a"] + 0.5 * given["b"] + 2 * (given["city"] == "Rome")

    def word(given):
        return np.where(price(given) > 0, "yes", "no")

    def near(target, predicted):
        return -float(np.abs(target - predicted).mean())

    numbers = explain(price, table, price(table), ExplanationOptions(near, method="shap", seconds=600))
    words = explain(
        word, table, word(table), ExplanationOptions(lambda y, p: float((y == p).mean()), method="shap", seconds=600)
    )
    forest = RandomForestRegressor(10, random_state=0).fit(many := rng.normal(size=(300, 3)), many[:, 0] * 2)
    kept = {}
    trees = explain(
        forest.predict, many, many[:, 0] * 2,
        ExplanationOptions(near, method="shap", rows=200, model=forest, keep_rows=True, rows_to=kept.update),
    )  # fmt: skip
    shares = np.stack([kept[name] for name in "012"], axis=1)
    predicted = forest.predict(many[kept["row"]])
    # A pipeline is no tree, and is asked like any model.
    pipeline = make_pipeline(StandardScaler(), forest).fit(many, many[:, 0] * 2)
    asked = explain(
        pipeline.predict, many[:30], many[:30, 0], ExplanationOptions(near, method="shap", model=pipeline, seconds=600)
    )
    sys.stdout.write(
        json.dumps(
            {
                "method": numbers.method,
                "rows": numbers.rows,
                "numbers": {one.feature: one.value for one in numbers.importances},
                "words": [one.feature for one in words.importances],
                "trees": trees.rows,
                "exact": float(np.ptp(predicted - shares.sum(axis=1))),
                "first": [trees.importances[0].feature, asked.importances[0].feature],
                "outputs": sorted({one.output for one in words.dependences}),
                # Of a sum, the values are what each part is away from its mean over the background.
                "spread": float(3 * np.abs(table["a"] - table["a"].mean()).mean()),
            }
        )
    )


if __name__ == "__main__":
    main()
