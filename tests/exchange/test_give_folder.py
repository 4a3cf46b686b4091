from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from exchange.alike import content, content_of
from exchange.furnished import furnish
from treering.assembly import Services, open_services
from treering.cli.main import main
from treering.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from treering.core.settings import Settings
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.metric import MetricColumns
from treering.entities.page import Query
from treering.entities.run import LogBatch, NewRun
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow, open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report


def given(services: Services, place: Path, wishes: Wishes | None = None) -> Report:
    report = Report()
    open_target(str(place), Settings())(OwnSource(services), wishes or Wishes(), report)
    return report


def files_of(place: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(file.relative_to(place)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in place.rglob("*")
        if file.is_file()
    }


def test_a_folder_holds_what_the_store_holds(services: Services, tmp_path: Path) -> None:
    furnish(services)
    report = given(services, tmp_path / "mlruns")
    assert report.problems == []
    assert report.runs.brought == report.runs.found == 4
    assert report.verified == report.points.brought == 6 + 2 + 3000 + 1 + 1
    assert content(open_mlflow(str(tmp_path / "mlruns"), Settings())) == content_of(services)
    assert not list(tmp_path.glob("mlruns/.treering*"))


def test_there_and_back_is_the_same(services: Services, tmp_path: Path) -> None:
    furnish(services)
    given(services, tmp_path / "mlruns")
    back = open_services(Settings(), tmp_path / "back")
    report = Report()
    bring(open_mlflow(str(tmp_path / "mlruns"), Settings()), back, Wishes(), report)
    assert report.problems == []
    assert content_of(back) == content_of(services)
    (gone,) = back.tracking.experiments.search(Query(view=View.DELETED_ONLY)).items
    back.tracking.experiments.restore(gone.experiment_id)
    (lost,) = back.tracking.runs.search(Query(experiment_ids=[gone.experiment_id])).items
    assert lost.info.lifecycle_stage is Lifecycle.ACTIVE
    back.close()


def test_a_second_time_writes_nothing(services: Services, tmp_path: Path) -> None:
    furnish(services)
    given(services, tmp_path / "mlruns")
    before = files_of(tmp_path / "mlruns")
    again = given(services, tmp_path / "mlruns")
    assert [one.brought for one in again.rows().values()] == [0] * 7
    assert [one.present for one in again.rows().values()] == [one.found for one in again.rows().values()]
    assert files_of(tmp_path / "mlruns") == before


def test_what_is_new_is_added_and_what_others_logged_stays(services: Services, tmp_path: Path) -> None:
    run_id = furnish(services)
    given(services, tmp_path / "mlruns")
    (file,) = (tmp_path / "mlruns").glob(f"*/{run_id}/metrics/loss")
    with file.open("a") as points:
        points.write("1700000000099 7.0 99\n")
    services.tracking.runs.log(
        [LogBatch(run_id, {"new": "p"}, {"colour": "blue"}, {"loss": MetricColumns([7], [9], [8.0])})]
    )
    new = services.tracking.runs.create(NewRun("0")).info.run_id
    report = given(services, tmp_path / "mlruns")
    assert (report.problems, report.points.brought, report.runs.brought) == ([], 1, 1)
    assert file.read_text().splitlines()[-2:] == ["1700000000099 7.0 99", "9 8.0 7"]
    assert (file.parent.parent / "params" / "new").read_text() == "p"
    assert (file.parent.parent / "tags" / "colour").read_text() == "blue"
    assert (tmp_path / "mlruns" / "0" / new / "meta.yaml").is_file()


def test_what_was_deleted_and_restored_since_moves(services: Services, tmp_path: Path) -> None:
    furnish(services)
    given(services, tmp_path / "mlruns")
    tracking = services.tracking
    trees, gone = (tracking.experiments.get_by_name(name).experiment_id for name in ("trees", "gone"))
    tracking.experiments.delete(trees)
    tracking.experiments.restore(gone)
    report = given(services, tmp_path / "mlruns")
    assert report.problems == []
    assert content(open_mlflow(str(tmp_path / "mlruns"), Settings())) == content_of(services)
    assert {folder.name for folder in (tmp_path / "mlruns" / ".trash").iterdir()} == {trees}


def test_what_a_killed_export_left_is_completed(services: Services, tmp_path: Path) -> None:
    run_id = furnish(services)
    place = tmp_path / "mlruns"
    (place / ".treering-export" / "folder" / "tags").mkdir(parents=True)
    (place / ".treering-export" / "folder" / "tags" / "half").write_text("x")
    given(services, place)
    (folder,) = place.glob(f"*/{run_id}")
    (folder / "artifacts" / "nested" / "config.json").unlink()
    (folder / "metrics" / "loss").write_text("1700000000003 0.30000000000000004 3\n")
    report = given(services, place)
    assert (report.problems, report.files.brought, report.points.brought) == ([], 1, 5)
    assert content(open_mlflow(str(place), Settings())) == content_of(services)


def test_a_metric_that_a_folder_cannot_hold_is_a_problem_and_the_rest_goes_on(
    services: Services, tmp_path: Path
) -> None:
    run_id = services.tracking.runs.create(NewRun("0")).info.run_id
    one = MetricColumns([0], [0], [1.0])
    services.tracking.runs.log([LogBatch(run_id, series={"a": one, "a/b": one, "c": one})])
    report = given(services, tmp_path / "mlruns")
    assert len(report.problems) == 1
    assert "'a/b'" in report.problems[0]
    assert {file.name for file in (tmp_path / "mlruns" / "0" / run_id / "metrics").iterdir()} == {"a", "c"}


def test_files_may_stay_where_they_are(services: Services, tmp_path: Path) -> None:
    run_id = furnish(services)
    report = given(services, tmp_path / "mlruns", Wishes(["trees"], artifacts=False))
    assert (report.files.found, report.experiments.found, report.registered_models.found) == (0, 1, 0)
    source = open_mlflow(str(tmp_path / "mlruns"), Settings())
    (found,) = [
        one.run for e in source.experiments() for one in source.runs(e.experiment_id) if one.run.info.run_id == run_id
    ]
    assert found.info.artifact_uri == services.tracking.runs.get(run_id).info.artifact_uri


def test_another_store_s_folder_is_left_alone(services: Services, mlruns: Path) -> None:
    services.tracking.experiments.create("one")
    (mlruns / "7").rename(mlruns / "1")
    before = files_of(mlruns)
    with pytest.raises(Conflict, match="is the experiment 'trees', which is not 'one'"):
        given(services, mlruns)
    assert files_of(mlruns) == before


def test_an_unknown_experiment_is_said(services: Services, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no experiment 'nowhere'"):
        given(services, tmp_path / "mlruns", Wishes(["nowhere"]))


def test_a_database_is_told_the_way() -> None:
    with pytest.raises(InvalidInput, match="migrate-filestore"):
        open_target("sqlite:///mlflow.db", Settings())


@pytest.mark.skipif(os.name == "nt", reason="a question of Unix")
def test_a_place_that_cannot_be_written_is_said(services: Services, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((PermissionDenied, OSError), match="cannot be written"):
        given(services, tmp_path / "file" / "mlruns")


def test_the_command_counts_and_ends_with_one_where_something_differs(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = furnish(services)
    monkeypatch.setenv("TREERING_TRACKING_URI", str(tmp_path / "home"))

    def export() -> tuple[int | str | None, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["export", "mlflow", str(tmp_path / "mlruns"), "--json"])
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    status, out, _ = export()
    assert (status, json.loads(out)["runs"]) == (0, {"found": 4, "brought": 4, "present": 0})
    status, out, _ = export()
    assert (status, json.loads(out)["runs"]) == (0, {"found": 4, "brought": 0, "present": 4})
    (param,) = (tmp_path / "mlruns").glob(f"*/{run_id}/params/depth")
    param.write_text("4")
    status, out, err = export()
    assert (status, json.loads(out)["problems"]) == (1, [f"run {run_id}: params differ: depth"])
    assert "params differ: depth" in err
