from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from treering.pipelines.leftovers import end_leftover, is_noted, noted
from treering.pipelines.logs import Outcome, StageLogs, file_name


def test_a_log_keeps_what_came_in_its_order(tmp_path: Path) -> None:
    logs = StageLogs(tmp_path)
    with logs.begin("sub/dvc.yaml:train@a b") as log:
        log.write(b"one\n")
        log.write(b"two\n")
    log.write(b"too late\n")
    assert logs.of("sub/dvc.yaml:train@a b") == [log.path]
    assert log.path.read_bytes() == b"one\ntwo\n"
    assert logs.of("train") == []


def test_the_last_ten_logs_of_a_stage_are_kept(tmp_path: Path) -> None:
    logs = StageLogs(tmp_path)
    made = []
    for number in range(13):
        with logs.begin("train") as log:
            log.write(b"%d" % number)
        made.append(log.path)
        time.sleep(0.002)  # a name of its own, by the millisecond
    assert logs.of("train") == made[:2:-1]


def test_how_a_stage_ended_is_known_until_it_ends_again(tmp_path: Path) -> None:
    logs = StageLogs(tmp_path)
    assert logs.outcome("sub/dvc.yaml:train") is None
    for outcome in (Outcome(3, 1000, 2500), Outcome(-15, 3000, 3001)):
        logs.keep_outcome("sub/dvc.yaml:train", outcome)
        assert StageLogs(tmp_path).outcome("sub/dvc.yaml:train") == outcome
    assert logs.outcome("train") is None
    (tmp_path / "logs" / f"{file_name('train')}.json").write_text("[")
    assert logs.outcome("train") is None


def test_that_a_command_runs_is_known_as_long_as_it_does(tmp_path: Path) -> None:
    assert not is_noted(tmp_path, "train")
    with noted(tmp_path, "train") as note:
        note.write(os.getpid())
        assert is_noted(tmp_path, "train")
        assert not is_noted(tmp_path, "other")
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        note.write(dead.pid)
        assert not is_noted(tmp_path, "train")
    assert not is_noted(tmp_path, "train")


def test_names_of_stages_are_names_of_files() -> None:
    names = ["train", "a/b", "a%2Fb", "tr@in-x_1", "..", "a:b", "ä"]
    assert len({file_name(name) for name in names}) == len(names)
    assert all("/" not in file_name(name) for name in names)


def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_a_command_that_a_killed_repro_left_is_ended(tmp_path: Path) -> None:
    left = subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600"], process_group=0)
    with noted(tmp_path, "train") as note:
        note.write(left.pid)
        text = note.path.read_text()
    note.path.write_text(text.replace(f'"by": {os.getpid()}', f'"by": {dead()}'))
    assert end_leftover(tmp_path, "train")
    assert left.wait(timeout=60) == -signal.SIGINT
    assert not note.path.exists()
    assert not end_leftover(tmp_path, "train")


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_another_process_of_the_same_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], process_group=0)
    try:
        with noted(tmp_path, "train") as note:
            note.write(stranger.pid)
            text = note.path.read_text()
        note.path.write_text(
            text.replace(f'"by": {os.getpid()}', f'"by": {dead()}').replace('"began": "', '"began": "1')
        )
        assert not end_leftover(tmp_path, "train")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_command_of_a_repro_that_lives_is_left_alone(tmp_path: Path) -> None:
    with noted(tmp_path, "train") as note:
        note.write(os.getpid())
        assert not end_leftover(tmp_path, "train")
        assert note.path.exists()
    assert not note.path.exists()


def test_a_damaged_note_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "train.json").write_text("{")
    assert not end_leftover(tmp_path, "train")
