"""A study whose trials train, are pruned and fail."""

import report

tracker = report.tracker()
tracker.optuna.autolog()
tracker.sklearn.autolog(log_models=False)

import optuna
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

optuna.logging.set_verbosity(optuna.logging.ERROR)
rows, target = load_iris(return_X_y=True)


def objective(trial):
    strength = trial.suggest_float("C", 0.1, 10, log=True)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError
    trial.report(0.5, 1)
    trial.set_user_attr("colour", "green")
    return LogisticRegression(C=strength, max_iter=500).fit(rows, target).score(rows, target)


study = optuna.create_study(direction="maximize", study_name="irises", sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=4, catch=(ValueError,))
assert study.best_value > 0.9
report.finish(tracker)
