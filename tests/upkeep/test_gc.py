from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.assembly import Services, open_services
from treering.core.errors import InvalidInput, NotFound
from treering.core.settings import Settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.registry.base import NewModelVersion
from treering.upkeep.gc import Wanted, collect, plan


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(), tmp_path / "home")
    yield opened
    opened.close()


def deleted_run(services: Services, experiment: str = "0") -> str:
    run = services.tracking.runs.create(NewRun(experiment))
    run_id = run.info.run_id
    services.tracking.runs.log([LogBatch(run_id, {"a": "1"}, series={"m": MetricColumns([1], [2], [3.0])})])
    services.open_artifacts(run.info.artifact_uri).write("a/b.txt", [b"x"])
    services.tracking.runs.delete(run_id)
    return run_id


def test_deleted_runs_go_with_points_and_files(services: Services) -> None:
    run_id = deleted_run(services)
    place = services.tracking.runs.get(run_id).info.artifact_uri
    assert collect(services, plan(services, Wanted())) == 1
    with pytest.raises(NotFound):
        services.tracking.runs.get(run_id)
    assert list(services.open_artifacts(place).walk()) == []
    assert plan(services, Wanted()) == []


def test_what_a_version_points_at_is_kept(services: Services) -> None:
    run_id = deleted_run(services)
    place = services.tracking.runs.get(run_id).info.artifact_uri
    services.registry.models.create("kept")
    services.registry.versions.create(NewModelVersion("kept", f"{place}/a", run_id))
    planned = plan(services, Wanted())
    assert ["version 1" in one.kept for one in planned] == [True]
    assert collect(services, planned) == 0
    assert services.tracking.runs.get(run_id).data.params == {"a": "1"}


def test_an_experiment_goes_with_all_it_holds(services: Services) -> None:
    experiment = services.tracking.experiments.create("old")
    run_id = deleted_run(services, experiment.experiment_id)
    services.tracking.experiments.delete(experiment.experiment_id)
    collect(services, plan(services, Wanted(experiment_ids=[experiment.experiment_id])))
    for look in (
        lambda: services.tracking.runs.get(run_id),
        lambda: services.tracking.experiments.get(experiment.experiment_id),
    ):
        with pytest.raises(NotFound):
            look()


def test_what_is_active_is_never_removed(services: Services) -> None:
    run = services.tracking.runs.create(NewRun("0"))
    assert plan(services, Wanted(run_ids=[run.info.run_id])) == []
    with pytest.raises(InvalidInput, match="is active"):
        services.tracking.upkeep.purge_runs([run.info.run_id])
    with pytest.raises(InvalidInput, match="always exists"):
        services.tracking.upkeep.purge_experiment("0")


def test_the_recently_deleted_waits(services: Services) -> None:
    deleted_run(services)
    assert all(one.kept for one in plan(services, Wanted(older_than=86_400_000)))
