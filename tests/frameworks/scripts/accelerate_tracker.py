"""Accelerate's tracker."""

import stand_in

tracker = stand_in.tracker()

import report
from accelerate import Accelerator

accelerator = Accelerator(log_with="mlflow", cpu=True)
accelerator.init_trackers(
    "autologging", {"rate": 0.1, "layers": 2}, {"mlflow": {"run_name": "mine", "tags": {"a": "b"}}}
)
for step in range(3):
    accelerator.log({"loss": 1.0 / (step + 1)}, step=step)
accelerator.end_training()
report.finish(tracker)
