"""`mlflow.entities`: the values that libraries make to log them, and MLflow's way to write what is an enumeration here."""

from __future__ import annotations

from treering.entities import lifecycle
from treering.entities.artifact import FileInfo
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle as LifecycleStage
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.lifecycle import View as ViewType
from treering.entities.metric import Metric
from treering.entities.model import LoggedModel
from treering.entities.pair import ExperimentTag, InputTag, Param, RunTag
from treering.entities.run import ModelInput as LoggedModelInput
from treering.entities.run import ModelOutput as LoggedModelOutput
from treering.entities.run import Run, RunData, RunInfo, RunInputs, RunOutputs

__all__ = [
    "Dataset",
    "DatasetInput",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelStatus",
    "Metric",
    "Param",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "ViewType",
]


class RunStatus:
    """Where a run stands. Here a status is its own name, while MLflow counts them."""

    RUNNING = lifecycle.RunStatus.RUNNING
    SCHEDULED = lifecycle.RunStatus.SCHEDULED
    FINISHED = lifecycle.RunStatus.FINISHED
    FAILED = lifecycle.RunStatus.FAILED
    KILLED = lifecycle.RunStatus.KILLED

    @staticmethod
    def from_string(status_str: str) -> lifecycle.RunStatus:
        """The status of a name. Raises ValueError if there is none."""
        return lifecycle.RunStatus(status_str)

    @staticmethod
    def to_string(status: lifecycle.RunStatus) -> str:
        """The name."""
        return lifecycle.RunStatus(status).value

    @staticmethod
    def is_terminated(status: lifecycle.RunStatus) -> bool:
        """Whether nothing more is expected of the run."""
        return lifecycle.RunStatus(status).is_terminated

    @staticmethod
    def all_status() -> list[lifecycle.RunStatus]:
        """All there are."""
        return list(lifecycle.RunStatus)
