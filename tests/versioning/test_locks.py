from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treering.core.errors import PermissionDenied
from treering.versioning.errors import Busy
from treering.versioning.link_lock import LinkLock
from treering.versioning.lock_files import is_alive
from treering.versioning.locks import repository_lock

# Takes the lock, says so, and keeps it until its input ends.
HOLDER = """
import sys
from pathlib import Path
from treering.versioning.locks import repository_lock
with repository_lock(Path(sys.argv[1]) / "lock").hold(write=sys.argv[2] == "write"):
    print("held", flush=True)
    sys.stdin.read()
print("given back", flush=True)
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".dvc" / "tmp"


@pytest.fixture
def start(tmp: Path) -> Iterator[Start]:
    """Starts another process that has the lock when this returns."""
    started = []

    def run(kind: str = "write") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield run
    for process in started:
        process.kill()
        with process:  # closes its streams
            process.wait()


def test_only_one_process_has_it(tmp: Path, start: Start) -> None:
    other = start()
    with (
        pytest.raises(Busy, match=f"in use by process {other.pid}"),
        repository_lock(tmp / "lock").hold(wait=0),
    ):
        pytest.fail("both have it")


def test_it_says_whose_it_is_as_dvc_does(tmp: Path) -> None:
    tmp.mkdir(parents=True)
    (tmp / "lock").write_text(" 99999999999\n")
    with repository_lock(tmp / "lock").hold():
        assert (tmp / "lock").read_text() == f" {os.getpid()}\n"
    # It stays as it is, as with DVC; the lock is the system's, not the file.
    assert (tmp / "lock").read_text() == f" {os.getpid()}\n"


def test_who_waits_gets_it_when_the_other_is_done(tmp: Path, start: Start) -> None:
    other = start()
    assert other.stdin is not None
    threading.Timer(0.1, other.stdin.close).start()
    with repository_lock(tmp / "lock").hold():
        assert other.stdout is not None
        assert other.stdout.readline() == "given back\n"


def test_a_killed_process_leaves_nothing_locked(tmp: Path, start: Start) -> None:
    other = start()
    other.send_signal(signal.SIGKILL)
    other.wait()
    with repository_lock(tmp / "lock").hold(wait=0):
        assert not is_alive(other.pid)


def test_who_waits_long_is_told_for_whom(tmp: Path, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    other = start()
    with (
        caplog.at_level(logging.WARNING, "treering"),
        pytest.raises(Busy),
        repository_lock(tmp / "lock").hold(wait=1.2),
    ):
        pytest.fail("both have it")
    (message,) = caplog.messages
    assert f"is in use by process {other.pid}" in message
    assert message.endswith("Waiting until that is done.")


def test_readers_share_it_and_keep_writers_out(tmp: Path, start: Start) -> None:
    start("read")
    with repository_lock(tmp / "lock").hold(write=False, wait=0):
        start("read")
    with pytest.raises(Busy), repository_lock(tmp / "lock").hold(wait=0):
        pytest.fail("a reader has it")


def test_a_writer_keeps_readers_out(tmp: Path, start: Start) -> None:
    start("write")
    with pytest.raises(Busy), repository_lock(tmp / "lock").hold(write=False, wait=0):
        pytest.fail("a writer has it")


def test_within_a_process_it_can_be_taken_again(tmp: Path, start: Start) -> None:
    lock = repository_lock(tmp / "lock")
    with lock.hold(), repository_lock(tmp / "lock").hold(), lock.hold(write=False):
        assert lock.held
    assert not lock.held
    start()


def test_a_reader_can_become_a_writer(tmp: Path) -> None:
    lock = repository_lock(tmp / "lock")
    with lock.hold(write=False), lock.hold():
        assert (tmp / "lock").read_text() == f" {os.getpid()}\n"


def test_other_threads_wait_for_their_turn(tmp: Path) -> None:
    lock = repository_lock(tmp / "lock")
    seen = []

    def other() -> None:
        try:
            with lock.hold(wait=0):
                seen.append("both have it")
        except Busy as error:
            seen.append(error.message)
        with lock.hold():
            seen.append("had")

    with lock.hold():
        thread = threading.Thread(target=other)
        thread.start()
        while not seen:
            thread.join(0.01)
        assert "another thread of this process" in seen[0]
    thread.join()
    assert seen[1:] == ["had"]


def test_it_is_given_away_while_a_stage_runs(tmp: Path, start: Start) -> None:
    lock = repository_lock(tmp / "lock")
    with lock.hold(), lock.hold():
        with lock.released():
            assert not lock.held
            other = start()
            other.communicate("")
        assert lock.held
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-c", HOLDER, str(tmp), "write"], stdin=subprocess.DEVNULL, timeout=1, check=False
            )
    start()


def test_giving_away_what_one_does_not_have_does_nothing(tmp: Path) -> None:
    lock = repository_lock(tmp / "lock")
    with lock.released():
        assert not lock.held


def test_a_reader_needs_no_permission_to_write(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    lock = repository_lock(tmp / "lock")
    with lock.hold(write=False):
        assert lock.held
    with pytest.raises(PermissionDenied, match="Only commands that read"), lock.hold():
        pytest.fail("written where nothing can be")


def test_a_failed_attempt_leaves_it_free(tmp: Path, start: Start) -> None:
    other = start()
    with pytest.raises(Busy), repository_lock(tmp / "lock").hold(wait=0):
        pytest.fail("both have it")
    other.communicate("")
    with repository_lock(tmp / "lock").hold(wait=0):
        assert repository_lock(tmp / "lock").held


@pytest.fixture
def linked(tmp: Path) -> LinkLock:
    return LinkLock(tmp / "lock")


def test_a_hard_link_is_made_by_one_only(linked: LinkLock) -> None:
    other = LinkLock(linked.file)
    assert linked.attempt(write=True)
    assert linked.attempt(write=True)
    assert not other.attempt(write=False)
    assert other.holder() == os.getpid()
    assert linked.file.stat().st_nlink == 2
    linked.release()
    assert other.attempt(write=True)
    other.release()
    assert list(linked.file.parent.iterdir()) == []


def test_the_hard_link_of_a_killed_process_is_taken_away(linked: LinkLock) -> None:
    program = "import os, sys; from treering.versioning.link_lock import LinkLock; from pathlib import Path;"
    subprocess.run(
        [
            sys.executable,
            "-c",
            program + "LinkLock(Path(sys.argv[1])).attempt(write=True); os._exit(9)",
            str(linked.file),
        ],
        check=False,
    )
    assert linked.file.stat().st_nlink == 2
    assert not linked.attempt(write=True)
    assert linked.attempt(write=True)
    linked.release()
    assert list(linked.file.parent.iterdir()) == []


def test_the_hard_link_of_somebody_unknown_is_left_alone(linked: LinkLock) -> None:
    # As DVC names its own: neither the machine nor the process can be read from it.
    claim = linked.file.with_name("0123456789abcdef0123456789abcdef.lock")
    claim.parent.mkdir(parents=True)
    claim.write_text(str(claim))
    os.link(claim, linked.file)
    assert not linked.attempt(write=True)
    assert not linked.attempt(write=True)
    assert linked.holder() == 0


def test_a_file_that_flock_left_behind_is_no_hard_link(linked: LinkLock, start: Start) -> None:
    other = start()
    assert not linked.attempt(write=True)
    assert not linked.attempt(write=True)
    other.communicate("")
    assert not linked.attempt(write=True)
    assert linked.attempt(write=True)
