"""Evaluations of every kind, by the library named on the command line; prints what each finds, as JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LIBRARY = sys.argv[1]
warnings.simplefilter("ignore")
tool = importlib.import_module(LIBRARY)
models = importlib.import_module(f"{LIBRARY}.models")
metrics = importlib.import_module(f"{LIBRARY}.metrics")
tool.set_tracking_uri(f"sqlite:///{os.path.abspath('runs.db')}" if LIBRARY == "mlflow" else os.path.abspath("home"))
FOUND: dict[str, object] = {}


def logged(model, example):
    with tool.start_run():
        signature = models.infer_signature(example)
        return tool.sklearn.log_model(model, name="model", signature=signature).model_uri


def told(name: str, model, data, **options) -> None:
    with tool.start_run() as run:
        result = models.evaluate(model, data, **options)
    client = tool.MlflowClient()
    stored = client.get_run(run.info.run_id)
    files = {os.path.basename(one.uri): key for key, one in result.artifacts.items()}
    listed = {one.path for one in client.list_artifacts(run.info.run_id)} - {
        "treering",
        "evaluation",
        "model_card.md",
        "model_card.html",
    }
    assert set(files) <= listed, (files, listed)
    FOUND[name] = {
        "metrics": {key: float(value) for key, value in result.metrics.items()},
        "artifacts": files,
        "files": sorted(listed),
        "logged": stored.data.metrics,
        "inputs": [
            [
                one.dataset.name,
                one.dataset.digest,
                sorted(one.tags.items()) if isinstance(one.tags, dict) else [[tag.key, tag.value] for tag in one.tags],
            ]
            for one in stored.inputs.dataset_inputs
        ],
        "models": len(stored.inputs.model_inputs),
        "tags": sorted(key for key in stored.data.tags if key in {"mlflow.datasets", "mlflow.loggedArtifacts"}),
        "tables": {
            key: json.loads(table.to_json(orient="split", double_precision=15))
            for key, table in result.tables.items()
            if "latency" not in str(list(table))
        },
        "per_class": json.loads(result.artifacts["per_class_metrics"].content.to_json(orient="split"))
        if "per_class_metrics" in result.artifacts
        else None,
    }


X, y = load_breast_cancer(return_X_y=True, as_frame=True)
two = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X[:300], y[:300])
test = X[300:].assign(label=y[300:])
uri = logged(two, X)
told("two classes", uri, test, model_type="classifier", targets="label")
told("with a prefix", uri, test, model_type="classifier", targets="label", evaluator_config={"metric_prefix": "val_"})
told("the other one positive", uri, test, model_type="classifier", targets="label", evaluator_config={"pos_label": 0})
weights = np.linspace(0.1, 2, len(test)).tolist()
told("weighted", uri, test, model_type="classifier", targets="label", evaluator_config={"sample_weights": weights})
told(
    "by a default evaluator",
    uri,
    test,
    model_type="classifier",
    targets="label",
    evaluators="default",
    evaluator_config={"label_list": [0, 1]},
)
told(
    "as an array",
    uri,
    X[300:].to_numpy(),
    model_type="classifier",
    targets=y[300:].to_numpy(),
    feature_names=list(X.columns),
)

words = np.where(y == 1, "good", "bad")
named = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X[:300], words[:300])
told("texts as classes", logged(named, X), X[300:].assign(label=words[300:]), model_type="classifier", targets="label")
plain = RidgeClassifier().fit(X[:300], y[:300])
told("without probabilities", logged(plain, X), test, model_type="classifier", targets="label")
told("a function", lambda frame: two.predict(frame), test, model_type="classifier", targets="label")
static = test.assign(said=two.predict(X[300:]))
told("predictions in the data", None, static, model_type="classifier", targets="label", predictions="said")

F, z = load_iris(return_X_y=True, as_frame=True)
many = LogisticRegression(max_iter=1000, C=0.02).fit(F[::2], z[::2])
three = logged(many, F)
for average in ("weighted", "macro", "micro"):
    told(
        f"three classes, {average}",
        three,
        F.assign(kind=z),
        model_type="classifier",
        targets="kind",
        evaluator_config={"average": average},
    )
told(
    "without curves",
    three,
    F.assign(kind=z),
    model_type="classifier",
    targets="kind",
    evaluator_config={"max_classes_for_multiclass_roc_pr": 2},
)
told(
    "three classes, weighted rows",
    three,
    F.assign(kind=z),
    model_type="classifier",
    targets="kind",
    evaluator_config={"sample_weights": np.linspace(0.1, 2, 150).tolist()},
)

D, t = load_diabetes(return_X_y=True, as_frame=True)
line = logged(LinearRegression().fit(D[:200], t[:200]), D)
later = D[200:].assign(progress=t[200:])
told("a regressor", line, later, model_type="regressor", targets="progress")
weights = np.linspace(0.1, 2, len(later)).tolist()
told(
    "a weighted regressor",
    line,
    later,
    model_type="regressor",
    targets="progress",
    evaluator_config={"sample_weights": weights},
)
dataset = tool.data.from_pandas(later, targets="progress", name="later")
told("a dataset", line, dataset, model_type="regressor")

lists = pd.DataFrame(
    {
        "question": ["a", "b", "c", "d", "e"],
        "relevant": [["1", "2"], ["3"], ["4", "5", "6", "7"], [], []],
        "found": [["1", "9", "2", "8"], ["8", "3", "3"], ["7", "7", "1", "4"], [], ["1"]],
    }
)
told("a retriever", None, lists, model_type="retriever", targets="relevant", predictions="found")
told(
    "one result",
    None,
    lists,
    model_type="retriever",
    targets="relevant",
    predictions="found",
    evaluator_config={"retriever_k": 1},
)
told(
    "a function of a retriever",
    lambda frame: lists["found"],
    lists.drop(columns="found"),
    model_type="retriever",
    targets="relevant",
)


def off_by(predictions, targets, tolerance, metrics):
    away = [abs(said - true) for said, true in zip(predictions, targets)]
    return metrics_value(
        [float(one) for one in away],
        {
            "within": float(np.mean([one < tolerance for one in away])),
            "rmse": metrics["root_mean_squared_error"].aggregate_results["root_mean_squared_error"],
        },
    )


def metrics_value(scores, figures):
    return metrics.MetricValue(scores=scores, aggregate_results=figures)


def old_form(frame, known):
    return float((frame["prediction"] - frame["target"]).abs().sum() / known["example_count"])


def on_other(predictions, off_by, age):
    return float(np.mean(off_by.scores) + age.iloc[0])


def picture(frame, known, folder):
    path = os.path.join(folder, "note.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("hello")
    return {"note": path, "best": frame.nsmallest(2, "target"), "array": np.arange(3), "facts": {"rows": len(frame)}}


own = [
    metrics.make_metric(eval_fn=on_other, greater_is_better=False),
    metrics.make_metric(eval_fn=off_by, greater_is_better=False),
    metrics.make_metric(eval_fn=old_form, greater_is_better=False, name="old"),
    metrics.make_metric(eval_fn=lambda predictions, targets: 7, greater_is_better=True, name="seven", version="v2"),
    metrics.mae(), metrics.mse(), metrics.r2_score(), metrics.max_error(), metrics.mape(),
]  # fmt: skip
told(
    "own metrics",
    line,
    later,
    model_type="regressor",
    targets="progress",
    extra_metrics=own,
    custom_artifacts=[picture],
    evaluator_config={"tolerance": 50.0, "metric_prefix": "p_"},
)
told("own metrics alone", line, later, targets="progress", extra_metrics=[own[4]])
told(
    "metrics of classes",
    uri,
    test,
    model_type="classifier",
    targets="label",
    extra_metrics=[metrics.recall_score(), metrics.precision_score(), metrics.f1_score()],
)
two_columns = lambda frame: pd.DataFrame({"answer": two.predict(frame), "why": "so"})  # noqa: E731
told(
    "a column of the answer",
    two_columns,
    test,
    targets="label",
    predictions="answer",
    extra_metrics=[metrics.precision_score()],
)

REFUSED: dict[str, str] = {}


def refused(name: str, call) -> None:
    try:
        call()
    except Exception as error:  # noqa: BLE001
        REFUSED[name] = str(getattr(error, "error_code", type(error).__name__))
    else:
        REFUSED[name] = "accepted"


def judged(**options):
    return lambda: models.evaluate(
        **{"model": uri, "data": test, "model_type": "classifier", "targets": "label"} | options
    )


refused("no data", judged(data=None))
refused("no targets", judged(targets=None))
refused("no type", judged(model_type=None))
refused("no such column", judged(targets="missing"))
refused("no such positive class", judged(evaluator_config={"pos_label": 7, "label_list": [0, 1]}))
refused("a list without dictionaries", judged(evaluators=["default"], evaluator_config={"metric_prefix": "x"}))
refused("no model", judged(model=7))
refused("targets twice", lambda: models.evaluate(line, dataset, targets="progress", model_type="regressor"))
refused(
    "needs a column",
    judged(
        extra_metrics=[metrics.make_metric(eval_fn=lambda predictions, nowhere: 1, greater_is_better=True, name="x")]
    ),
)
refused("another model's id", judged(model_id="m-" + "0" * 32))
refused("name with a slash", lambda: metrics.make_metric(eval_fn=old_form, greater_is_better=True, name="a/b"))
refused("no name", lambda: metrics.make_metric(eval_fn=lambda predictions: 1, greater_is_better=True))

MetricThreshold = models.MetricThreshold
worse = models.evaluate(
    None, static.assign(said=1 - static.said), model_type="classifier", targets="label", predictions="said"
)
better = models.evaluate(None, static, model_type="classifier", targets="label", predictions="said")
VALIDATED: dict[str, object] = {}
for name, threshold in {
    "reached": MetricThreshold(threshold=0.5, greater_is_better=True),
    "missed": MetricThreshold(threshold=0.99, greater_is_better=True),
    "lower": MetricThreshold(threshold=0.5, greater_is_better=False),
    "absolute": MetricThreshold(min_absolute_change=0.2, greater_is_better=True),
    "too absolute": MetricThreshold(min_absolute_change=0.99, greater_is_better=True),
    "relative": MetricThreshold(min_relative_change=0.5, greater_is_better=True),
    "relative the other way": MetricThreshold(min_relative_change=0.5, greater_is_better=False),
}.items():
    for pair, baseline in (("alone", None), ("against", worse), ("backwards", better)):
        candidate = worse if pair == "backwards" else better
        try:
            tool.validate_evaluation_results({"accuracy_score": threshold}, candidate, baseline)
            VALIDATED[f"{name} {pair}"] = str(threshold)
        except tool.MlflowException as error:
            VALIDATED[f"{name} {pair}"] = [type(error).__name__, error.error_code, str(error)]
for arguments in (
    {},
    {"greater_is_better": True},
    {"threshold": "1", "greater_is_better": True},
    {"min_absolute_change": -1, "greater_is_better": True},
    {"min_relative_change": 1, "greater_is_better": True},
    {"min_relative_change": 2.0, "greater_is_better": True},
    {"threshold": 1, "greater_is_better": 1},
):
    try:
        MetricThreshold(**arguments)
    except tool.MlflowException as error:
        VALIDATED[str(arguments)] = str(error)

better.save("saved" + LIBRARY)
again = models.EvaluationResult.load("saved" + LIBRARY)
VALIDATED["saved"] = [
    again.metrics,
    sorted(again.artifacts),
    sorted(os.listdir("saved" + LIBRARY)),
    sorted(os.listdir(f"saved{LIBRARY}/artifacts")),
]
print(json.dumps({"found": FOUND, "refused": REFUSED, "validated": VALIDATED, "evaluators": models.list_evaluators()}))
