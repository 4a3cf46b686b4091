"""Shapley values of models whose true ones are known, printed as JSON."""

import json
import sys

import numpy as np

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
    sys.stdout.write(
        json.dumps(
            {
                "method": numbers.method,
                "rows": numbers.rows,
                "numbers": {one.feature: one.value for one in numbers.importances},
                "words": [one.feature for one in words.importances],
                "outputs": sorted({one.output for one in words.dependences}),
                # Of a sum, the values are what each part is away from its mean over the background.
                "spread": float(3 * np.abs(table["a"] - table["a"].mean()).mean()),
            }
        )
    )


if __name__ == "__main__":
    main()
