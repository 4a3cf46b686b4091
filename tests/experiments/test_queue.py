"""The queue with its workers, which are real processes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from projects import Project
from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.experiments.asked import Asked, dump_asked, load_asked
from treering.experiments.clean import exp_clean
from treering.experiments.listing import exp_list
from treering.experiments.queue import (
    exp_queue,
    queue_follow,
    queue_kill,
    queue_logs,
    queue_remove,
    queue_start,
    queue_stop,
)
from treering.experiments.queue_status import queue_status
from treering.experiments.refs import FAILED_STASH, QUEUE_STASH
from treering.experiments.show import exp_show
from treering.experiments.stash import stashed
from treering.experiments.task_files import queue_files
from treering.pipelines.reproduce import ReproOptions

PATIENCE = 60.0


@pytest.fixture
def queue(pipeline: Project, tmp_path: Path) -> Iterator[Project]:
    """The pipeline; whatever runs there is ended afterwards."""
    pipeline.environ.update(GATE=str(tmp_path / "gate"), STARTED=str(tmp_path / "started"))
    yield pipeline
    (tmp_path / "gate").touch()
    queue_stop(pipeline.repo, kill=True)
    until(lambda: queue_status(pipeline.repo).active + queue_status(pipeline.repo).idle == 0)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def states(project: Project) -> dict[str, str]:
    return {task.name: task.state for task in queue_status(project.repo).tasks}


def put(project: Project, *params: str, name: str = "", **options: bool) -> list[str]:
    asked = Asked(params=params, name=name, repro=ReproOptions(**options))
    return [task.name for task, _ in exp_queue(project.repo, asked)]


def started(tmp_path: Path) -> list[str]:
    file = tmp_path / "started"
    return file.read_text().split() if file.exists() else []


def open_gate(tmp_path: Path) -> None:
    (tmp_path / "gate").touch()


def processes() -> str:
    """The command lines of all processes."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def is_over(project: Project) -> bool:
    return not {"queued", "running"} & set(states(project).values())


def test_queueing_touches_nothing_and_dvc_finds_it_in_its_stash(queue: Project) -> None:
    queue.write("notes.txt", "untracked")
    queue.write("train.sh", queue.read("train.sh") + "# changed\n")
    before = queue.git("status", "--porcelain"), queue.git("ls-files", "--stage"), queue.read("params.yaml")
    head = queue.git("rev-parse", "HEAD")
    (task, params) = exp_queue(queue.repo, Asked(params=["lr=5"], name="five"))[0]
    assert (queue.git("status", "--porcelain"), queue.git("ls-files", "--stage"), queue.read("params.yaml")) == before
    assert params == ("params.yaml:lr=5",)
    git = queue.repo.require_git()
    assert stashed(git, QUEUE_STASH) == [(task.id, f"commit: dvc-exp:{head}:{head}:five")]
    assert queue.git("log", "-1", "--format=%P", task.id).split()[0] == head
    assert queue.git("show", f"{task.id}:params.yaml").startswith("lr: 5  # the rate")
    assert queue.git("show", f"{task.id}:train.sh").endswith("# changed")
    queue.git("reflog", "expire", "--expire=now", "--all")
    queue.git("gc", "--quiet", "--prune=now")
    assert queue.git("cat-file", "-t", task.id) == "commit"


def test_several_values_become_several_experiments(queue: Project) -> None:
    assert put(queue, "lr=1,2", "fail=yes,no", name="grid") == ["grid-1", "grid-2", "grid-3", "grid-4"]
    held = [queue.git("show", f"{task.id}:params.yaml").splitlines()[:2] for task in queue_status(queue.repo).tasks]
    assert held == [[f"lr: {lr}  # the rate", f"fail: {fail}"] for lr in "12" for fail in ("yes", "no")]
    made = put(queue, "lr=range(3,6)")
    assert len(set(made)) == 3
    with pytest.raises(AlreadyExists):
        put(queue, "lr=7", name="grid-2")
    assert put(queue, "lr=7", name="grid-2", force=True) == ["grid-2"]


def test_workers_run_what_waits_each_once_and_end(queue: Project, tmp_path: Path) -> None:
    open_gate(tmp_path)
    names = put(queue, "lr=range(10,16)")
    assert queue_start(queue.repo, 2) == 2
    assert queue_start(queue.repo, 2) == 0
    until(lambda: is_over(queue))
    assert states(queue) == dict.fromkeys(names, "success")
    assert sorted(started(tmp_path)) == sorted(names)
    (found,) = exp_list(queue.repo).values()
    assert sorted(name for name, _ in found) == sorted(names)
    for task in queue_status(queue.repo).tasks:
        assert queue.git("rev-parse", task.ref) == task.rev
    assert stashed(queue.repo.require_git(), QUEUE_STASH) == []
    assert queue.git("for-each-ref", "refs/treering") == ""
    assert queue.git("status", "--porcelain") == ""
    until(lambda: queue_status(queue.repo).idle + queue_status(queue.repo).active == 0)
    with pytest.raises(InvalidInput):
        queue_start(queue.repo, 0)


def test_two_run_at_the_same_time_and_what_waits_waits(queue: Project, tmp_path: Path) -> None:
    put(queue, "lr=1,2,3", name="x")
    queue_start(queue.repo, 2)
    until(lambda: len(started(tmp_path)) == 2)
    status = queue_status(queue.repo)
    assert [task.state for task in status.tasks] == ["running", "running", "queued"]
    assert (status.active, status.idle) == (2, 0)
    assert queue_remove(queue.repo, queued=True)[0].name == "x-3"
    with pytest.raises(NotFound):
        queue_remove(queue.repo, ["x-1"])
    open_gate(tmp_path)
    until(lambda: is_over(queue))
    assert states(queue) == {"x-1": "success", "x-2": "success"}


def test_a_failed_experiment_tells_why_and_the_others_run(queue: Project, tmp_path: Path) -> None:
    open_gate(tmp_path)
    put(queue, "fail=yes", name="bad")
    put(queue, "lr=2", name="good")
    queue_start(queue.repo)
    until(lambda: is_over(queue))
    assert states(queue) == {"bad": "failed", "good": "success"}
    (bad, good) = queue_status(queue.repo).tasks
    assert "failed to reproduce 'train'" in bad.error
    assert "broken\n" in queue_logs(queue.repo, "bad")
    assert "ERROR: failed to reproduce 'train'" in queue_logs(queue.repo, "bad")
    assert "training with 2 as good" in queue_logs(queue.repo, good.id[:7])
    assert [commit for commit, _ in stashed(queue.repo.require_git(), FAILED_STASH)] == [bad.id]
    assert queue.git("cat-file", "-t", bad.id) == "commit"
    assert [task.name for task in queue_remove(queue.repo, failed=True)] == ["bad"]
    assert stashed(queue.repo.require_git(), FAILED_STASH) == []
    assert [task.name for task in queue_remove(queue.repo, [good.id[:7]])] == ["good"]
    assert [name for found in exp_list(queue.repo).values() for name, _ in found] == ["good"]
    with pytest.raises(NotFound, match="not in the queue"):
        queue_logs(queue.repo, "good")


def test_logs_are_followed_to_the_end(queue: Project, tmp_path: Path) -> None:
    put(queue, "lr=2", name="mine")
    with pytest.raises(NotFound, match="has not been started"):
        queue_logs(queue.repo, "mine")
    queue_start(queue.repo)
    until(lambda: bool(started(tmp_path)))
    written: list[str] = []

    def write(text: str) -> None:
        written.append(text)
        open_gate(tmp_path)

    assert queue_follow(queue.repo, "mine", write).state == "success"
    assert "".join(written) == queue_logs(queue.repo, "mine")
    assert "training with 2 as mine" in "".join(written)


@pytest.mark.parametrize("force", [False, True])
def test_a_killed_experiment_has_failed_and_its_commands_are_gone(
    queue: Project, tmp_path: Path, *, force: bool
) -> None:
    put(queue, "lr=1,2", name="x")
    queue_start(queue.repo)
    until(lambda: started(tmp_path) == ["x-1"])
    trees = queue.repo.our_tmp / "trees"
    (tree,) = trees.glob("exp-*")
    assert queue_kill(queue.repo, ["x-1"], force=force) == ["x-1"]
    assert states(queue)["x-1"] == "failed"
    until(lambda: started(tmp_path) == ["x-1", "x-2"])
    assert not tree.exists()
    with pytest.raises(NotFound, match="not running"):
        queue_kill(queue.repo, ["x-1"])
    open_gate(tmp_path)
    until(lambda: is_over(queue))
    assert states(queue) == {"x-1": "failed", "x-2": "success"}
    until(lambda: str(queue.root) not in processes())


def test_workers_stop_after_what_they_run_or_at_once(queue: Project, tmp_path: Path) -> None:
    put(queue, "lr=1,2", name="x")
    queue_start(queue.repo)
    until(lambda: started(tmp_path) == ["x-1"])
    assert queue_stop(queue.repo) == 1
    open_gate(tmp_path)
    until(lambda: queue_status(queue.repo).active + queue_status(queue.repo).idle == 0)
    assert states(queue) == {"x-1": "success", "x-2": "queued"}
    (tmp_path / "gate").unlink()
    queue_start(queue.repo)
    until(lambda: started(tmp_path) == ["x-1", "x-2"])
    assert queue_stop(queue.repo, kill=True) == 1
    assert states(queue) == {"x-1": "success", "x-2": "failed"}


def test_an_experiment_whose_processes_were_killed_runs_again(queue: Project, tmp_path: Path) -> None:
    (name,) = put(queue, "lr=4")
    queue_start(queue.repo)
    until(lambda: started(tmp_path) == [name])
    (task,) = queue_files(queue.repo).tasks("running")
    for file in (queue_files(queue.repo).folder / "workers").glob("*.lock"):
        os.kill(int(file.read_text()), signal.SIGKILL)
    os.killpg(task.pid, signal.SIGKILL)
    until(lambda: states(queue) == {name: "queued"})
    open_gate(tmp_path)
    queue_start(queue.repo)
    until(lambda: is_over(queue))
    assert states(queue) == {name: "success"}
    assert not list((queue.repo.our_tmp / "trees").glob("exp-*"))
    assert queue.git("worktree", "list").count("\n") == 0


def test_an_experiment_goes_on_without_its_worker(queue: Project, tmp_path: Path) -> None:
    (name,) = put(queue, "lr=4")
    queue_start(queue.repo)
    until(lambda: started(tmp_path) == [name])
    for file in (queue_files(queue.repo).folder / "workers").glob("*.lock"):
        os.kill(int(file.read_text()), signal.SIGKILL)
    assert states(queue) == {name: "running"}
    queue_start(queue.repo)
    open_gate(tmp_path)
    until(lambda: is_over(queue))
    assert started(tmp_path) == [name]


def test_what_is_left_over_is_cleaned_away(queue: Project) -> None:
    put(queue, "lr=1", name="x")
    (task,) = queue_files(queue.repo).tasks()
    assert exp_clean(queue.repo).refs == 0
    # As if somebody had been killed in the middle of removing it.
    queue_files(queue.repo).remove([task])
    assert exp_clean(queue.repo).refs == 1
    assert stashed(queue.repo.require_git(), QUEUE_STASH) == []
    assert queue.git("for-each-ref", "refs/treering") == ""


def test_what_was_asked_for_survives_in_the_queue(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    asked = Asked(
        targets=["train"],
        message="m",
        copy_paths=["extra"],
        repro=ReproOptions(force=True, single_item=True, jobs=3),
        folder=root / "sub",
        trees=tmp_path / "trees",
    )
    again = load_asked(dump_asked(asked, root), tmp_path / "moved")
    assert (again.targets, again.message, again.copy_paths) == (("train",), "m", ("extra",))
    assert (again.repro.force, again.repro.single_item, again.repro.jobs, again.repro.dry) == (True, True, 3, False)
    assert (again.folder, again.trees) == (tmp_path / "moved" / "sub", tmp_path / "trees")
    assert load_asked({"later": 1, "repro": {"later": 2}}, root).repro.jobs == 1


def test_a_worker_can_be_started_where_nothing_waits(queue: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "treering.experiments.worker", str(queue.root), "1"],
        env=queue.environ,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0
    assert list(queue_status(queue.repo).tasks) == []


def test_what_waits_for_a_worker_of_dvc_is_told_too(queue: Project) -> None:
    put(queue, "lr=2", name="ours")
    (task,) = queue_files(queue.repo).tasks()
    entry = {
        "stash_rev": task.id,
        "baseline_rev": task.baseline,
        "head_rev": task.head,
        "name": "theirs",
        "branch": None,
    }
    body = base64.b64encode(json.dumps([[entry], {"copy_paths": []}, {}]).encode()).decode()
    folder = ".dvc/tmp/exps/celery/broker/in"
    headers = {"task": "dvc.repo.experiments.queue.tasks.run_exp"}
    queue.write(f"{folder}/1_a.celery.msg", {"body": body, "headers": headers})
    queue.write(f"{folder}/2_b.celery.msg", {"body": body, "headers": {"task": "other"}})
    queue.write(f"{folder}/3_c.celery.msg", "half a mess")
    status = queue_status(queue.repo)
    assert [(one.name, one.state) for one in (*status.tasks, *status.theirs)] == [
        ("ours", "queued"),
        ("theirs", "queued"),
    ]
    derived = exp_show(queue.repo)[1].experiments
    assert derived is not None
    assert sorted(str(one.name) for one in derived) == ["ours", "theirs"]


def test_what_runs_is_shown_with_what_it_has_reported_so_far(queue: Project, tmp_path: Path) -> None:
    script = queue.read("train.sh").replace(
        'while [ -n "$GATE"', 'echo "{\\"acc\\": 0.125}" > metrics.json\nwhile [ -n "$GATE"'
    )
    queue.write("train.sh", script)
    put(queue, "lr=2", name="mine")
    queue_start(queue.repo)

    def reported() -> bool:
        derived = exp_show(queue.repo)[1].experiments
        assert derived is not None
        (one,) = derived
        assert one.executor is not None
        assert one.executor["state"] in {"queued", "running"}
        data = one.revs[0].data
        assert data is not None
        assert data["params"]["params.yaml"]["data"]["lr"] == 2
        return bool(data["metrics"].get("metrics.json", {}).get("data") == {"acc": 0.125})

    until(reported)
    open_gate(tmp_path)
    until(lambda: is_over(queue))
