"""Programs that fork in the midst of a capture, wait for any child, or hand their output to others: none waits for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

START = """
import faulthandler, multiprocessing, os, signal, sys, threading, time
import treering

def seconds(since):
    return time.monotonic() - since
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose files differ from its commit, with a git that takes its time."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("")
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@example.com commit -q -m x"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 0.2\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    return folder


def execute(project: Path, body: str) -> str:
    """What a program printed that captures; its output is a pipe, which whoever outlives it would keep open."""
    (project / "train.py").write_text(START + body)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    kept |= {"TREERING_HOME": str(project.parent / "home"), "PYTHONWARNINGS": "ignore"}
    kept["PATH"] = f"{project.parent / 'bin'}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(
        [sys.executable, str(project / "train.py")],
        env=kept, cwd=project, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


CAPTURED = """
tags = treering.get_run(run.info.run_id).data.tags
assert tags["mlflow.source.git.dirty"] == "true", tags
files = [file.path for file in treering.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="treering")]
assert files == ["treering/environment.json", "treering/source.diff"], files
print("captured")
"""


def test_the_end_of_a_run_does_not_wait_for_children_that_were_forked_at_its_start(project: Path) -> None:
    """They live until the run has ended, with copies of all that was open when they were forked.

    Whoever waits for the end of a pipe to git waits for them, too.
    """
    told = execute(
        project,
        """
run = treering.start_run()
gate, latch = os.pipe()
children = []
began = time.monotonic()
while seconds(began) < 1.5:
    child = os.fork()
    if child == 0:
        os.close(latch)
        os.read(gate, 1)
        os._exit(0)
    children.append(child)
    time.sleep(0.01)
treering.end_run()
"""
        + CAPTURED
        + """
os.close(latch)
for child in children:
    os.waitpid(child, 0)
""",
    )
    assert told == "captured"


def test_a_child_that_is_forked_at_any_moment_captures_for_itself(project: Path) -> None:
    told = execute(
        project,
        """
run = treering.start_run(run_name="parent")
children = []
for pause in (0, 0, 0.001, 0.005, 0.02, 0.1, 0.3, 0.6):
    time.sleep(pause)
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        treering.log_metric("inherited", 1)
        with treering.start_run(run_name="own") as run:
            pass
        assert treering.get_run(run.info.run_id).data.tags["treering.capture"]
        sys.exit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
treering.end_run()
"""
        + CAPTURED,
    )
    assert told == "captured"


def test_who_waits_for_any_child_gets_none_but_its_own(project: Path) -> None:
    told = execute(
        project,
        """
with treering.start_run() as run:
    child = os.fork()
    if child == 0:
        time.sleep(2)
        os._exit(0)
    assert os.wait()[0] == child
    try:
        os.wait()
    except ChildProcessError:
        pass
"""
        + CAPTURED,
    )
    assert told == "captured"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_end_of_a_run_does_not_wait_for_a_pool(project: Path, method: str) -> None:
    told = execute(
        project,
        f"""
def work(number):
    treering.log_metric("x", number)
    return number

if __name__ == "__main__":
    run = treering.start_run()
    pool = multiprocessing.get_context("{method}").Pool(3)
    assert pool.map(abs, range(3)) == [0, 1, 2]
    treering.end_run()
"""
        + "".join(f"    {line}\n" for line in CAPTURED.splitlines())
        + "    pool.terminate()\n    pool.join()\n",
    )
    assert told == "captured"


def test_threads_that_run_while_others_fork(project: Path) -> None:
    told = execute(
        project,
        """
def train(number):
    with treering.start_run(run_name=f"thread {number}"):
        treering.log_metric("x", number)

with treering.start_run() as run:
    threads = [threading.Thread(target=train, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        child = os.fork()
        if child == 0:
            faulthandler.dump_traceback_later(60, exit=True)
            treering.log_metric("forked", 1, run_id=run.info.run_id)
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    for thread in threads:
        thread.join()
found = treering.search_runs(output_format="list")
assert [one.info.status for one in found] == ["FINISHED"] * 5
assert all("treering.environment.python" in one.data.tags for one in found)
"""
        + CAPTURED,
    )
    assert told == "captured"
