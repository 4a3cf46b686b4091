import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from treering.core.errors import DamagedData, NotFound, StorageFull, Unavailable
from treering.storage.journal import writer as writer_module
from treering.storage.journal.folder import acknowledge, acknowledged, claim, orphans, remove
from treering.storage.journal.ownership import try_lock
from treering.storage.journal.reader import Point, open_reader
from treering.storage.journal.writer import JournalWriter, open_journal
from treering.testing.journal import JournalSuite, everything


@pytest.fixture
def journal(tmp_path: Path):
    writer = open_journal(tmp_path / "journal", "http://example.test")
    yield writer
    writer.close()


class TestJournal(JournalSuite):
    pass


class TestSyncedJournal(JournalSuite):
    @pytest.fixture
    def journal(self, tmp_path: Path):
        writer = open_journal(tmp_path / "journal", "", sync=True)
        yield writer
        writer.close()


def steps(writer: JournalWriter):
    return [record.step for record in everything(writer) if isinstance(record, Point)]


def test_the_first_frame_says_whose_it_is(journal: JournalWriter):
    reader = open_reader(journal.path)
    assert reader.opening == journal.opening
    assert reader.opening.destination == "http://example.test"
    assert reader.opening.journal_id == journal.path.stem
    assert reader.opening.pid == os.getpid()
    reader.close()


def test_only_the_owner_may_read(journal: JournalWriter):
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_living_owners_journal_is_nobodys_orphan(journal: JournalWriter):
    assert orphans(journal.path.parent) == []
    assert claim(journal.path) is None


def test_a_claim_keeps_others_out_until_it_is_released(journal: JournalWriter):
    journal.close()
    first = claim(journal.path)
    assert first is not None
    assert claim(journal.path) is None
    first.release()
    first.release()
    second = claim(journal.path)
    assert second is not None
    second.release()


def test_a_journal_that_is_gone_cannot_be_claimed(tmp_path: Path):
    assert claim(tmp_path / "gone.journal") is None
    assert orphans(tmp_path / "no folder") == []


def test_what_an_interrupted_start_left_is_cleared(tmp_path: Path):
    (tmp_path / "0123.new").write_bytes(b"half")
    assert orphans(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_garbage_beside_a_journal_is_no_acknowledgement(journal: JournalWriter):
    journal.path.with_suffix(".ack").write_text("many")
    assert acknowledged(journal.path) == 0


def test_what_a_kill_between_two_steps_left_goes_with_the_journal(journal: JournalWriter):
    acknowledge(journal.path, 40)
    journal.path.with_suffix(".ack-4711").write_text("50\n")
    assert acknowledged(journal.path) == 40
    remove(journal.path)
    assert list(journal.path.parent.iterdir()) == []


def test_a_full_disk_costs_only_the_note_of_how_far_it_came(journal: JournalWriter, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    acknowledge(journal.path, 40)
    monkeypatch.setattr(Path, "write_text", full)
    acknowledge(journal.path, 50)
    assert acknowledged(journal.path) == 40


@pytest.mark.parametrize(
    "content",
    [b"", b"treering", b"x" * 500, b"treering journal\x02\x00\x00\x00" + b"\0" * 100, b"treering journal\x01\0\0\0"],
)
def test_what_is_no_journal_is_refused_by_name(tmp_path: Path, content: bytes):
    path = tmp_path / "x.journal"
    path.write_bytes(content)
    with pytest.raises(DamagedData, match=r"x\.journal is no journal"):
        open_reader(path)


def test_a_missing_journal_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound, match="There is no journal"):
        open_reader(tmp_path / "x.journal")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="TREERING_HOME"):
        open_journal(tmp_path / "file" / "journal", "")


def test_a_limit_on_the_file_leaves_nothing_half_written(tmp_path: Path):
    # The kernel cuts the write that crosses the limit, as a full disk does.
    writer = open_journal(tmp_path, "")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.end + 500, hard))
    kept = 0
    try:
        with pytest.raises(StorageFull, match="Free some space"):  # which of them fails is not known
            for kept in range(1000):
                writer.metric("run", "loss", kept, kept, kept)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 0 < kept < 20
    assert writer.path.stat().st_size == writer.end
    # When there is space again, logging simply goes on.
    writer.metric("run", "loss", -1.0, 7, 7)
    assert steps(writer) == [*range(kept), 7]
    writer.close()


def test_a_full_disk_is_told_apart_from_other_trouble(journal: JournalWriter, monkeypatch: pytest.MonkeyPatch):
    def refuse(number: int) -> Callable[[int, bytes], int]:
        def write(_descriptor: int, _data: bytes) -> int:
            raise OSError(number, os.strerror(number))

        return write

    monkeypatch.setattr(writer_module.os, "write", refuse(errno.ENOSPC))
    with pytest.raises(StorageFull, match="is full"):
        journal.metric("r", "loss", 1.0, 1, 1)
    monkeypatch.setattr(writer_module.os, "write", refuse(errno.EIO))
    with pytest.raises(Unavailable, match="Check the disk"):
        journal.metric("r", "loss", 1.0, 1, 1)
    monkeypatch.undo()
    journal.metric("r", "loss", 1.0, 2, 2)
    assert steps(journal) == [2]


def test_no_journal_is_left_when_the_disk_is_full_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer_module.os, "write", full)
    with pytest.raises(StorageFull):
        open_journal(tmp_path / "journal", "")
    monkeypatch.undo()
    assert list((tmp_path / "journal").iterdir()) == []


KILLED = """
import sys
from collections.abc import Callable
from pathlib import Path
from treering.storage.journal.writer import open_journal
writer = open_journal(Path(sys.argv[1]), "")
step = 0
while True:
    writer.metric("r", "loss", float(step), step, step)
    step += 1
    if step % 100 == 0:
        print(step, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 5, 40])
def test_what_was_appended_survives_sigkill(tmp_path: Path, lines: int):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    for _ in range(lines):
        promised = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.stdout.close()
    process.wait()
    promised = max([promised, *map(int, rest[:-1] if rest and len(rest[-1]) < 3 else rest)])
    (path,) = orphans(tmp_path)
    reader = open_reader(path)
    found = []
    while records := reader.read():
        found += [record.step for record in records]
    reader.close()
    assert found == list(range(len(found)))
    assert len(found) >= promised


def test_a_forked_child_does_not_keep_the_journal_alive(journal: JournalWriter):
    # The child inherits the open file and its lock; it must give up its copy, not the lock.
    child = os.fork()
    if child == 0:
        journal.abandon()
        signal.pause()
        os._exit(0)
    try:
        assert orphans(journal.path.parent) == []
        journal.metric("r", "loss", 1.0, 1, 1)
        assert steps(journal) == [1]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_paths_may_hold_any_letters(tmp_path: Path):
    writer = open_journal(Path(tmp_path / "Jahrring ä"), "")
    writer.metric("r", "Verlust/größe", 1.0, 1, 1)
    (point,) = everything(writer)
    assert point.series.key == "Verlust/größe"
    writer.close()


@pytest.mark.parametrize("while_looking", ["cleared", "held"])
def test_a_new_file_that_another_process_takes_for_a_leftover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, while_looking: str
) -> None:
    folder, met = tmp_path / "journal", []

    def lock_late(descriptor: int) -> bool:
        if not met:
            met.append(claim(next(folder.glob("*.new"))))
            if while_looking == "cleared":
                met[0].release()
                assert orphans(folder) == []
        return try_lock(descriptor)

    monkeypatch.setattr(writer_module, "try_lock", lock_late)
    writer = open_journal(folder, "")
    met[0].release()
    writer.metric("r", "loss", 0.5, 1, 0)
    assert claim(writer.path) is None
    writer.close()
    assert [path.suffix for path in folder.iterdir()] == [".journal"]
    assert orphans(folder) == [writer.path]


def test_a_new_file_that_is_always_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "try_lock", lambda _descriptor: False)
    with pytest.raises(Unavailable, match="keep taking"):
        open_journal(tmp_path / "journal", "")
    assert list((tmp_path / "journal").iterdir()) == []
