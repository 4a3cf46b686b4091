from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from projects import Project
from treering.assembly import open_services
from treering.core.settings import Settings
from treering.entities.lifecycle import RunStatus
from treering.experiments.asked import Asked
from treering.experiments.found import Selection
from treering.experiments.refs import ExperimentRef
from treering.experiments.run import exp_run_apart
from treering.experiments.tracked import track_experiments
from treering.pipelines.reproduce import ReproOptions
from treering.tracking.base import Tracking


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    services = open_services(Settings(), tmp_path / "store")
    yield services.tracking
    services.close()


def test_experiments_become_runs_with_all_that_is_known_of_them(pipeline: Project, tracking: Tracking) -> None:
    for lr in (2, 3):
        exp_run_apart(pipeline.repo, Asked(params=[f"lr={lr}"], name=f"exp-{lr}", repro=ReproOptions(captured=True)))
    report = track_experiments(pipeline.repo, tracking, user="ada")
    assert sorted(report.created) == ["exp-2", "exp-3"]
    assert (report.known, report.failed) == (0, {})
    assert tracking.experiments.get(report.experiment_id).name == "project"
    run = tracking.runs.get(report.created["exp-3"])
    head = pipeline.git("rev-parse", "HEAD")
    rev = pipeline.git("rev-parse", ExperimentRef(head, "exp-3").path)
    assert (run.info.run_name, run.info.user_id, run.info.status) == ("exp-3", "ada", RunStatus.FINISHED)
    assert run.info.start_time == int(pipeline.git("log", "-1", "--format=%ct", rev)) * 1000
    assert run.data.params == {"lr": "3", "fail": "no", "layers": "[1, 2]"}
    assert run.data.metrics == {"acc": 3.0, "deep.loss": 0.5}
    assert run.data.tags["treering.exp.baseline"] == head
    assert run.data.tags["mlflow.source.git.commit"] == rev
    names = {one.dataset.name for one in run.inputs.dataset_inputs}
    assert {"data.txt", "model.txt"} <= {name.rpartition("/")[2] for name in names}


def test_repeating_it_brings_only_what_is_new(pipeline: Project, tracking: Tracking) -> None:
    exp_run_apart(pipeline.repo, Asked(params=["lr=2"], name="old", repro=ReproOptions(captured=True)))
    first = track_experiments(pipeline.repo, tracking, experiment="mine")
    exp_run_apart(pipeline.repo, Asked(params=["lr=3"], name="new", repro=ReproOptions(captured=True)))
    second = track_experiments(pipeline.repo, tracking, experiment="mine")
    assert (list(first.created), list(second.created), second.known) == (["old"], ["new"], 1)
    pipeline.commit("later")
    assert track_experiments(pipeline.repo, tracking, experiment="mine").created == {}
    assert track_experiments(pipeline.repo, tracking, Selection(all_commits=True), experiment="mine").known == 2


def test_what_cannot_be_read_is_told_and_the_rest_tracked(pipeline: Project, tracking: Tracking) -> None:
    head = pipeline.git("rev-parse", "HEAD")
    pipeline.write("dvc.yaml", "stages: 5\n")
    pipeline.git("add", "dvc.yaml")
    bad = pipeline.git("commit-tree", pipeline.git("write-tree"), "-p", head, "-m", "bad")
    pipeline.git("reset", "--quiet", "--hard")
    pipeline.git("update-ref", ExperimentRef(head, "bad").path, bad)
    exp_run_apart(pipeline.repo, Asked(params=["lr=2"], name="good", repro=ReproOptions(captured=True)))
    report = track_experiments(pipeline.repo, tracking)
    assert list(report.created) == ["good"]
    assert "stages" in report.failed["bad"]
