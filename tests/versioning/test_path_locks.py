from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.core.errors import DamagedData
from treering.versioning.errors import Busy
from treering.versioning.path_locks import PathUse
from treering.versioning.repository import Repository

# Takes the lock of the repository and the paths, lets the repository go, and keeps the paths until its input ends.
STAGE = """
import os, sys
from pathlib import Path
from treering.versioning.path_locks import PathUse
from treering.versioning.repository import find_repository
repo = find_repository(Path(sys.argv[1]), os.environ)
use = PathUse("train", tuple(sys.argv[2].split()), tuple(sys.argv[3].split()))
with repo.lock():
    with repo.hold_paths(use), repo.released():
        print("running", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def stage(repo: Repository) -> Iterator[subprocess.Popen[str]]:
    """Another process, which reads /d/in and writes /d/out."""
    with subprocess.Popen(
        [sys.executable, "-c", STAGE, str(repo.root), "/d/in", "/d/out"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield process
        process.kill()


def table(repo: Repository) -> object:
    return json.loads((repo.tmp / "rwlock").read_text())


@pytest.mark.usefixtures("stage")
def test_the_repository_is_free_while_a_stage_runs(repo: Repository) -> None:
    with repo.lock(wait=0):
        pass


def test_what_is_in_use_stands_in_dvcs_file(repo: Repository, stage: subprocess.Popen[str]) -> None:
    info = {"pid": stage.pid, "cmd": "train"}
    assert table(repo) == {"write": {"/d/out": info}, "read": {"/d/in": [info]}}
    stage.communicate("")
    assert table(repo) == {"write": {}, "read": {}}


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("read", "write", "free"),
    [
        (("/d/in",), (), True),
        (("/d/in/part", "/d/other"), ("/d/outer",), True),
        ((), ("/d/in",), False),
        ((), ("/d/in/part",), False),
        ((), ("/d",), False),
        (("/d/out",), (), False),
        (("/d/out/part",), (), False),
        (("/d",), (), False),
    ],
)
def test_paths_meet_where_one_contains_the_other(
    repo: Repository, read: tuple[str, ...], write: tuple[str, ...], free: bool
) -> None:
    use = PathUse("mine", read, write)
    with repo.lock():
        if free:
            with repo.hold_paths(use, wait=0):
                pass
        else:
            with pytest.raises(Busy, match=r"by process \d+ \(train\)"), repo.hold_paths(use, wait=0):
                pytest.fail("both have it")


def test_who_waits_lets_the_other_one_finish(repo: Repository, stage: subprocess.Popen[str]) -> None:
    # The other process needs the repository's lock to finish, which this one has.
    assert stage.stdin is not None
    with repo.lock():
        stage.stdin.close()
        with repo.hold_paths(PathUse("mine", (), ("/d/out",))):
            info = {"pid": os.getpid(), "cmd": "mine"}
            assert table(repo) == {"write": {"/d/out": info}, "read": {}}


def test_a_killed_stage_is_in_nobodys_way(repo: Repository, stage: subprocess.Popen[str]) -> None:
    stage.send_signal(signal.SIGKILL)
    stage.wait()
    assert f"{stage.pid}" in json.dumps(table(repo))
    with repo.lock(), repo.hold_paths(PathUse("mine", (), ("/d/out",)), wait=0):
        assert f"{stage.pid}" not in json.dumps(table(repo))


def test_stages_of_one_process_may_read_the_same(repo: Repository) -> None:
    info = {"pid": os.getpid(), "cmd": "all"}
    use = PathUse("all", ("/d/in",))
    with repo.hold_paths(use):
        with repo.hold_paths(use):
            assert table(repo) == {"write": {}, "read": {"/d/in": [info, info]}}
        assert table(repo) == {"write": {}, "read": {"/d/in": [info]}}


def test_a_failed_stage_leaves_nothing_behind(repo: Repository) -> None:
    with pytest.raises(ZeroDivisionError), repo.hold_paths(PathUse("mine", (), ("/d/out",))):
        _ = 1 / 0
    assert table(repo) == {"write": {}, "read": {}}


def test_an_empty_file_is_one_whose_writer_was_killed(repo: Repository) -> None:
    repo.tmp.mkdir(parents=True)
    (repo.tmp / "rwlock").touch()
    with repo.hold_paths(PathUse("mine", ("/d/in",))):
        pass


@pytest.mark.parametrize("text", ["{", "[]", '{"write": {"/d": 7}}', '{"read": {"/d": {"pid": 1}}}'])
def test_a_damaged_file_is_told_by_name(repo: Repository, tmp_path: Path, text: str) -> None:
    repo.tmp.mkdir(parents=True)
    (repo.tmp / "rwlock").write_text(text)
    with pytest.raises(DamagedData, match=str(tmp_path)), repo.hold_paths(PathUse("mine", ("/d/in",))):
        pytest.fail("taken all the same")
