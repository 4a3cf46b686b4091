"""What a model goes by: the features that matter are found, in any form of table, and in the time allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from treering.core.errors import InvalidInput, UnknownPlugin
from treering.evaluation.explanation import ExplanationOptions, explain


def table(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "noise": rng.normal(size=n),
            "income": rng.normal(50, 10, n),
            "city": pd.Categorical(rng.choice(["Oslo", "Rome"], n)),
            "member": rng.random(n) < 0.5,
        }
    )


def price(frame: pd.DataFrame) -> Any:
    rome = (frame["city"].astype(object) == "Rome").to_numpy()
    return frame["income"].to_numpy(float) * 3 + frame["age"].to_numpy(float) / 10 + 20 * rome


OPTIONS = ExplanationOptions(r2_score, "r2_score")


def test_features_stand_in_the_order_in_which_the_model_uses_them() -> None:
    data = table()
    found = explain(price, data, price(data), OPTIONS)
    assert [one.feature for one in found.importances[:3]] == ["income", "city", "age"]
    assert {one.feature: one.value for one in found.importances[3:]} == {"noise": 0.0, "member": 0.0}
    assert (found.method, found.metric, found.rows) == ("permutation", "r2_score", 600)


def test_importances_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(500, 3))
    model = LinearRegression().fit(matrix, matrix @ [3.0, 1.0, 0.0])
    target = matrix @ [3.0, 1.0, 0.0] + rng.normal(size=500)
    theirs = permutation_importance(model, matrix, target, n_repeats=30, random_state=0).importances_mean
    found = explain(model.predict, matrix, target, ExplanationOptions(r2_score, repeats=30, features=["a", "b", "c"]))
    mine = {one.feature: one.value for one in found.importances}
    assert [mine[name] for name in "abc"] == pytest.approx(theirs, abs=0.05)


def test_dependences_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(200, 2))
    model = LinearRegression().fit(matrix, matrix @ [3.0, 1.0])
    found = explain(model.predict, matrix, matrix @ [3.0, 1.0], ExplanationOptions(r2_score, points=10))
    one = found.dependences[0]
    theirs = partial_dependence(model, matrix, [0], custom_values={0: np.array(one.values)})
    assert one.feature == "0"
    assert one.mean == pytest.approx(theirs["average"][0])
    assert len(one.individual) == 30


def test_a_metric_where_less_is_better_gives_positive_importances() -> None:
    data = table()
    options = ExplanationOptions(lambda y, p: float(np.abs(y - p).mean()), "mae", greater_is_better=False)
    assert explain(price, data, price(data), options).importances[0].value > 1


def test_dependence_on_a_category_and_on_a_truth_value() -> None:
    data = table()
    found = explain(price, data, price(data), OPTIONS)
    city = next(one for one in found.dependences if one.feature == "city")
    means = dict(zip(city.values, city.mean, strict=True))
    assert means["Rome"] - means["Oslo"] == pytest.approx(20)
    assert any(one.feature == "member" for one in found.dependences)


@pytest.mark.parametrize("form", ["labels", "two scores", "three scores"])
def test_classes_and_scores_have_dependences_too(form: str) -> None:
    matrix = np.random.default_rng(0).normal(size=(300, 2))

    def predict(rows: Any) -> Any:
        high = 1 / (1 + np.exp(-4 * rows[:, 0]))
        if form == "labels":
            return np.where(high > 0.5, "yes", "no")
        return np.stack([1 - high, high] if form == "two scores" else [1 - high, high / 2, high / 2], axis=1)

    def score(target: Any, predicted: Any) -> float:
        said = predicted if form == "labels" else np.where(np.argmax(predicted, axis=1) > 0, "yes", "no")
        return float((target == said).mean())

    labels = ["no", "yes"] if form == "two scores" else ["a", "b", "c"] if form == "three scores" else []
    target = np.where(matrix[:, 0] > 0, "yes", "no")
    found = explain(predict, matrix, target, ExplanationOptions(score, labels=labels))
    outputs = [one.output for one in found.dependences if one.feature == "0"]
    assert outputs == (["a", "b", "c"] if form == "three scores" else ["yes"])
    first = found.dependences[0]
    assert first.mean[0] < first.mean[-1] or form == "three scores"


def test_a_dictionary_of_columns_is_a_table() -> None:
    data = table()
    columns = {name: data[name].to_numpy() for name in data}
    found = explain(lambda given: price(pd.DataFrame(given)), columns, price(data), OPTIONS)
    assert found.importances[0].feature == "income"


def test_nothing_given_is_changed() -> None:
    data = table()
    before = data.copy()
    explain(price, data, price(data), OPTIONS)
    pd.testing.assert_frame_equal(data, before)


def test_when_time_is_over_it_says_what_was_left_out() -> None:
    data = table()
    found = explain(price, data, price(data), ExplanationOptions(r2_score, seconds=-1))
    assert len(found.importances) == 1
    assert found.dependences == ()
    assert found.notes == (
        "The time was over after 1 of 5 features.",
        "The time was over before the dependence on age could be looked at.",
    )


def test_only_a_sample_of_many_rows_is_asked_about() -> None:
    asked: list[int] = []

    def predict(matrix: Any) -> Any:
        asked.append(len(matrix))
        return matrix[:, 0]

    matrix = np.random.default_rng(0).normal(size=(10_000, 2))
    found = explain(predict, matrix, matrix[:, 0], ExplanationOptions(r2_score, rows=500))
    assert found.rows == 500
    assert max(asked) <= 20 * 300


def test_what_has_no_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1 dimensions"):
        explain(price, ["a text", "another"], [1, 2], OPTIONS)
    with pytest.raises(InvalidInput, match="600 rows and 3 targets"):
        explain(price, table(), [1, 2, 3], OPTIONS)
    with pytest.raises(UnknownPlugin, match="permutation, shap"):
        explain(price, table(), price(table()), ExplanationOptions(r2_score, method="tea leaves"))
