"""Models of the boosting libraries: what Treering saves MLflow loads, and the other way round."""

import importlib
import json
import os
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import xgboost
from sklearn.datasets import load_iris

import treering

rows, target = load_iris(return_X_y=True, as_frame=True)
dense = rows.to_numpy()
quiet = {"verbosity": -1, "num_threads": 1}
models = {
    ("xgboost", "booster"): xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, target), 3),
    ("xgboost", "estimator"): xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(rows, target),
    ("lightgbm", "booster"): lightgbm.train(quiet, lightgbm.Dataset(rows, target), 3),
    ("lightgbm", "estimator"): lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbosity=-1).fit(rows, target),
    ("catboost", "estimator"): catboost.CatBoostClassifier(iterations=3, verbose=False, thread_count=1).fit(
        rows, target
    ),
}
for (flavour, kind), model in models.items():
    ours, theirs = getattr(treering, flavour), importlib.import_module(f"mlflow.{flavour}")
    expected = model.predict(xgboost.DMatrix(rows) if flavour == "xgboost" and kind == "booster" else rows)
    here, there = Path(f"ours-{flavour}-{kind}"), Path(f"theirs-{flavour}-{kind}")
    ours.save_model(model, here, input_example=rows.head(2))
    theirs.save_model(model, str(there), pip_requirements=[flavour])
    mlflow = importlib.import_module("mlflow")
    for answer in (
        mlflow.pyfunc.load_model(str(here)).predict(rows),
        treering.pyfunc.load_model(str(there)).predict(rows),
        treering.pyfunc.load_model(str(here)).predict(rows),
    ):
        np.testing.assert_allclose(np.asarray(answer, dtype=float), np.asarray(expected, dtype=float), rtol=1e-6)
    assert type(ours.load_model(str(there))) is type(model)
    assert type(theirs.load_model(str(here))) is type(model)
Path(os.environ["REPORT"]).write_text(json.dumps([]))
