"""Data and answers that nobody can judge are refused before anything is written; odd ones get a sensible answer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import treering
from treering.client.evaluating.plots.svg import SvgPlotter
from treering.core.errors import InvalidInput
from treering.entities.evaluation import Evaluation
from treering.models import EvaluationResult

DICE = np.random.default_rng(0)
ROWS = 200
X = pd.DataFrame(DICE.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
Y = (X.a > 0).astype(int)
QUERIES = {"evaluator_config": {"query": "q"}, "model_type": "ranker", "predictions": "p"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    treering.set_tracking_uri(tmp_path / "home")
    return tmp_path


def sign(rows: Any) -> Any:
    return (np.asarray(rows)[:, 0] > 0).astype(int)


def first(rows: Any) -> Any:
    return np.asarray(rows)[:, 0]


def judged(model: Any, data: Any, **options: Any) -> EvaluationResult:
    given: dict[str, Any] = {"targets": "y", "model_type": "classifier", "intervals": 20, "plots": False, "card": False}
    return treering.evaluate(model, data, **given | options)


def found(result: EvaluationResult) -> Evaluation:
    assert result.evaluation is not None
    return result.evaluation


def labelled(values: Any) -> pd.DataFrame:
    return X.assign(y=values)


def queries(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"q": [1, 1, 2], "y": [1, 0, 1], "p": [0.1, 0.2, 0.3]} | columns)


def own(name: str, value: Any = 0.5, parts: Any = None) -> Any:
    def eval_fn(predictions: Any, targets: Any) -> Any:  # noqa: ARG001  # as metrics are called
        return value if parts is None else treering.metrics.MetricValue(aggregate_results=parts)

    return treering.metrics.make_metric(eval_fn=eval_fn, greater_is_better=True, name=name)


REGRESSOR = {"model_type": "regressor"}
GIVEN = {"predictions": "p", "scores": "s"}


@pytest.mark.parametrize(
    ("model", "data", "options", "why"),
    [
        (sign, labelled(np.where(X.a > 2, np.nan, Y)), {}, "missing in some rows"),
        (sign, labelled(pd.array([None] + [1] * (ROWS - 1), dtype="Int64")), {}, "missing in some rows"),
        (first, labelled(np.where(X.a > 2, np.nan, Y)), REGRESSOR, "targets hold nan in row"),
        (first, labelled(np.where(X.a > 2, np.inf, Y)), REGRESSOR, "targets hold inf in row"),
        (first, labelled("dear"), REGRESSOR, "must be numbers"),
        (lambda rows: np.ones(len(rows)), labelled(1), {}, "Name them all"),
        (sign, labelled([[1]] * ROWS), {}, "cannot be put in order"),
        (sign, labelled(Y).head(0), {}, "no row to judge"),
        (first, labelled(Y).head(0), REGRESSOR, "no row to judge"),
        (sign, [], {"targets": []}, "rows x features"),
        (lambda rows: sign(rows)[:-3], labelled(Y), {}, "200 targets and 197 predictions"),
        (lambda rows: np.zeros(len(rows) + 1), labelled(Y), REGRESSOR, "200 targets and 201 predictions"),
        (lambda _: np.full((5, 2), 0.5), labelled(Y), {}, "200 targets and 5 predictions"),
        (lambda rows: np.zeros((len(rows), 2, 2)), labelled(Y), {}, "must be one column"),
        (lambda rows: np.full(len(rows), np.nan), labelled(Y), {}, "missing in some rows"),
        (lambda rows: np.full(len(rows), np.nan), labelled(Y), REGRESSOR, "predictions hold nan"),
        (lambda rows: np.full((len(rows), 2), np.nan), labelled(Y), {}, "no finite numbers"),
        (lambda _: None, labelled(Y), {}, "answered nothing"),
        (lambda rows: np.array(["n", "y"])[sign(rows)], labelled(Y), {}, "of one type"),
        (sign, pd.concat([X, X[["a"]], Y.rename("y")], axis=1), {}, "Names must differ"),
        (sign, labelled(Y), {"baseline": lambda _: [1]}, "200 targets and 1 predictions"),
        (sign, labelled(Y), {"custom_artifacts": [lambda *_: {"slice_metrics": {}}], "slices": ["a"]}, "Rename one"),
        (sign, labelled(Y), {"custom_artifacts": [lambda *_: {"../x": {}}]}, "must not climb out"),
        (sign, labelled(Y), {"custom_artifacts": [lambda *_: {"evaluation/evaluation": {}}]}, "Rename one"),
        (sign, labelled(Y), {"extra_metrics": [own("..")]}, "normal form"),
        (sign, labelled(Y), {"extra_metrics": [own("<b>")]}, "may hold only"),
        (sign, labelled(Y), {"extra_metrics": [own("m", parts={"<b>": 1.0})]}, "may hold only"),
        (sign, labelled(Y), {"evaluator_config": {"sample_weights": ["heavy"] * ROWS}}, "must be numbers"),
        (sign, labelled(Y).assign(s=np.nan), {"scores": "s"}, "no finite numbers"),
        (sign, labelled(Y).assign(s="high"), {"scores": "s"}, "are no numbers"),
        (sign, labelled(Y).assign(s=[[1]] * ROWS), {"slices": ["s"]}, "cannot be told apart"),
        (first, labelled(1e100), REGRESSOR | {"sensitive": {"g": [1, 2] * 100}}, "beyond 1e"),
        (None, labelled(Y).assign(p=np.where(X.a > 2, np.nan, Y), s=0.5), GIVEN, "missing in some rows"),
        (sign, labelled(Y), {"extra_metrics": 5}, "give a list"),
        (sign, labelled(Y), {"custom_artifacts": [5]}, "are functions"),
        (sign, labelled(Y), {"evaluator_config": 5}, "must be a dictionary"),
        (sign, labelled(Y), {"evaluator_config": {"col_mapping": 5}}, "must be a dictionary"),
        (sign, labelled(Y), {"slices": 5}, "give a text"),
        (sign, labelled(Y), {"thresholds": 5}, "give a text"),
        (sign, labelled(Y), {"value_matrix": {"tp": 1}, "model_cost": "much"}, "give a number"),
        (sign, labelled(Y), {"explain": {"rows": -1}}, "rows=-1: give a whole number from 1 on"),
        (sign, labelled(Y), {"explain": {"seconds": "ten"}}, "seconds=.ten.: give a number"),
        (sign, labelled(Y), {"robustness": {"missing": [2]}}, "give a number between 0 and 1"),
        (sign, labelled(Y), {"robustness": {"noise": [math.nan]}}, "give a number"),
        (sign, labelled(Y), {"robustness": {"only": ["z"]}}, "no feature 'z'"),
        (None, queries().head(0), QUERIES, "no row to judge"),
        (None, queries(p=[0.1, np.nan, 0.3]), QUERIES, "predictions of a ranker are missing in row 1"),
        (None, queries(y=[1, np.nan, 0.3]), QUERIES, "targets of a ranker are missing in row 1"),
        (None, queries(y=["a", "b", "c"]), QUERIES, "must be numbers"),
    ],
)
def test_what_cannot_be_judged_leaves_nothing_in_the_run(model: Any, data: Any, options: Any, why: str) -> None:
    with treering.start_run() as run, pytest.raises(InvalidInput, match=why):
        judged(model, data, **options)
    stored = treering.get_run(run.info.run_id)
    assert (stored.data.metrics, stored.inputs.dataset_inputs) == ({}, ())
    left = [one.path for one in treering.artifacts.list_artifacts(run_id=run.info.run_id)]
    assert left == ["treering"] or not left  # what every run holds of its own


def test_one_class_is_judged_where_both_are_named() -> None:
    sure = judged(
        lambda rows: np.column_stack([np.zeros(len(rows)), np.ones(len(rows))]), labelled(1),
        evaluator_config={"label_list": [0, 1]}, plots=True, value_matrix={"tp": 1},
    )  # fmt: skip
    assert sure.metrics["accuracy_score"] == 1
    assert "roc_auc" not in sure.metrics
    assert {"roc_curve_plot"}.isdisjoint(sure.artifacts)


@pytest.mark.parametrize("answer", [0, 0.5], ids=["label", "score"])
def test_a_constant_answer_is_judged_as_any_other(answer: float) -> None:
    result = judged(
        lambda rows: np.full(len(rows), answer), labelled(Y), slices=["a"], value_matrix={"tp": 1, "fp": -1},
        explain=True, robustness=True, plots=True,
    )  # fmt: skip
    assert all(math.isfinite(value) for value in result.metrics.values())
    explanation = found(result).explanation
    assert explanation is not None
    assert {one.value for one in explanation.importances} == {0.0}


def test_a_constant_regressor_is_judged_as_any_other() -> None:
    result = judged(lambda rows: np.ones(len(rows)), labelled(1.0), explain=True, robustness=True, **REGRESSOR)
    assert result.metrics["max_error"] == 0
    stood = found(result).robustness
    assert stood is not None
    assert (stood.metric, stood.value, stood.greater_is_better) == ("root_mean_squared_error", 0.0, False)


def test_ten_thousand_classes_take_no_square_of_room() -> None:
    many = 10_000
    labels = np.arange(2 * many) % many
    table = pd.DataFrame({"a": DICE.normal(size=2 * many), "y": labels})
    result = judged(lambda rows: np.arange(len(rows)) % many, table, plots=True)
    assert result.metrics["f1_score"] == 1
    assert "confusion_matrix" not in result.artifacts
    assert len(result.artifacts["per_class_metrics"].content) == many
    texts = table.assign(y=[f"c{label}" for label in labels])
    named = np.array([f"c{label}" for label in range(many)])
    assert judged(lambda rows: named[np.arange(len(rows)) % many], texts, explain=True).metrics["f1_score"] == 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [(np.float32(0.5), 0.5), (np.int64(3), 3), (True, 1), (2**70, 2**70), (math.inf, math.inf), (np.longdouble(2), 2)],
)
def test_a_metric_may_be_any_real_number(value: Any, kept: float) -> None:
    result = judged(sign, labelled(Y), extra_metrics=[own("m", value), own("n", parts={"n": value, "more": value})])
    assert [result.metrics[name] for name in ("m", "n", "n/more")] == [kept] * 3
    stored = treering.artifacts.load_dict(f"runs:/{result.run_id}/evaluation/evaluation.json")
    assert float(stored["metrics"]["m"]) == kept
    assert treering.get_run(result.run_id).data.metrics["m"] == kept


@pytest.mark.parametrize("value", [10**400, 1j, np.complex128(1j), "x", None])
def test_a_metric_that_is_no_real_number_is_left_out(value: Any) -> None:
    assert set(judged(sign, labelled(Y), extra_metrics=[own("m", value)]).metrics).isdisjoint({"m"})


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_slice_that_weighs_nothing_has_no_metrics(kind: str) -> None:
    table = labelled(Y).assign(g=["a", "b"] * 100)
    weights = np.where(table.g == "a", 0.0, 1.0)
    result = judged(
        lambda rows: sign(rows.drop(columns="g")), table, model_type=kind, slices=["g"],
        evaluator_config={"sample_weights": weights},
    )  # fmt: skip
    assert [(part.name, part.rows, bool(part.metrics)) for part in found(result).slices] == [
        ("g=a", 100, False),
        ("g=b", 100, True),
    ]


def test_names_with_dollars_begin_no_formula_in_a_plot() -> None:
    names = np.array([r"$\foo{$", "$a$"])
    table = X.rename(columns={"a": r"$\bar{$"}).assign(y=names[Y])
    result = judged(
        lambda rows: names[sign(rows)], table, plots=True, explain=True, value_matrix={"tp": 1},
        evaluator_config={"pos_label": names[0]},
    )  # fmt: skip
    assert {"confusion_matrix", "feature_importance_plot"} <= set(result.artifacts)


def test_small_slices_of_a_sensitive_column_are_hidden_whatever_they_are_called() -> None:
    table = labelled(Y).assign(age=np.arange(ROWS), page=["x"] * 5 + ["y"] * 195)
    told = judged(
        lambda rows: sign(rows.drop(columns="page")), table, sensitive=["age"],
        slices={"old": "age >= 195", "rest": "page == x", "young": "age < 100"},
    )  # fmt: skip
    assert [part.name for part in found(told).slices] == ["rest"]


def test_many_numbers_are_no_classes() -> None:
    table = pd.DataFrame({"a": DICE.normal(size=30_000), "y": DICE.normal(size=30_000)})
    with pytest.raises(InvalidInput, match="Is this a regressor"):
        judged(first, table)


def test_columns_may_have_any_name() -> None:
    odd = ["ä ö/ü", "<b>x</b>", "a'b\"c`", "line\nbreak", " "]
    table = pd.DataFrame(DICE.normal(size=(ROWS, 5)), columns=odd).assign(y=Y)
    result = judged(
        sign, table, slices=["ä ö/ü", "`<b>x</b>` > 0"], explain=True, robustness=True, sensitive=["line\nbreak"],
        plots=True,
    )  # fmt: skip
    record = found(result)
    assert [part.name for part in record.slices][-1] == "`<b>x</b>` > 0"
    assert record.explanation is not None
    assert {one.feature for one in record.explanation.importances} == set(odd) - {"line\nbreak"}
    assert found(judged(sign, pd.DataFrame(X.to_numpy()).assign(y=Y), slices=["0"])).slices[0].name.startswith("0 in")


def test_many_classes_are_explained_by_their_probabilities() -> None:
    cuts = np.digitize(X.a, [-0.5, 0.5])

    def model(rows: pd.DataFrame) -> Any:
        near = np.exp(-((np.asarray(rows)[:, :1] - np.array([-1.0, 0.0, 1.0])) ** 2))
        return near / near.sum(axis=1, keepdims=True)

    record = found(judged(model, labelled(np.array(["low", "middle", "top"])[cuts]), explain=True, robustness=True))
    assert record.explanation is not None
    assert record.explanation.metric == "accuracy_score"
    assert record.explanation.importances[0].feature == "a"
    assert {one.output for one in record.explanation.dependences} == {"low", "middle", "top"}
    assert record.robustness is not None
    worse = {one.name: one.change for one in record.robustness.probes}
    assert (worse["a: moved by +1 standard deviations"] or 0) < 0
    assert worse["b: moved by +1 standard deviations"] == 0


def test_a_ranker_is_sliced_by_query_and_compared_in_pairs_by_the_same_queries() -> None:
    table = pd.DataFrame({"q": np.repeat(np.arange(40), 5), "y": DICE.random(200) > 0.6, "f": DICE.normal(size=200)})
    table["lang"] = np.where(table.q % 4, "de", "en")
    weak = judged(None, table.assign(p=DICE.random(200)), **QUERIES)
    good = judged(None, table.assign(p=table.y + 0.0), slices=["lang"], baseline=weak, **QUERIES)
    record = found(good)
    assert [(part.name, part.rows) for part in record.slices] == [("lang=de", 30), ("lang=en", 10)]
    assert record.comparison is not None
    assert record.comparison.paired
    assert {one.metric: one.better for one in record.comparison.differences}["ndcg_at_3/mean"] is True


def test_a_drawing_stays_one_whatever_names_hold() -> None:
    drawn = SvgPlotter().bars([1.0], ["a\x00\x1b\ud800<b>&"], "title \x07", "x")
    texts = [one.text for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert any(text and text.endswith("<b>&") for text in texts)
