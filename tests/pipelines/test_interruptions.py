"""Processes that are interrupted, told to end, or killed while they run pipelines; the next one carries on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from projects import Project
from repro_project import run, status

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PROGRAM = textwrap.dedent("""\
    import os, sys
    from pathlib import Path
    from treering.pipelines.reproduce import ReproOptions, reproduce
    from treering.versioning.repository import find_repository
    try:
        reproduce(find_repository(Path.cwd(), dict(os.environ)), (), ReproOptions(jobs=int(sys.argv[1])))
    except KeyboardInterrupt:
        print("interrupted")
        raise
""")

# The first time, stages that are slow never end by themselves.
PIPELINE = """\
stages:
  quick:
    cmd: echo q >> ran; echo q > quick.txt
    outs: [quick.txt]
  slow:
    cmd: echo s >> ran; echo half > slow.txt; (test -e go || sleep 600) & echo $! > child; wait; echo whole > slow.txt
    deps: [quick.txt]
    outs: [slow.txt]
  after:
    cmd: echo a >> ran; cp slow.txt after.txt
    deps: [slow.txt]
    outs: [after.txt]
"""


def start(project: Project, jobs: int) -> subprocess.Popen[bytes]:
    with (project.root / "told").open("ab") as told:
        return begun(project, jobs, told)


def begun(project: Project, jobs: int, told: BinaryIO) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(jobs)],
        cwd=project.root,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        stdout=told,
        stderr=told,
        process_group=0,
    )


def ended(process: subprocess.Popen[bytes]) -> int:
    """How it ended. What it printed is no pipe: what a killed one has left running would hold that open."""
    return process.wait(timeout=60)


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("it never came to be")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stopped(project: Project, jobs: int, sign: int) -> tuple[int, int]:
    """A repro that is stopped while its slow stage runs: how it ended, and the process that its command had started."""
    project.write("dvc.yaml", PIPELINE)
    process = start(project, jobs)
    child = project.root / "child"
    wait_until(lambda: child.exists() and child.read_text().endswith("\n"))
    process.send_signal(sign)
    return ended(process), int(child.read_text())


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_whoever_is_stopped_leaves_nothing_running_and_the_next_carries_on(
    project: Project, jobs: int, sign: signal.Signals
) -> None:
    code, child = stopped(project, jobs, sign)
    assert code != 0
    wait_until(lambda: not is_running(child))
    assert "slow" in status(project)
    project.write("go", "")
    ran = run(project, jobs=jobs)
    assert ran.how == {"quick": "unchanged", "slow": "ran", "after": "ran"}
    assert project.read("after.txt") == "whole\n"
    assert project.read("ran") == "q\ns\ns\na\n"
    assert status(project) == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_kill_the_next_ends_what_was_left_and_carries_on(project: Project, jobs: int) -> None:
    code, child = stopped(project, jobs, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert is_running(child)
    project.write("go", "")
    ran = run(project, jobs=jobs)
    assert ran.how == {"quick": "unchanged", "slow": "ran", "after": "ran"}
    assert not is_running(child)
    assert project.read("after.txt") == "whole\n"
    assert status(project) == {}


def test_a_process_that_is_told_to_end_ends_by_that_signal(project: Project) -> None:
    code, _ = stopped(project, 1, signal.SIGTERM)
    assert code == -signal.SIGTERM


def test_two_that_want_the_same_run_it_once(project: Project) -> None:
    project.write(
        "dvc.yaml",
        PIPELINE.replace("test -e go || sleep 600", "for i in $(seq 900); do test -e go && break; sleep 0.02; done"),
    )
    first = start(project, 1)
    wait_until((project.root / "child").exists)
    second = start(project, 1)
    # The second has seen that the stage is at work when it waits for the stage's paths.
    time.sleep(0.3)
    project.write("go", "")
    for process in (first, second):
        assert ended(process) == 0
    assert project.read("ran") == "q\ns\na\n"
    assert status(project) == {}


def test_the_repository_is_free_while_a_command_runs(project: Project) -> None:
    project.write(
        "dvc.yaml",
        PIPELINE.replace("test -e go || sleep 600", "for i in $(seq 900); do test -e go && break; sleep 0.02; done"),
    )
    process = start(project, 1)
    wait_until((project.root / "child").exists)
    with project.repo.lock(wait=30):
        assert "slow" in status(project)
        table = project.read(".dvc/tmp/rwlock")
    assert str(project.root / "slow.txt") in table
    assert str(process.pid) in table
    project.write("go", "")
    assert ended(process) == 0
    assert str(process.pid) not in project.read(".dvc/tmp/rwlock")


def test_killed_at_any_moment_the_next_carries_on(project: Project) -> None:
    names = [f"s{at}" for at in range(6)]
    text = "stages:\n"
    for before, name in zip(["in", *(f"{name}/o" for name in names)], names, strict=False):
        text += f"  {name}:\n    cmd: mkdir {name} && cp {before} {name}/o && echo {name} > {name}/p\n    deps: [{before}]\n    outs: [{name}]\n"
    project.write("dvc.yaml", text)
    project.write("in", "data\n")
    for at in range(12):
        process = start(project, 1 + at % 2)
        time.sleep(0.15 + 0.07 * at)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        assert ended(process) in {0, -signal.SIGKILL}
    run(project)
    assert status(project) == {}
    assert project.read("s5/o") == "data\n"
    assert run(project).report.reproduced == []
