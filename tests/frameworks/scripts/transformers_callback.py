"""Transformers' callback, in a run of its own and then in the user's."""

import os

import stand_in

tracker = stand_in.tracker()

import report
import tiny_transformer

os.environ |= {"MLFLOW_EXPERIMENT_NAME": "autologging", "MLFLOW_TAGS": '{"team": "blue"}', "MLFLOW_FLATTEN_PARAMS": "1"}
tiny_transformer.trainer(report_to=["mlflow"], save_strategy="no", run_name="first").train()
assert tracker.active_run() is None
with tracker.start_run(run_name="mine"):
    tiny_transformer.trainer(report_to="mlflow", save_strategy="no").train()
report.finish(tracker)
