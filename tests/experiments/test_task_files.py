"""The queue on disk, with real processes that die where it hurts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import DamagedData
from treering.experiments.task import Task, dump_task, load_task
from treering.experiments.task_files import MOST_ATTEMPTS, TaskFiles


def task(number: int) -> Task:
    return Task(f"{number:040x}", "h" * 40, "b" * 40, f"exp-{number}", created=number, order=number)


def names(files: TaskFiles, *states: str) -> list[str]:
    return [one.name for one in files.tasks(*states)]  # type: ignore[arg-type]


def test_the_first_in_is_the_first_out(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path / "queue")
    assert files.tasks() == []
    assert files.claim() is None
    for number in (3, 1, 2):
        files.put(task(number))
    claim = files.claim()
    assert claim is not None
    assert claim.task == replace(task(1), state="running", pid=os.getpid())
    assert names(files) == ["exp-1", "exp-2", "exp-3"]
    assert names(files, "queued") == ["exp-2", "exp-3"]
    noted = files.note(claim, root="/somewhere")
    assert files.tasks("running")[0].root == "/somewhere"
    done = files.finish(noted, "success", rev="r")
    assert (done.state, done.rev) == ("success", "r")
    assert files.tasks("success")[0].finished > 0
    assert names(files) == ["exp-2", "exp-3", "exp-1"]


def test_what_a_living_process_runs_is_left_to_it(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    files.put(task(1))
    claim = files.claim()
    assert claim is not None
    assert files.recover() == []
    assert files.remove(files.tasks()) == []
    assert names(files, "running") == ["exp-1"]


CLAIM_AND_WAIT = """
import sys
from pathlib import Path
from treering.experiments.task_files import TaskFiles
files = TaskFiles(Path(sys.argv[1]))
claim = files.claim()
print(claim.task.name, flush=True)
sys.stdin.read()
"""


def claiming(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM_AND_WAIT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("exp-")
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_what_ran_when_its_worker_was_killed_waits_again_in_its_old_place(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    files.put(task(1))
    files.put(task(2))
    process = claiming(tmp_path)
    try:
        assert files.recover() == []
    finally:
        killed(process)
    assert [one.name for one in files.recover()] == ["exp-1"]
    assert [(one.name, one.state, one.attempts) for one in files.tasks()] == [
        ("exp-1", "queued", 1),
        ("exp-2", "queued", 0),
    ]
    assert not list((tmp_path / "running").iterdir())


def test_an_experiment_that_kills_each_worker_fails_in_the_end(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    files.put(task(1))
    for _ in range(MOST_ATTEMPTS):
        killed(claiming(tmp_path))
        files.recover()
    (failed,) = files.tasks()
    assert failed.state == "failed"
    assert "killed" in failed.error
    assert files.claim() is None


@pytest.mark.parametrize("state", ["queued", "done"])
def test_a_death_between_the_two_steps_of_a_move_is_put_right(tmp_path: Path, state: str) -> None:
    files = TaskFiles(tmp_path)
    files.put(task(1))
    claim = files.claim()
    assert claim is not None
    # The old file is still there beside the new one, and the lock is gone with its process.
    if state == "queued":
        (tmp_path / "queued" / f"{1:020d}-{task(1).id}.json").write_bytes(dump_task(task(1)))
    else:
        (tmp_path / "done").mkdir()
        (tmp_path / "done" / f"{task(1).id}.json").write_bytes(dump_task(replace(task(1), state="success")))
    claim.lock.release()
    files.recover()
    assert [(one.name, one.state) for one in files.tasks()] == [("exp-1", "queued" if state == "queued" else "success")]


RACE = """
import sys
from pathlib import Path
from treering.experiments.task_files import TaskFiles
files = TaskFiles(Path(sys.argv[1]))
sys.stdin.readline()
while (claim := files.claim()) is not None:
    print(claim.task.name, flush=True)
    files.finish(claim, "success")
"""


def test_several_processes_take_each_task_once(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    for number in range(60):
        files.put(task(number))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    taken = [line for racer in racers for line in racer.communicate(timeout=60)[0].split()]
    assert sorted(taken) == sorted(f"exp-{number}" for number in range(60))
    assert len(files.tasks("success")) == 60


def test_killing_processes_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    for number in range(30):
        files.put(task(number))
    for round_ in range(6):
        racer = subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert racer.stdin is not None
        assert racer.stdout is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
        racer.stdout.readline()
        time.sleep(0.002 * round_)
        racer.send_signal(signal.SIGKILL)
        racer.communicate()
    files.recover()
    assert sorted(names(files)) == sorted(f"exp-{number}" for number in range(30))
    assert names(files, "running") == []


def test_removed_tasks_take_their_logs_with_them(tmp_path: Path) -> None:
    files = TaskFiles(tmp_path)
    files.put(task(1))
    log = files.log(task(1))
    log.parent.mkdir(parents=True)
    log.write_text("printed")
    assert [one.name for one in files.remove([task(1), task(2)])] == ["exp-1"]
    assert not log.exists()
    assert files.tasks() == []


def test_a_file_of_a_later_version_is_read_and_a_damaged_one_told() -> None:
    written = json.loads(dump_task(task(1)))
    assert load_task(json.dumps(written | {"later": 1}).encode(), "x") == task(1)
    with pytest.raises(DamagedData, match="queue the experiment again"):
        load_task(b'{"id":', "x")
