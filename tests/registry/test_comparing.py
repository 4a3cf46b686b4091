"""Versions beside each other say what their evaluations, data and code say, and what could not be read of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.assembly import Services, open_services
from treering.core.settings import Settings
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.evaluation import Check, Evaluation
from treering.entities.governance import VersionComparison
from treering.entities.run import LogBatch, NewRun, Run
from treering.evaluation.record import EVALUATED_TAG, RECORD_PATH, to_json
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel

COMMIT_TAG = "mlflow.source.git.commit"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(), tmp_path / "home")
    opened.registry.models.create("m")
    yield opened
    opened.close()


def run_with(services: Services, *, tags: dict[str, str], start: int = 1, evaluation: Evaluation | None = None) -> Run:
    run = services.tracking.runs.create(NewRun("0", tags=tags, start_time=start))
    if evaluation is not None:
        text = to_json(evaluation).encode()
        services.open_artifacts(run.info.artifact_uri).write(RECORD_PATH, [text])
    return run


def register(services: Services, run: Run, model_id: str = "") -> None:
    source = f"models:/{model_id}" if model_id else run.info.artifact_uri
    services.registry.versions.create(NewModelVersion("m", source, run.info.run_id, model_id=model_id))


def found(services: Services, kind: str) -> dict[str, tuple[str | None, ...]]:
    differences = compared(services).differences
    return {one.key: tuple(one.values) for one in differences if one.kind == kind}


def compared(services: Services) -> VersionComparison:
    return services.registry.governance.compare([("m", 1), ("m", 2)])


def judged(accuracy: float, *, passed: bool | None, digest: str = "d1") -> Evaluation:
    checks = (Check("accuracy", passed, accuracy, ">= 0.9", ""),)
    return Evaluation(dataset_name="wine", dataset_digest=digest, metrics={"accuracy": accuracy}, checks=checks)


def test_evaluations_and_commits_stand_beside_each_other(services: Services) -> None:
    good = run_with(services, tags={COMMIT_TAG: "a" * 40}, evaluation=judged(0.95, passed=True))
    other = run_with(services, tags={COMMIT_TAG: "b" * 40}, evaluation=judged(0.5, passed=None, digest="d2"))
    for run in (good, other):
        register(services, run)
    assert found(services, "evaluation") == {
        "accuracy": ("0.95", "0.5"),
        "check accuracy": ("passed", "not enough data"),
    }
    assert found(services, "data") == {"evaluated on wine": ("d1", "d2")}
    assert found(services, "code") == {COMMIT_TAG: ("a" * 40, "b" * 40)}


def test_data_versions_that_runs_read_are_compared(services: Services) -> None:
    for digest in ("one", "two"):
        run = run_with(services, tags={})
        read = DatasetInput(Dataset("raw", digest, "local", "{}"))
        services.tracking.runs.log([LogBatch(run.info.run_id, dataset_inputs=[read])])
        register(services, run)
    assert found(services, "data") == {"raw": ("one", "two")}


def test_the_newest_run_that_judged_a_model_speaks_for_it(services: Services) -> None:
    trained = run_with(services, tags={})
    model = services.tracking.models.create(NewLoggedModel("0", "model", source_run_id=trained.info.run_id))
    tags = {EVALUATED_TAG: model.model_id}
    run_with(services, tags=tags, start=2, evaluation=judged(0.6, passed=False))
    run_with(services, tags=tags, start=3, evaluation=judged(0.7, passed=False))
    register(services, trained, model.model_id)
    # Its run judged somebody else.
    stranger = run_with(services, tags={EVALUATED_TAG: "m-" + "0" * 32}, evaluation=judged(0.99, passed=True))
    alone = services.tracking.models.create(NewLoggedModel("0", "alone", source_run_id=stranger.info.run_id))
    register(services, stranger, alone.model_id)
    assert found(services, "evaluation") == {"accuracy": ("0.7", None), "check accuracy": ("failed", None)}


def test_a_damaged_record_is_said_and_the_others_are_compared(services: Services) -> None:
    broken = run_with(services, tags={})
    services.open_artifacts(broken.info.artifact_uri).write(RECORD_PATH, [b'{"format": 1, "metrics": 3}'])
    register(services, broken)
    register(services, run_with(services, tags={}, evaluation=judged(0.95, passed=True)))
    comparison = compared(services)
    assert "is no record of an evaluation" in comparison.missing["m/1"]
    assert found(services, "evaluation")["accuracy"] == (None, "0.95")
