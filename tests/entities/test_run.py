"""Runs and what hangs on them."""

from __future__ import annotations

import math

import pytest

from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricColumns, MetricSummary
from treering.entities.run import Run, RunData, RunInfo

INFO = RunInfo("r1", "0", "a run", "me", RunStatus.RUNNING, 1, None, "file:///a", Lifecycle.ACTIVE)


def summary(key: str, value: float) -> MetricSummary:
    return MetricSummary(Metric(key, value, 1), value, value, 1)


def test_the_metrics_of_a_run_are_last_values() -> None:
    data = RunData(summaries={"loss": summary("loss", 0.5), "acc": summary("acc", math.inf)})
    assert data.metrics == {"loss": 0.5, "acc": math.inf}
    assert RunData().metrics == {}


def test_the_old_name_of_the_id() -> None:
    assert INFO.run_uuid == INFO.run_id == "r1"


def test_a_run_without_anything_logged() -> None:
    run = Run(INFO)
    assert run.data.params == run.data.tags == {}
    assert list(run.inputs.dataset_inputs) == list(run.outputs.model_outputs) == []


@pytest.mark.parametrize("tags", [{}, {"mlflow.data.context": "train"}])
def test_the_role_of_a_dataset(tags: dict[str, str]) -> None:
    assert DatasetInput(Dataset("d", "1", "local", "{}"), tags).context == tags.get("mlflow.data.context", "")


def test_columns_have_a_length() -> None:
    assert len(MetricColumns([1, 2], [3, 4], [0.1, 0.2])) == 2
    assert len(MetricColumns([], [], [])) == 0
