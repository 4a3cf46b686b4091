from __future__ import annotations

from pathlib import Path

import pytest

import treering
from treering.core.errors import InvalidInput, NotFound
from treering.entities.objective import Criterion


@pytest.fixture(autouse=True)
def _place(tmp_path: Path) -> None:
    treering.set_tracking_uri(tmp_path / "home")
    treering.set_experiment("churn")


def test_the_active_experiment_carries_its_objective() -> None:
    assert treering.get_objective() is None
    said = treering.objective("Call who will leave.", {"recall": ">= 0.9"}, min_improvement=0.01)
    assert treering.get_objective() == said
    experiment = treering.get_experiment_by_name("churn")
    assert experiment is not None
    # As any client of MLflow's sees it.
    assert '"recall"' in experiment.tags["treering.objective"]
    client = treering.Client()
    assert client.get_objective(experiment.experiment_id) == said
    client.set_objective("0", said)
    assert treering.get_objective("0") == said


def test_what_is_said_last_counts() -> None:
    treering.objective("Call who will leave.", {"recall": ">= 0.9"})
    treering.objective("Call who may leave.", ["precision >= 0.5"])
    found = treering.get_objective()
    assert found is not None
    assert (found.statement, found.criteria) == ("Call who may leave.", (Criterion("precision", ">=", 0.5),))


def test_a_bound_that_cannot_be_understood_changes_nothing() -> None:
    said = treering.objective("Call who will leave.", {"recall": ">= 0.9"})
    with pytest.raises(InvalidInput, match="no bound"):
        treering.objective("Call who will leave.", {"recall": "high"})
    assert treering.get_objective() == said


def test_an_unknown_experiment_is_told() -> None:
    with pytest.raises(NotFound):
        treering.objective("x", experiment_id="4711")
    with pytest.raises(NotFound):
        treering.get_objective("4711")
