from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.assembly import Services, open_services
from treering.core.errors import InvalidInput, NotFound
from treering.core.settings import Settings
from treering.entities.deleted import Kind
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel
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


def removed(services: Services, wanted: Wanted | None = None) -> int:
    """How many things `gc` removes."""
    results = collect(services, plan(services, wanted or Wanted()))
    assert [one.failed for one in results if one.failed] == []
    return sum(not one.kept for one in results)


def test_deleted_runs_go_with_points_and_files(services: Services) -> None:
    run_id = deleted_run(services)
    place = services.tracking.runs.get(run_id).info.artifact_uri
    assert removed(services) == 1
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
    assert removed(services) == 0
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


def kept_reason(services: Services, run_id: str) -> str:
    (one,) = (one for one in plan(services, Wanted()) if one.item.item_id == run_id)
    return one.kept


def test_a_run_that_a_version_names_is_kept_wherever_the_files_are(services: Services) -> None:
    run_id = deleted_run(services)
    services.registry.models.create("far")
    services.registry.versions.create(NewModelVersion("far", "s3://bucket/elsewhere", run_id))
    assert kept_reason(services, run_id) == "version 1 of the registered model far comes from it"
    services.registry.versions.delete("far", 1)
    assert removed(services) == 1


def test_a_version_keeps_its_model_and_the_run_that_wrote_it(services: Services) -> None:
    run_id = deleted_run(services)
    services.tracking.runs.restore(run_id)
    model = services.tracking.models.create(NewLoggedModel("0", "m", source_run_id=run_id))
    services.open_artifacts(model.artifact_uri).write("MLmodel", [b"x"])
    services.tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
    services.registry.models.create("kept")
    services.registry.versions.create(NewModelVersion("kept", f"models:/{model.model_id}"))
    services.tracking.runs.delete(run_id)
    services.tracking.models.delete(model.model_id)
    assert removed(services) == 0
    assert [info.path for info in services.open_artifacts(model.artifact_uri).walk()] == ["MLmodel"]
    services.registry.models.delete("kept")
    assert removed(services) == 2
    assert list(services.open_artifacts(model.artifact_uri).walk()) == []


def test_an_experiment_stays_for_an_active_run_in_it(services: Services) -> None:
    experiment = services.tracking.experiments.create("old").experiment_id
    run_id = deleted_run(services, experiment)
    services.registry.models.create("kept")
    services.registry.versions.create(NewModelVersion("kept", "s3://bucket/x", run_id))
    services.tracking.experiments.delete(experiment)
    services.tracking.runs.restore(run_id)
    assert [one.item.kind for one in plan(services, Wanted())] == [Kind.EXPERIMENT]
    assert "registered model kept" in plan(services, Wanted())[0].kept
    assert removed(services) == 0
    assert services.tracking.runs.get(run_id).info.run_id == run_id


def test_what_cannot_be_removed_does_not_hold_up_the_rest(services: Services) -> None:
    far = services.tracking.experiments.create("far", "gopher://nowhere/x").experiment_id
    stuck = services.tracking.runs.create(NewRun(far)).info.run_id
    services.tracking.experiments.delete(far)
    others = [deleted_run(services) for _ in range(3)]
    results = collect(services, plan(services, Wanted()))
    assert {one.item.item_id for one in results if one.failed} == {stuck, far}
    assert "gopher" in next(one.failed for one in results if one.item.item_id == stuck)
    for run_id in others:
        with pytest.raises(NotFound):
            services.tracking.runs.get(run_id)
    assert services.tracking.runs.get(stuck).info.run_id == stuck


def test_progress_is_told_to_the_end(services: Services) -> None:
    for _ in range(3):
        deleted_run(services)
    said: list[tuple[int, int]] = []
    collect(services, plan(services, Wanted()), lambda done, whole: said.append((done, whole)))
    assert said == [(3, 3)]


def test_what_is_restored_after_the_plan_keeps_its_files(services: Services) -> None:
    restored, gone, purged = (deleted_run(services) for _ in range(3))
    where = services.tracking.experiments.create("x").experiment_id
    inside = deleted_run(services, where)
    services.tracking.experiments.delete(where)
    planned = plan(services, Wanted())
    services.tracking.runs.restore(restored)
    services.tracking.upkeep.purge_runs([purged])
    services.tracking.experiments.restore(where)
    services.tracking.runs.restore(inside)
    results = collect(services, planned)
    assert {one.item.item_id for one in results if one.failed} == {restored, inside, where}
    for run_id in (restored, inside):
        place = services.tracking.runs.get(run_id).info.artifact_uri
        assert [info.path for info in services.open_artifacts(place).walk()] == ["a/b.txt"]
    with pytest.raises(NotFound):
        services.tracking.runs.get(gone)


DIES = """
import os, signal, sys
from pathlib import Path
from treering.assembly import open_services
from treering.core.settings import Settings
from treering.tracking.upkeep import StoredUpkeep
from treering.tracking.base import NewLoggedModel
from treering.upkeep.gc import Wanted, collect, plan

def die(self, ids):
    {first}
    os.kill(os.getpid(), signal.SIGKILL)

purge = StoredUpkeep.purge_runs
StoredUpkeep.purge_runs = die
services = open_services(Settings(), Path(sys.argv[1]))
collect(services, plan(services, Wanted()))
"""


@pytest.mark.parametrize("first", ["pass", "purge(self, ids)"])
def test_killed_between_files_and_rows_it_goes_on_the_next_time(services: Services, tmp_path: Path, first: str) -> None:
    run_ids = [deleted_run(services) for _ in range(5)]
    kept = services.tracking.runs.create(NewRun("0")).info
    services.open_artifacts(kept.artifact_uri).write("a.txt", [b"x"])
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(first=first), str(tmp_path / "home")], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    removed(services)
    assert plan(services, Wanted()) == []
    for run_id in run_ids:
        with pytest.raises(NotFound):
            services.tracking.runs.get(run_id)
    assert [info.path for info in services.open_artifacts(kept.artifact_uri).walk()] == ["a.txt"]
