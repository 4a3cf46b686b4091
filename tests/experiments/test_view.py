"""What pages show of experiments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from projects import Project
from treering.assembly import open_services
from treering.core.settings import Settings
from treering.entities.repository import ExperimentRow, ExperimentTable
from treering.experiments.asked import Asked
from treering.experiments.queue import exp_queue
from treering.experiments.run import exp_run_apart
from treering.experiments.tracked import track_experiments
from treering.experiments.view import ShownRepository
from treering.experiments.worker import run_next
from treering.pipelines.reproduce import ReproOptions, reproduce
from treering.tracking.base import Tracking

CAPTURED = ReproOptions(captured=True)


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    services = open_services(Settings(), tmp_path / "store")
    yield services.tracking
    services.close()


def shown(project: Project, tracking: Tracking) -> ExperimentTable:
    return ShownRepository("", project.root, project.environ, tracking).experiments()


def by_name(table: ExperimentTable) -> dict[str, ExperimentRow]:
    return {row.name or row.kind: row for row in table.revisions}


def test_experiments_stand_behind_their_baseline_with_values_and_runs(pipeline: Project, tracking: Tracking) -> None:
    reproduce(pipeline.repo, (), CAPTURED)
    head = pipeline.commit("ran once\n\nand more words")
    for lr in (2, 3):
        exp_run_apart(pipeline.repo, Asked(params=[f"lr={lr}"], name=f"exp-{lr}", repro=CAPTURED))
    report = track_experiments(pipeline.repo, tracking)
    pipeline.write("params.yaml", "lr: 9\nfail: no\n")
    table = shown(pipeline, tracking)
    assert [(row.kind, row.name) for row in table.revisions[:2]] == [("workspace", ""), ("commit", "main")]
    rows = by_name(table)
    assert set(rows) == {"workspace", "main", "exp-2", "exp-3"}
    assert rows["workspace"].params["params.yaml"]["lr"] == 9
    assert (rows["main"].rev, rows["main"].author, rows["main"].message) == (head, "Ada", "ran once")
    assert rows["exp-3"].metrics == {"metrics.json": {"acc": 3, "deep.loss": 0.5}}
    assert (rows["exp-3"].kind, rows["exp-3"].baseline, rows["exp-3"].message) == ("experiment", head, "")
    assert rows["exp-3"].run_id == report.created["exp-3"]
    assert (rows["exp-3"].at or 0) > 1_500_000_000_000
    assert [(column.path, column.key, column.label) for column in table.metric_columns] == [
        ("metrics.json", "acc", "acc"), ("metrics.json", "deep.loss", "deep.loss"),
    ]  # fmt: skip
    assert {column.key for column in table.param_columns} == {"lr", "fail", "layers"}
    assert not table.truncated


def test_what_waits_and_what_failed_is_shown_too(pipeline: Project, tracking: Tracking) -> None:
    exp_queue(pipeline.repo, Asked(params=["fail=yes"], name="bad", repro=CAPTURED))
    run_next(pipeline.repo)
    exp_queue(pipeline.repo, Asked(params=["lr=4"], name="later", repro=CAPTURED))
    rows = by_name(shown(pipeline, tracking))
    assert (rows["bad"].kind, rows["later"].kind) == ("failed", "queued")
    assert rows["bad"].problem
    assert rows["later"].metrics == {}
    assert rows["later"].params["params.yaml"]["lr"] == 4


def test_experiments_of_earlier_commits_are_shown(pipeline: Project, tracking: Tracking) -> None:
    old = pipeline.git("rev-parse", "HEAD")
    exp_run_apart(pipeline.repo, Asked(params=["lr=2"], name="early", repro=CAPTURED))
    pipeline.commit("later")
    rows = shown(pipeline, tracking).revisions
    assert [row.rev for row in rows if row.kind == "commit"] == [pipeline.git("rev-parse", "HEAD"), old]
    assert rows[-1].name == "early"


def test_a_column_is_named_with_its_file_where_two_have_it(project: Project, tracking: Tracking) -> None:
    project.write("dvc.yaml", "metrics: [a.json, b.json]\nparams: [one.yaml]\n")
    project.write("a.json", {"acc": 1})
    project.write("b.json", {"acc": float("nan"), "f1": 2})
    project.write("one.yaml", "7")
    project.commit("plain metrics")
    table = shown(project, tracking)
    assert [column.label for column in table.metric_columns] == ["a.json:acc", "b.json:acc", "f1"]


def test_a_broken_pipeline_of_the_working_tree_is_a_problem_of_its_row(pipeline: Project, tracking: Tracking) -> None:
    pipeline.write("dvc.yaml", "stages: [")
    rows = by_name(shown(pipeline, tracking))
    assert "dvc.yaml" in rows["workspace"].problem
    assert str(pipeline.root) not in rows["workspace"].problem
    assert rows["main"].problem == ""
    assert rows["main"].params
