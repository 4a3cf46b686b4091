"""XGBoost's own training call, with early stopping and two evaluation sets."""

import sys

import report

tracker = report.tracker()
tracker.xgboost.autolog(importance_types=["weight", "gain"], log_models=sys.argv[1] == "treering")

import xgboost
from sklearn.datasets import load_breast_cancer

rows, target = load_breast_cancer(return_X_y=True, as_frame=True)
train, test = xgboost.DMatrix(rows[:400], target[:400]), xgboost.DMatrix(rows[400:], target[400:])
params = {"objective": "binary:logistic", "max_depth": 3, "eval_metric": ["logloss", "error@0.7"], "nthread": 1}
xgboost.train(
    params,
    train,
    num_boost_round=60,
    evals=[(train, "train"), (test, "test")],
    early_stopping_rounds=4,
    verbose_eval=False,
)
xgboost.XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1).fit(rows, target, eval_set=[(rows, target)], verbose=False)
with tracker.start_run(tags={"mine": "yes"}):
    tracker.log_param("before", 1)
    xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(rows.to_numpy(), target.to_numpy())
    tracker.log_param("after", 1)
report.finish(tracker)
