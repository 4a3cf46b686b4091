"""A transfer that ends early leaves nothing half, and the next one goes on where it stopped."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from networks import Network
from places import Place, configure, folder_place, webdav_place
from treering.core.errors import StorageFull, Unavailable
from treering.storage.content.oid import Oid
from treering.versioning.add import add
from treering.versioning.fetching import fetch_objects
from treering.versioning.outcome import Outcome
from treering.versioning.remotes import remote_of
from treering.versioning.repository import Repository
from treering.versioning.run_many import Helpers, Stop, Stopped, run_many
from treering.versioning.transfer import fetch, push

MIB = 1 << 20
_VERB = """
import os, time
from pathlib import Path
from treering.versioning.repository import find_repository
from treering.versioning.transfer import {verb}
repo = find_repository(Path({root!r}), dict(os.environ))
def told(what, done, total):
    if done > 200:
        print("going", flush=True)
        time.sleep(600)
{verb}(repo, progress=told)
"""


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def assert_whole(folder: Path) -> int:
    """Every object below the folder is what its name says; returns how many there are."""
    found = [path for path in folder.glob("files/md5/??/*") if path.is_file()]
    for path in found:
        assert path.parent.name + path.name.removesuffix(".dir") == md5(path.read_bytes())
    return len(found)


@pytest.fixture
def many(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, Place]:
    """A repository with many files, and a remote."""
    monkeypatch.chdir(repo.root)
    (repo.root / "data").mkdir()
    for number in range(900):
        (repo.root / "data" / str(number)).write_bytes(os.urandom(3000))
    add(repo, ["data"])
    place = folder_place(tmp_path)
    return configure(repo, place), place


def killed(verb: str, repo: Repository) -> None:
    """Run a verb in a process of its own, and kill that while it works."""
    code = _VERB.format(verb=verb, root=str(repo.root))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    assert process.wait(60) == -signal.SIGKILL


def test_a_push_that_was_killed_is_gone_on_with(many: tuple[Repository, Place]) -> None:
    repo, place = many
    assert place.folder is not None
    killed("push", repo)
    there = assert_whole(place.folder)
    assert 200 <= there < 901
    assert not list(place.folder.glob("files/md5/??/*.dir"))
    assert push(repo).moved == 901 - there
    assert assert_whole(place.folder) == 901


def test_a_fetch_that_was_killed_is_gone_on_with(many: tuple[Repository, Place]) -> None:
    repo, place = many
    push(repo)
    repo.cache.root.rename(repo.root / "gone")
    killed("fetch", repo)
    there = assert_whole(repo.cache.root)
    assert 200 <= there < 901
    assert fetch(repo).moved == 901 - there
    assert assert_whole(repo.cache.root) == 901
    assert place.folder is not None
    assert assert_whole(place.folder) == 901


@pytest.fixture
def large(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, bytes]:
    monkeypatch.chdir(repo.root)
    data = os.urandom(20 * MIB + 5)
    (repo.root / "large").write_bytes(data)
    add(repo, ["large"])
    return repo, data


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[Place]:
    with webdav_place(tmp_path) as made:
        yield made


def test_a_large_object_goes_on_where_it_stopped(
    large: tuple[Repository, bytes], dav: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, data = large
    repo = configure(repo, dav)
    push(repo)
    repo.cache.root.rename(repo.root / "gone")
    assert dav.share is not None
    network = Network(int(dav.share.url.rpartition(":")[2]))
    try:
        monkeypatch.setenv("TREERING_HTTP_RETRIES", "0")
        broken = Place({**dav.config, "url": f"webdav://127.0.0.1:{network.port}/some/where"})
        through = configure(repo, broken, "broken")
        network.drop(1, after=12 * MIB)
        report = fetch(through)
        assert [lost.paths for lost in report.failed] == [("large",)]
    finally:
        network.close()
    [part] = (repo.cache.root / ".treering-partial").iterdir()
    had = part.stat().st_size
    assert 0 < had < 20 * MIB
    dav.share.given = 0
    through = configure(repo, dav, "again")
    assert fetch(through).moved == 1
    assert repo.cache.read_bytes(Oid(md5(data))) == data
    # What had come did not come again, but for the last block.
    assert dav.share.given <= len(data) - had + MIB
    assert not part.exists()


def test_what_was_left_of_something_else_does_no_harm(large: tuple[Repository, bytes], dav: Place) -> None:
    repo, data = large
    repo = configure(repo, dav)
    push(repo)
    repo.cache.root.rename(repo.root / "gone")
    folder = repo.cache.root / ".treering-partial"
    folder.mkdir(parents=True)
    for left in (os.urandom(3 * MIB), os.urandom(30 * MIB), b""):
        (folder / md5(data)).write_bytes(left)
        assert fetch(repo).is_complete
        assert repo.cache.read_bytes(Oid(md5(data))) == data
        repo.cache.remove(Oid(md5(data)))


def test_two_who_fetch_the_same_do_not_mix_it_up(large: tuple[Repository, bytes], dav: Place) -> None:
    repo, data = large
    repo = configure(repo, dav)
    push(repo)
    repo.cache.root.rename(repo.root / "gone")
    threads = [threading.Thread(target=_fetch_alone, args=(repo, dav)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert repo.cache.read_bytes(Oid(md5(data))) == data
    assert not list((repo.cache.root / ".treering-partial").iterdir())


def _fetch_alone(repo: Repository, dav: Place) -> None:
    # As another process would: without the lock, which several who fetch share.
    [value] = [path.parent.name + path.name for path in (repo.root / "gone").glob("files/md5/??/*")]
    outcome = Outcome(lambda _objects, _size: None)
    fetch_objects(repo.cache, remote_of(dav.config), [value], outcome, Stop(), legacy=False)
    assert outcome.done


@pytest.mark.parametrize("kind", ["folder", "webdav"])
def test_a_full_disk_is_told_and_what_came_before_stays(
    kind: str, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(repo.root)
    (repo.root / "data").mkdir()
    for number in range(200):
        (repo.root / "data" / str(number)).write_bytes(os.urandom(3000))
    add(repo, ["data"])
    repo = configure(repo, folder_place(tmp_path) if kind == "folder" else request.getfixturevalue("dav"))
    push(repo)
    repo.cache.root.rename(repo.root / "gone")
    real, count = os.write, iter(range(10_000))

    def write(descriptor: int, data: bytes) -> int:
        if len(data) == 3000 and next(count) >= 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(StorageFull, match="Free some space"):
            fetch(repo)
    assert 80 <= assert_whole(repo.cache.root) <= 100
    assert not list((repo.cache.root / "files" / "md5" / ".treering-new").iterdir())
    assert fetch(repo).is_complete
    assert assert_whole(repo.cache.root) == 201


class TestRunMany:
    def test_the_first_error_ends_it(self) -> None:
        done: list[int] = []

        def act(number: int) -> None:
            if number == 50:
                msg = "away"
                raise Unavailable(msg)
            done.append(number)

        with pytest.raises(Unavailable, match="away"):
            run_many(act, range(10_000), 4, Stop())
        assert len(done) < 9_000

    @pytest.mark.parametrize("jobs", [1, 8])
    def test_everything_is_done_once(self, jobs: int) -> None:
        done: list[int] = []
        run_many(done.append, range(1000), jobs, Stop())
        assert sorted(done) == list(range(1000))
        run_many(done.append, [], jobs, Stop())

    def test_who_interrupts_is_heard(self) -> None:
        stop = Stop()
        started = threading.Event()

        def act(_: int) -> None:
            started.set()
            while not stop.wanted:
                time.sleep(0.001)
            stop.check()

        def interrupt() -> None:
            started.wait(60)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            run_many(act, range(100), 4, stop)
        assert stop.wanted

    def test_who_is_asked_to_stop_stops(self) -> None:
        stop = Stop()
        stop.ask()
        with pytest.raises(Stopped):
            run_many(lambda _: None, range(10), 1, stop)


class TestHelpers:
    def test_all_that_was_handed_on_is_done(self) -> None:
        done: list[int] = []
        helpers = Helpers(3, Stop())
        for number in range(100):
            helpers.hand_on(partial(done.append, number))
        helpers.finish()
        assert sorted(done) == list(range(100))

    def test_an_error_is_raised_where_the_work_was_handed_on(self) -> None:
        stop = Stop()
        helpers = Helpers(2, stop)

        def fail() -> None:
            message = "full"
            raise StorageFull(message)

        helpers.hand_on(fail)
        with pytest.raises(StorageFull, match="full"):
            for _ in range(100):
                helpers.hand_on(lambda: None)
        assert stop.wanted
        with pytest.raises(StorageFull, match="full"):
            helpers.finish()

    def test_who_leaves_does_not_wait(self) -> None:
        going = threading.Event()
        helpers = Helpers(1, Stop())
        helpers.hand_on(lambda: going.wait(60))
        helpers.leave()
        going.set()
