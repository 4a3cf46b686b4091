"""`treering.evaluate`, with models and data in every form, and what it leaves in the run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import treering
from treering.client.evaluating import evaluators
from treering.core.errors import (
    DamagedData,
    InvalidInput,
    MissingExtra,
    NotFound,
    NotSupported,
    Unavailable,
    UnknownPlugin,
)
from treering.entities.evaluation import Explanation
from treering.evaluation.explanation import ExplanationOptions
from treering.evaluation.record import from_json
from treering.evaluation.rows import from_bytes
from treering.models import EvaluationResult, MetricThreshold, list_evaluators

DICE = np.random.default_rng(0)
X = pd.DataFrame(DICE.normal(size=(240, 3)), columns=["a", "b", "c"])
Y = ((X.a + 0.5 * X.b + DICE.normal(size=240) * 0.7) > 0).astype(int)
TABLE = X.assign(label=Y, sex=DICE.choice(["f", "m"], 240), country=DICE.choice(["DE", "FR"], 240))
CLASSIFIER = LogisticRegression().fit(X, Y)
QUICK: dict[str, Any] = {"plots": False, "intervals": 50, "card": False}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    treering.set_tracking_uri(tmp_path / "home")
    return tmp_path


def judged(model: Any = CLASSIFIER, data: Any = None, **options: Any) -> EvaluationResult:
    given: dict[str, Any] = {"targets": "label", "model_type": "classifier", **QUICK, **options}
    return treering.evaluate(model, TABLE[["a", "b", "c", "label"]] if data is None else data, **given)


def fetched(run_id: str, path: str) -> bytes:
    return Path(treering.artifacts.download_artifacts(run_id=run_id, artifact_path=path)).read_bytes()


def test_the_run_holds_metrics_dataset_record_and_rows() -> None:
    with treering.start_run() as run:
        result = judged()
    assert result.run_id == run.info.run_id
    stored = treering.get_run(run.info.run_id)
    assert stored.data.metrics == result.metrics
    assert [one.dataset.name for one in stored.inputs.dataset_inputs] == ["dataset"]
    record = from_json(fetched(run.info.run_id, "evaluation/evaluation.json"))
    assert record == result.evaluation
    assert record.rows == 240
    assert record.positive == "1"
    assert record.intervals["roc_auc"].low < record.metrics["roc_auc"] < record.intervals["roc_auc"].high
    rows = from_bytes(fetched(run.info.run_id, "evaluation/rows.npz"))
    assert rows.target.tolist() == Y.tolist()
    assert rows.dataset_digest == record.dataset_digest


def test_a_run_of_its_own_ends_with_the_evaluation() -> None:
    result = judged()
    assert treering.active_run() is None
    assert treering.get_run(result.run_id or "").info.status == "FINISHED"


def test_a_registered_model_is_judged_and_its_logged_model_has_the_metrics() -> None:
    with treering.start_run():
        info = treering.sklearn.log_model(CLASSIFIER, name="m", registered_model_name="reg")
    result = judged("models:/reg/1")
    assert result.evaluation is not None
    assert (result.evaluation.model_uri, result.evaluation.model_id) == ("models:/reg/1", info.model_id)
    stored = treering.get_logged_model(info.model_id)
    assert {one.key: one.run_id for one in stored.metrics}["roc_auc"] == result.run_id
    run = treering.get_run(result.run_id or "")
    assert [one.model_id for one in run.inputs.model_inputs] == [info.model_id]
    (entry,) = json.loads(run.data.tags["mlflow.datasets"])
    assert entry["name"] == "dataset"
    with pytest.raises(InvalidInput, match="contradicts"):
        judged("models:/reg/1", model_id="m-" + "0" * 32)


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.jsonl"])
def test_a_file_is_data(home: Path, name: str) -> None:
    frame = TABLE[["a", "b", "c", "label"]]
    if name.endswith("csv"):
        frame.to_csv(home / name, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(home / name)
    else:
        frame.to_json(home / name, orient="records", lines=True, double_precision=15)
    result = judged(data=home / name)
    assert result.metrics == pytest.approx(judged().metrics)
    assert result.evaluation is not None
    assert result.evaluation.dataset_name == name


def test_every_form_of_data_gives_the_same_figures() -> None:
    expected = judged().metrics
    frame = TABLE[["a", "b", "c", "label"]]
    assert judged(data=treering.data.from_pandas(frame, targets="label"), targets=None).metrics == expected
    assert judged(data={name: frame[name].tolist() for name in frame}).metrics == expected
    assert judged(data=X.to_numpy(), targets=Y.to_numpy()).metrics == expected
    assert judged(data=X.to_numpy().tolist(), targets=Y.tolist()).metrics == expected
    turned = X[["c", "a", "b"]].to_numpy()
    assert judged(data=turned, targets=Y.to_numpy(), feature_names=["c", "a", "b"]).metrics == expected
    said = frame.assign(said=CLASSIFIER.predict(X), p=CLASSIFIER.predict_proba(X)[:, 1])
    static = judged(None, said, predictions="said", scores="p").metrics
    assert static == pytest.approx({name: value for name, value in expected.items() if name != "score"})


@pytest.mark.parametrize(
    "answer",
    [
        CLASSIFIER.predict_proba,
        lambda frame: pd.DataFrame(CLASSIFIER.predict_proba(frame), columns=["zero", "one"]),
        lambda frame: CLASSIFIER.predict_proba(frame)[:, 1],
    ],
    ids=["matrix", "table", "column"],
)
def test_probabilities_are_understood_from_any_model(answer: Any) -> None:
    expected = judged().metrics
    found = judged(answer).metrics
    assert found["roc_auc"] == pytest.approx(expected["roc_auc"])
    assert found["log_loss"] == pytest.approx(expected["log_loss"])
    assert found["true_positives"] == expected["true_positives"]


def test_a_python_model_with_columns_says_which_is_which() -> None:
    def answer(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {"said": CLASSIFIER.predict(frame), "p": CLASSIFIER.predict_proba(frame)[:, 1], "why": "so"}
        )

    with treering.start_run():
        info = treering.pyfunc.log_model(name="m", python_model=answer, input_example=X.head(3))
    found = judged(info.model_uri, predictions="said", scores="p")
    assert found.metrics["roc_auc"] == pytest.approx(judged().metrics["roc_auc"])
    with pytest.raises(InvalidInput, match="several columns"):
        judged(answer)
    with pytest.raises(InvalidInput, match="'nope' is none of them"):
        judged(answer, predictions="nope")


def test_a_model_that_knows_more_classes_than_the_data_holds_is_judged_rightly() -> None:
    words = np.where(X.a > 0.5, "high", np.where(X.a < -0.5, "low", "mid"))
    model = LogisticRegression(max_iter=1000).fit(X, words)
    part = X.assign(label=words)[words != "mid"]
    found = judged(model, part)
    assert found.evaluation is not None
    assert found.evaluation.labels == ("high", "low", "mid")
    proba = model.predict_proba(part[["a", "b", "c"]])
    place = {label: index for index, label in enumerate(model.classes_)}
    expected = -np.mean([np.log(row[place[label]]) for row, label in zip(proba, part.label, strict=True)])
    assert found.metrics["log_loss"] == pytest.approx(expected)


def test_the_card_of_the_model_is_written_beside_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    with treering.start_run():
        info = treering.sklearn.log_model(CLASSIFIER, name="m")
    result = judged(info.model_uri, card=True)
    card = fetched(result.run_id or "", "model_card.md").decode()
    assert "roc_auc" in card
    assert fetched(result.run_id or "", "model_card.html").startswith(b"<!")

    def away(*_: Any) -> None:
        msg = "The server is away."
        raise Unavailable(msg)

    monkeypatch.setattr("treering.client.evaluating.recording.log_card", away)
    assert judged(info.model_uri, card=True).metrics == result.metrics


def test_slices_groups_value_and_baseline_are_in_the_record() -> None:
    weak = LogisticRegression().fit(X[["c"]], Y)
    result = judged(
        data=TABLE,
        slices=["country", "a >= 1"],
        sensitive=["sex"],
        value_matrix={"tp": 5, "fp": -2},
        model_cost=10,
        baseline=weak,
        thresholds={"accuracy": ">= 0.5", "roc_auc[country=DE]": ">= 0.999", "recall[nowhere]": ">= 0"},
    )
    found = result.evaluation
    assert found is not None
    assert [part.name for part in found.slices][:3] == ["country=DE", "country=FR", "a >= 1"]
    assert sum(part.rows for part in found.slices[:2]) == 240
    assert [group.name for group in found.fairness[0].groups] == ["f", "m"]
    assert found.business is not None
    assert found.business.value.value >= found.business.current.value
    assert found.comparison is not None
    better = {one.metric: one.better for one in found.comparison.differences}
    assert better["roc_auc"] is True
    assert [check.passed for check in found.checks] == [True, False, None]
    assert "slice_metrics" in result.artifacts


def test_the_sensitive_column_is_neither_given_to_the_model_nor_written_anywhere() -> None:
    seen: list[list[str]] = []

    def model(frame: pd.DataFrame) -> Any:
        seen.append(list(frame.columns))
        return CLASSIFIER.predict(frame[["a", "b", "c"]])

    secret = TABLE[["a", "b", "c", "label"]].assign(faith=["sect of the north" if one else "guild" for one in Y])
    with treering.start_run() as run:
        judged(model, secret, sensitive=["faith"], extra_metrics=[treering.metrics.latency()])
    assert all("faith" not in columns for columns in seen)
    folder = Path(treering.artifacts.download_artifacts(run_id=run.info.run_id))
    # What is not committed of this very file is in the run's diff.
    aside = {"evaluation.json", "source.diff"}
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in aside]
    assert any(path.name == "eval_results_table.json" for path in files)
    assert not [path for path in files if b"sect of the north" in path.read_bytes()]
    record = from_json((folder / "evaluation" / "evaluation.json").read_bytes())
    # The group's name and its figures are what is told.
    assert {group.name for group in record.fairness[0].groups} == {"guild", "sect of the north"}


def test_a_sensitive_column_that_the_model_asks_for_is_given_to_it_wherever_it_is_asked() -> None:
    with treering.start_run():
        info = treering.sklearn.log_model(CLASSIFIER, name="m", input_example=X.head(2))
    found = judged(info.model_uri, sensitive=["a"], explain={"repeats": 1}, robustness={"shift": (1.0,)}).evaluation
    assert found is not None
    assert found.explanation is not None
    assert found.explanation.importances[0].feature == "a"
    assert found.robustness is not None
    shifted = [probe for probe in found.robustness.probes if probe.kind == "shift"]
    assert "a" in {probe.feature for probe in shifted}
    assert all(probe.value is not None for probe in shifted)


def test_a_handful_of_people_is_no_slice() -> None:
    few = TABLE.assign(sex=["x"] * 5 + ["f"] * 135 + ["m"] * 100)
    found = judged(data=few, slices=["sex", "country"], sensitive=["sex"]).evaluation
    assert found is not None
    # All rows less those of f and m would be those of x.
    assert [part.name for part in found.slices] == ["sex=f", "country=DE", "country=FR"]


def test_the_values_of_rows_are_stored_without_those_of_sensitive_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    def explained(_predict: Any, _table: Any, _target: Any, options: ExplanationOptions) -> Explanation:
        assert options.keep_rows
        assert options.model is CLASSIFIER
        assert options.rows_to is not None
        options.rows_to({"row": np.arange(2), "a": np.array([0.5, -1]), "sex [0]": np.ones(2), "sex": np.ones(2)})
        return Explanation("shap")

    monkeypatch.setattr("treering.client.evaluating.looking.explain", explained)
    result = judged(data=TABLE, explain={"method": "shap", "keep_rows": True}, sensitive=["sex"])
    assert result.artifacts["explained_rows"].content.to_dict("list") == {"row": [0, 1], "a": [0.5, -1.0]}
    assert result.evaluation is not None
    assert result.evaluation.files["explained_rows"] == "explained_rows.parquet"


def test_what_a_model_goes_by_and_what_it_stands_is_looked_into() -> None:
    found = judged(data=TABLE, explain={"repeats": 2, "top": 1}, robustness={"missing": (), "shift": (2.0,)}).evaluation
    assert found is not None
    assert found.explanation is not None
    assert found.explanation.importances[0].feature == "a"
    assert found.robustness is not None
    assert found.robustness.metric == "accuracy_score"
    assert any(probe.change and probe.change < 0 for probe in found.robustness.probes)


def test_a_regressor_is_judged_sliced_compared_and_explained() -> None:
    target = X.a * 2 + DICE.normal(size=240) * 0.1
    table = X.assign(t=target, country=TABLE.country)
    model = LinearRegression().fit(X, target)
    result = judged(
        model, table, targets="t", model_type="regressor", slices=["country"], sensitive=["country"],
        baseline=lambda frame: np.zeros(len(frame)), explain=True, thresholds=["r2 >= 0.9"],
    )  # fmt: skip
    found = result.evaluation
    assert found is not None
    assert found.checks[0].passed
    assert found.comparison is not None
    assert {one.metric: one.better for one in found.comparison.differences}["mean_absolute_error"] is True
    assert found.explanation is not None
    assert found.explanation.importances[0].feature == "a"


def test_a_ranker_is_judged_by_rows_of_queries_and_by_lists() -> None:
    rows = pd.DataFrame({"q": [1, 1, 2, 2], "grade": [1, 0, 0, 1], "said": [0.9, 0.1, 0.8, 0.3]})
    by_query = judged(
        None,
        rows,
        targets="grade",
        predictions="said",
        model_type="ranker",
        evaluator_config={"query": "q", "retriever_k": 2},
    )
    assert by_query.metrics["mrr/mean"] == 0.75
    assert by_query.metrics["ndcg_at_2/mean"] == pytest.approx((1 + 1 / np.log2(3)) / 2)
    lists = pd.DataFrame({"right": [["a"], ["b"]], "found": [["a", "x"], ["y", "b"]]})
    by_list = judged(None, lists, targets="right", predictions="found", model_type="ranker")
    assert by_list.metrics["mrr/mean"] == 0.75
    assert len(by_list.tables["eval_results_table"]) == 2


def test_a_prefix_keeps_two_evaluations_of_a_run_apart() -> None:
    with treering.start_run() as run:
        first = judged(evaluator_config={"metric_prefix": "val_"})
        second = judged(data=TABLE[["a", "b", "c", "label"]].iloc[:100], evaluator_config={"metric_prefix": "test_"})
    metrics = treering.get_run(run.info.run_id).data.metrics
    assert metrics["val_example_count"] == 240
    assert metrics["test_example_count"] == 100
    # Where readers look there is the newest one.
    assert from_json(fetched(run.info.run_id, "evaluation/evaluation.json")) == second.evaluation
    assert from_json(fetched(run.info.run_id, "evaluation/val_evaluation.json")) == first.evaluation
    # The record has the plain names, whatever they are called in the run.
    assert first.evaluation is not None
    assert first.evaluation.metrics["example_count"] == 240
    assert from_json(fetched(run.info.run_id, "evaluation/test_evaluation.json")) == second.evaluation


def test_the_results_of_two_models_are_held_against_thresholds_in_pairs() -> None:
    good, weak = judged(), judged(LogisticRegression().fit(X[["c"]], Y))
    demand = {"accuracy_score": MetricThreshold(min_absolute_change=0.05, greater_is_better=True)}
    treering.validate_evaluation_results(demand, good, weak)
    treering.validate_evaluation_results(demand, good, weak, confident=True)
    with pytest.raises(treering.MlflowException, match="minimum absolute change check failed"):
        treering.validate_evaluation_results(demand, weak, good)
    part = judged(data=TABLE[["a", "b", "c", "label"]].iloc[:100])
    with pytest.raises(InvalidInput, match="not of the same rows"):
        treering.validate_evaluation_results(demand, good, part, confident=True)


def test_a_result_is_saved_and_loaded(home: Path) -> None:
    result = judged(plots=True, custom_artifacts=[lambda frame, *_: {"facts": {"rows": len(frame)}}])
    result.save(home / "saved")
    again = EvaluationResult.load(home / "saved")
    assert again.metrics == pytest.approx(result.metrics)
    assert again.artifacts["facts"].content == {"rows": 240}
    assert again.artifacts["roc_curve_plot"].data == result.artifacts["roc_curve_plot"].data
    with pytest.raises(NotFound, match=r"metrics\.json is missing"):
        EvaluationResult.load(home)
    (home / "saved" / "artifacts_metadata.json").write_text("[]")
    with pytest.raises(DamagedData):
        EvaluationResult.load(home / "saved")
    for uri in ("/x/..", ""):
        (home / "saved" / "artifacts_metadata.json").write_text(json.dumps({"a": {"uri": uri, "class_name": "X"}}))
        with pytest.raises(DamagedData):
            EvaluationResult.load(home / "saved")


def test_plots_are_drawn_without_matplotlib_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_matplotlib(name: str) -> Any:
        if name == "matplotlib":
            msg = "not installed"
            raise MissingExtra(msg)
        return load(name)

    from treering.client.evaluating.plots import PLOTS  # noqa: PLC0415 -- the table as the code sees it

    load = PLOTS.load
    monkeypatch.setattr(PLOTS, "load", no_matplotlib)
    result = judged(plots=True, value_matrix={"tp": 1, "fp": -1}, explain={"repeats": 1, "top": 0})
    assert {"roc_curve_plot", "confusion_matrix", "business_value_curve_plot"} <= set(result.artifacts)
    for artifact in result.artifacts.values():
        if artifact.uri.endswith(".svg"):
            assert artifact.content.startswith("<svg")


OTHER = """
from treering.models import EvaluationResult

asked = []


class Ours:
    def can_evaluate(self, *, model_type, evaluator_config, **_):
        return model_type == "classifier" and evaluator_config is not None

    def evaluate(self, **given):
        asked.append(given)
        return EvaluationResult({"other": 1.0}, {})


class Theirs(Ours):
    def evaluate(self, *, model_type, dataset, run_id, evaluator_config=None, **given):
        return EvaluationResult({"theirs": float(len(dataset.labels_data))}, {})
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Another distribution on the path, with an evaluator for Treering and one for MLflow."""
    info = tmp_path / "path" / "other_evaluators-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-evaluators\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[treering.evaluators]\nother = other_evaluators:Ours\n\n"
        "[mlflow.model_evaluator]\ntheirs = other_evaluators:Theirs\n"
    )
    (tmp_path / "path" / "other_evaluators.py").write_text(OTHER)
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    yield import_module("other_evaluators")
    del sys.modules["other_evaluators"]
    for table, name in ((evaluators._OURS, "other"), (evaluators._THEIRS, "theirs")):
        table._loaded.pop(name, None)


def test_evaluators_of_other_packages_are_asked_too(other_package: Any) -> None:
    assert list_evaluators()[-2:] == ["other", "theirs"]
    both = judged()
    assert (both.metrics["other"], both.metrics["theirs"]) == (1.0, 240.0)
    assert "roc_auc" in both.metrics
    alone = judged(evaluators="other", evaluator_config={"x": 1})
    assert alone.metrics == {"other": 1.0}
    assert other_package.asked[-1]["evaluator_config"] == {"x": 1}
    assert other_package.asked[-1]["dataset"].labels_data.tolist() == Y.tolist()
    assert judged(evaluators=["theirs"]).metrics == {"theirs": 240.0}


def test_the_built_in_evaluators_have_mlflows_names() -> None:
    assert list_evaluators()[:4] == ["default", "classifier", "regressor", "shap"]


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"model_type": "oracle"}, InvalidInput, "There is no model_type 'oracle'"),
        ({"model": 7}, InvalidInput, "cannot be asked for predictions"),
        ({"model": "endpoints:/chat"}, NotSupported, "endpoint's URL"),
        ({"env_manager": "conda"}, NotSupported, "environment of the caller"),
        ({"data": 7}, InvalidInput, "The data is of type int"),
        ({"data": "missing.csv"}, NotFound, "cannot be read"),
        ({"targets": "nope"}, InvalidInput, "no column 'nope'"),
        ({"slices": ["nope"]}, InvalidInput, "neither a column nor a condition"),
        ({"sensitive": ["nope"]}, InvalidInput, "no column 'nope'"),
        ({"sensitive": {"sex": [1, 2]}}, InvalidInput, "2 values for 240 rows"),
        ({"confidence": 2}, InvalidInput, "between 0 and 1"),
        ({"thresholds": {"accuracy": "much"}}, InvalidInput, "much"),
        ({"evaluators": "nobody"}, UnknownPlugin, "nobody"),
        ({"evaluators": 7}, InvalidInput, "a name, a list of names or None"),
        ({"extra_metrics": ["mae"]}, InvalidInput, "wrong type"),
        ({"inference_params": {}}, InvalidInput, "inference_params"),
        ({"explain": {"nothing": 1}}, InvalidInput, "no option"),
        ({"scores": "nope"}, InvalidInput, "no column 'nope'"),
        ({"evaluator_config": {"retriever_k": 3, "average": "odd"}}, InvalidInput, "no average 'odd'"),
        ({"evaluator_config": {"metric_prefix": "../up"}}, InvalidInput, "metric_prefix"),
        ({"seed": -1}, InvalidInput, "from 0 on"),
        ({"intervals": "many"}, InvalidInput, "how often to resample"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(
    options: dict[str, Any], error: type[Exception], why: str
) -> None:
    given = {"model": CLASSIFIER, "data": None} | options
    with pytest.raises(error, match=why):
        judged(given.pop("model"), given.pop("data"), **given)


def test_a_metric_that_fails_says_whose_fault_it_is() -> None:
    def broken(predictions: Any) -> float:
        return 1 / 0 * len(predictions)

    with pytest.raises(ZeroDivisionError) as caught:
        judged(extra_metrics=[treering.metrics.make_metric(eval_fn=broken, greater_is_better=True)])
    assert "metric 'broken'" in caught.value.__notes__[0]
