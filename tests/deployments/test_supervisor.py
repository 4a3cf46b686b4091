"""What is supervised runs until it is told to end: whatever ends it, whatever ends its supervisor."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treering.deployments.running import Supervised, end, last_lines, look, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is supervised there")

PATIENCE = 30.0
SLEEPER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"


def until(seen: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < limit
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "kept"
    yield place
    end(place)


def pids(folder: Path) -> list[int]:
    file = folder / "pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def sleeper(folder: Path) -> Supervised:
    start(folder, [sys.executable, "-c", SLEEPER, str(folder / "pids")], {})
    until(lambda: len(pids(folder)) == 1)
    return look(folder)


def test_what_ends_is_started_again(folder: Path) -> None:
    before = sleeper(folder)
    os.kill(before.child, signal.SIGKILL)
    until(lambda: len(pids(folder)) == 2 and look(folder).state == "running")
    after = look(folder)
    assert (after.alive, after.restarts, after.pid) == (True, 1, before.pid)
    assert "SIGKILL" in after.last
    assert after.child == pids(folder)[1]


def test_ending_it_ends_what_it_runs(folder: Path) -> None:
    known = sleeper(folder)
    end(folder)
    assert not runs(known.child)
    assert (look(folder).alive, look(folder).state) == (False, "stopped")
    end(folder)


def test_what_it_runs_ends_with_a_supervisor_that_is_killed(folder: Path) -> None:
    known = sleeper(folder)
    os.kill(known.pid, signal.SIGKILL)
    until(lambda: not runs(known.child))
    assert not look(folder).alive
    start(folder, [sys.executable, "-c", SLEEPER, str(folder / "pids")], {})
    until(lambda: len(pids(folder)) == 2)


def test_another_order_takes_its_place(folder: Path) -> None:
    known = sleeper(folder)
    start(folder, [sys.executable, "-c", "import os, time; print('new', os.environ['WORD'], flush=True); time.sleep(600)"],
          {"WORD": "here"})  # fmt: skip
    until(lambda: "new here" in last_lines(folder))
    assert not runs(known.child)
    assert look(folder).pid == known.pid


def test_what_fails_at_once_is_tried_with_pauses_and_its_words_are_kept(folder: Path) -> None:
    start(folder, [sys.executable, "-c", "raise SystemExit('no model there')"], {})
    until(lambda: look(folder).quick >= 2)
    assert "status 1" in look(folder).last
    assert "no model there" in last_lines(folder)


def test_a_child_that_does_not_listen_is_ended_anyway(folder: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    start(folder, [sys.executable, "-c", code], {}, grace=0.2)
    until(lambda: "deaf" in last_lines(folder))
    known = look(folder)
    end(folder)
    assert not runs(known.child)


def test_what_never_ran_is_not_alive(tmp_path: Path) -> None:
    assert look(tmp_path) == Supervised(alive=False)
    end(tmp_path / "nowhere")
