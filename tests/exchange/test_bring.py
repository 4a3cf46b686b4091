from __future__ import annotations

import math
from pathlib import Path

import pytest

from treering.assembly import Services
from treering.core.errors import InvalidInput, NotFound
from treering.core.settings import Settings
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow
from treering.exchange.report import Report

RUN = "0123456789abcdef0123456789abcdef"


def brought(place: Path, services: Services, wishes: Wishes | None = None) -> Report:
    report = Report()
    bring(open_mlflow(str(place), Settings()), services, wishes or Wishes(), report)
    return report


def test_a_folder_comes_over_whole(mlruns: Path, services: Services) -> None:
    report = brought(mlruns, services)
    assert report.problems == []
    tracking = services.tracking
    run = tracking.runs.get(RUN)
    assert (run.info.run_name, run.info.user_id, run.info.status) == ("first", "ada", RunStatus.FAILED)
    assert (run.info.start_time, run.info.end_time) == (1700000001000, 1700000005000)
    assert run.data.params == {"depth": "3"}
    columns, _ = tracking.metrics.history(RUN, "loss")
    assert math.isnan(columns.values[0])
    assert list(columns.values[1:]) == [math.inf, 0.30000000000000004]
    assert list(tracking.metrics.history(RUN, "deep/one")[0].steps) == [-4]
    experiment = tracking.experiments.get_by_name("trees")
    assert (experiment.creation_time, experiment.tags["team"]) == (1700000000000, "forest")
    gone = tracking.experiments.get_by_name("gone")
    assert (gone.lifecycle_stage, gone.tags["why"]) == (Lifecycle.DELETED, "old")
    assert b"".join(services.open_artifacts(run.info.artifact_uri).read("sub/note.txt")) == b"hello"


def test_the_registry_keeps_its_numbers_and_follows_the_files(mlruns: Path, services: Services) -> None:
    brought(mlruns, services)
    versions = services.registry.versions
    assert versions.get_by_alias("forest", "best").version == 3
    assert versions.get("forest", 3).stage == "Production"
    with pytest.raises(NotFound):
        versions.get("forest", 2)
    assert versions.get("forest", 1).creation_time == 1700000006001
    place = versions.get("forest", 1).storage_uri
    assert b"".join(services.open_artifacts(place).read("note.txt")) == b"hello"


def test_a_second_time_brings_only_what_is_new(mlruns: Path, services: Services) -> None:
    brought(mlruns, services)
    again = brought(mlruns, services)
    assert [one.brought for one in again.rows().values()] == [0] * 7
    with (mlruns / "7" / RUN / "metrics" / "loss").open("a") as file:
        file.write("1700000001004 7.0 3\n")
    (mlruns / "7" / RUN / "params" / "late").write_text("x")
    third = brought(mlruns, services)
    assert services.tracking.runs.get(RUN).data.params == {"depth": "3", "late": "x"}
    assert (third.points.brought, third.runs.brought, third.problems) == (1, 0, [])
    assert len(services.tracking.metrics.history(RUN, "loss")[0]) == 4


def test_files_may_be_left_where_they_are(mlruns: Path, services: Services) -> None:
    brought(mlruns, services, Wishes(artifacts=False))
    assert services.tracking.runs.get(RUN).info.artifact_uri.startswith("file:///elsewhere/")


def test_an_unknown_experiment_is_said_before_anything_is_brought(mlruns: Path, services: Services) -> None:
    with pytest.raises(NotFound, match="no experiment 'nowhere'"):
        brought(mlruns, services, Wishes(["nowhere"]))


def test_a_point_that_a_folder_holds_twice_comes_once_and_is_no_difference(mlruns: Path, services: Services) -> None:
    with (mlruns / "7" / RUN / "metrics" / "loss").open("a") as file:
        file.write("1700000001004 7.0 3\n" * 3)
    first, again = brought(mlruns, services), brought(mlruns, services)
    assert (first.problems, first.points.found, first.points.brought) == ([], 5, 5)
    assert (again.problems, again.points.found, again.points.brought, again.points.present) == ([], 5, 0, 5)
    assert list(services.tracking.metrics.history(RUN, "loss")[0].steps).count(3) == 1


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        open_mlflow(f"sqlite:///{tmp_path}/none.db", Settings())
    assert not list(tmp_path.iterdir())
