"""LightGBM's own training call, with early stopping, and an estimator, which is judged."""

import report

tracker = report.tracker()
tracker.lightgbm.autolog(log_models=False)

import lightgbm
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score

rows, target = load_breast_cancer(return_X_y=True)
train = lightgbm.Dataset(rows[:400], target[:400])
test = lightgbm.Dataset(rows[400:], target[400:], reference=train)
params = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1, "deterministic": True}
lightgbm.train(
    params, train, num_boost_round=40, valid_sets=[train, test], valid_names=["train", "test"],
    callbacks=[lightgbm.early_stopping(3, verbose=False)],
)  # fmt: skip
model = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1).fit(
    rows[:400], target[:400], eval_X=rows[400:], eval_y=target[400:]
)
guess = model.predict(rows)
accuracy_score(target, guess)
report.finish(tracker)
