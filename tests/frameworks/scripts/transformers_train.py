"""Transformers' trainer: in a run of autologging's own, and in the user's."""

import os

import report

tracker = report.tracker()
tracker.transformers.autolog()

import tiny_transformer

os.environ["MLFLOW_EXPERIMENT_NAME"] = "autologging"
tiny_transformer.trainer(report_to="none", save_strategy="no", run_name="first").train()
with tracker.start_run(run_name="mine"):
    tiny_transformer.trainer(report_to="none", save_strategy="no").train()
report.finish(tracker)
