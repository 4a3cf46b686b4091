"""Optuna's callback, and its decorator, which logs from within the objective."""

import warnings

import stand_in

tracker = stand_in.tracker()

import optuna
import report
from optuna_integration.mlflow import MLflowCallback

warnings.simplefilter("ignore")
optuna.logging.disable_default_handler()
log = MLflowCallback(metric_name="distance", tag_study_user_attrs=True)


@log.track_in_mlflow()
def objective(trial):
    place = trial.suggest_float("place", -5, 5)
    kind = trial.suggest_categorical("kind", ["near", "far"])
    trial.set_user_attr("note", "x" * 10_000)
    tracker.log_metric("inside", place)
    return place**2 + (kind == "far")


study = optuna.create_study(study_name="autologging", sampler=optuna.samplers.RandomSampler(seed=1))
study.set_user_attr("owner", "me")
study.optimize(objective, n_trials=3, callbacks=[log])
report.finish(tracker)
