from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from projects import Project
from treering.assembly import open_services
from treering.core.errors import Unavailable
from treering.core.settings import Settings
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query
from treering.entities.run import NewRun, Run
from treering.pipelines.events import Event
from treering.pipelines.reproduce import ReproFailed, ReproOptions, ReproReport, reproduce
from treering.pipelines.tracked import TrackedRuns, TrackOptions
from treering.tracking.base import Tracking

STAGES = """\
stages:
  prep:
    cmd: mkdir -p ready && cp raw/x.txt ready/x.txt && cp code.py ready/y.txt
    deps: [raw, code.py]
    params: [prep.scale, other.json: [scale, "odd key"]]
    outs: [ready]
  train:
    cmd: python train.py
    deps: [ready/x.txt, train.py]
    params: [lr]
    outs: [model.bin]
    metrics:
    - metrics.json:
        cache: false
metrics: [m2.yaml]
"""
TRAIN = """\
import json, pathlib
pathlib.Path("model.bin").write_text("model")
pathlib.Path("metrics.json").write_text(json.dumps({"acc": 0.5, "deep": {"f1": 1}, "note": "text", "nan": float("nan")}))
"""


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    services = open_services(Settings(), tmp_path / "home")
    yield services.tracking
    services.close()


@pytest.fixture
def stages(project: Project) -> Project:
    project.write("dvc.yaml", STAGES)
    project.write("params.yaml", "prep: {scale: 2}\nlr: 0.1\n")
    project.write("other.json", {"scale": 3, "odd key": [1, 2]})
    project.write("raw/x.txt", "data")
    project.write("code.py", "print()")
    project.write("train.py", TRAIN)
    project.write("m2.yaml", "whole: 7\n")
    project.write(
        "raw.dvc",
        "outs:\n- md5: a3bcb1bf3bcaeda4b8d4db04c3dcf6c6.dir\n  size: 4\n  nfiles: 1\n  hash: md5\n  path: raw\n",
    )
    project.write(".gitignore", "/raw\n")
    project.environ["PATH"] = f"{Path(sys.executable).parent}:{project.environ['PATH']}"
    project.commit()
    return project


def repro(project: Project, tracking: Tracking, *, options: ReproOptions | None = None, **track: str) -> ReproReport:
    runs = TrackedRuns(project.repo, tracking, TrackOptions(**{"user": "ada"} | track))  # type: ignore[arg-type]
    options = replace(options or ReproOptions(), environment=runs.environment)
    with runs:
        return reproduce(project.repo, (), options, runs)


def runs_of(tracking: Tracking, name: str = "project") -> dict[str, Run]:
    experiment = tracking.experiments.get_by_name(name)
    found = tracking.runs.search(Query(experiment_ids=[experiment.experiment_id], max_results=100)).items
    return {run.info.run_name: tracking.runs.get(run.info.run_id) for run in found}


def test_each_stage_that_ran_is_a_run_within_the_run_for_the_whole(stages: Project, tracking: Tracking) -> None:
    repro(stages, tracking)
    runs = runs_of(tracking)
    assert set(runs) == {"repro", "prep", "train"}
    whole = runs["repro"]
    for name, run in runs.items():
        assert run.info.status is RunStatus.FINISHED
        assert run.data.tags["mlflow.source.git.commit"] == stages.git("rev-parse", "HEAD")
        assert run.data.tags.get("mlflow.parentRunId", "") == ("" if name == "repro" else whole.info.run_id)
    assert runs["train"].data.tags["treering.pipeline.stage"] == "train"
    assert runs["train"].data.tags["treering.pipeline.cmd"] == "python train.py"
    assert whole.data.metrics == {"acc": 0.5, "deep.f1": 1.0, "whole": 7.0}
    assert whole.data.params["lr"] == "0.1"


def test_a_run_has_parameters_metrics_and_the_entry_of_the_lock_file(stages: Project, tracking: Tracking) -> None:
    repro(stages, tracking)
    runs = runs_of(tracking)
    assert runs["prep"].data.params == {"prep.scale": "2", "scale": "3", "odd key": "[1, 2]"}
    assert runs["train"].data.params == {"lr": "0.1"}
    assert runs["train"].data.metrics == {"acc": 0.5, "deep.f1": 1.0}
    entry = json.loads(runs["train"].data.tags["treering.pipeline.lock"])
    assert [out["path"] for out in entry["outs"]] == ["metrics.json", "model.bin"]
    assert entry["outs"][1]["md5"] in stages.read("dvc.lock")


def test_what_one_stage_made_and_another_read_is_the_same_version_of_data(stages: Project, tracking: Tracking) -> None:
    repro(stages, tracking)
    runs = runs_of(tracking)
    prep, train = ({one.dataset.name: one for one in runs[name].inputs.dataset_inputs} for name in ("prep", "train"))
    assert set(prep) == {"raw", "ready"}
    assert set(train) == {"ready", "model.bin"}
    # A file of the folder was read: the folder is what was made.
    assert prep["ready"].dataset.digest == train["ready"].dataset.digest
    assert prep["ready"].dataset.digest.endswith(".dir")
    assert [prep["ready"].context, train["ready"].context, prep["raw"].context] == ["output", "", ""]
    source = json.loads(train["ready"].dataset.source)
    assert source == {
        "uri": str(stages.root / "ready"), "dvc_file": "dvc.yaml:prep", "path": "ready",
        "md5": prep["ready"].dataset.digest, "repository": str(stages.root),
    }  # fmt: skip
    assert json.loads(prep["raw"].dataset.source)["dvc_file"] == "raw.dvc"
    assert json.loads(train["model.bin"].dataset.profile) == {"size": 5}


def test_what_is_up_to_date_or_cached_makes_no_run_of_its_own(stages: Project, tracking: Tracking) -> None:
    repro(stages, tracking)
    before = len(runs_of(tracking))
    (stages.root / "model.bin").unlink()
    report = repro(stages, tracking)
    assert report.cached == ["train"]
    assert len(runs_of(tracking)) == before


def test_a_stage_that_fails_is_a_failed_run_with_its_error(stages: Project, tracking: Tracking) -> None:
    stages.write("train.py", "import sys\nsys.exit(3)\n")
    with pytest.raises(ReproFailed):
        repro(stages, tracking)
    runs = runs_of(tracking)
    assert {name: run.info.status.value for name, run in runs.items()} == {
        "repro": "FAILED", "prep": "FINISHED", "train": "FAILED",
    }  # fmt: skip
    assert runs["train"].data.tags["treering.pipeline.exit_status"] == "3"
    assert "3" in runs["train"].data.tags["treering.pipeline.error"]


def test_commands_are_told_the_id_of_their_run(stages: Project, tracking: Tracking) -> None:
    stages.write(
        "dvc.yaml", "stages:\n  say:\n    cmd: echo $TREERING_RUN_ID $MLFLOW_RUN_ID $EXTRA > said\n    outs: [said]\n"
    )
    runs = TrackedRuns(stages.repo, tracking, TrackOptions(variables={"EXTRA": "here"}))
    with runs:
        reproduce(stages.repo, (), ReproOptions(environment=runs.environment), runs)
    run_id = runs_of(tracking)["say"].info.run_id
    assert stages.read("said") == f"{run_id} {run_id} here\n"


def test_stages_in_parallel_are_kept_as_well(project: Project, tracking: Tracking) -> None:
    project.write(
        "dvc.yaml",
        'stages:\n  fe:\n    foreach: [a, b, c, d]\n    do:\n      cmd: echo ${item} > f_${item}\n      outs: ["f_${item}"]\n',
    )
    repro(project, tracking, options=ReproOptions(jobs=4), experiment="others", name="all")
    runs = runs_of(tracking, "others")
    assert set(runs) == {"all", "fe@a", "fe@b", "fe@c", "fe@d"}
    assert all("treering.pipeline.log" in runs[name].data.tags for name in ("fe@a", "fe@d"))


class Broken:
    """Runs that can be created, and nothing else."""

    def __init__(self, tracking: Tracking) -> None:
        self._runs = tracking.runs

    def create(self, new: NewRun) -> Run:
        return self._runs.create(new)

    def log(self, *_: object) -> None:
        msg = "The store is away."
        raise Unavailable(msg)


def test_a_failure_of_tracking_is_told_once_and_fails_no_stage(stages: Project, tracking: Tracking) -> None:
    told: list[Event] = []
    broken = replace(tracking, runs=Broken(tracking))  # type: ignore[arg-type]
    runs = TrackedRuns(stages.repo, broken, listener=told.append)
    with runs:
        report = reproduce(stages.repo, (), ReproOptions(environment=runs.environment), runs)
    assert report.ran == ["prep", "train"]
    assert [event.text for event in told if event.kind == "warning"] == [
        "This execution is not tracked any further: The store is away."
    ]
    assert runs.trouble == "The store is away."


def test_an_interruption_ends_the_runs_as_killed(stages: Project, tracking: Tracking) -> None:
    def stop(event: Event) -> None:
        if event.kind == "running" and event.stage.name == "train":
            raise KeyboardInterrupt

    runs = TrackedRuns(stages.repo, tracking, listener=stop)
    with pytest.raises(KeyboardInterrupt), runs:
        reproduce(stages.repo, (), ReproOptions(environment=runs.environment), runs)
    assert {name: run.info.status.value for name, run in runs_of(tracking).items()} == {
        "repro": "KILLED", "prep": "FINISHED", "train": "KILLED",
    }  # fmt: skip
