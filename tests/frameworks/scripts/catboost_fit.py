"""CatBoost, with an evaluation set and early stopping; MLflow does not log it by itself."""

import report

tracker = report.tracker()
tracker.catboost.autolog()

import catboost
from sklearn.datasets import load_breast_cancer

rows, target = load_breast_cancer(return_X_y=True, as_frame=True)
model = catboost.CatBoostClassifier(iterations=30, depth=2, learning_rate=0.5, thread_count=1, verbose=False)
model.fit(rows[:400], target[:400], eval_set=(rows[400:], target[400:]), early_stopping_rounds=3)
model.score(rows, target)
pool = catboost.Pool(rows, target)
catboost.train(pool, {"iterations": 3, "loss_function": "RMSE", "thread_count": 1, "verbose": False})
report.finish(tracker)
