"""What is pushed arrives whole, what is fetched is what it should be, and what cannot be had is told."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulators import moto
from places import Place, configure, folder_place, http_place, s3_place, ssh_place, webdav_place
from treering.core.errors import NotSupported, Unavailable
from treering.storage.content import cache as cache_module
from treering.storage.content.oid import Oid
from treering.versioning import pieces, sending
from treering.versioning.add import add
from treering.versioning.checkout import CheckoutOptions
from treering.versioning.errors import NotTracked, UnknownRemote
from treering.versioning.pointers import read_pointer
from treering.versioning.pull import pull
from treering.versioning.remotes import open_remote
from treering.versioning.repository import Repository, find_repository
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.transfer import TransferOptions, cloud_status, fetch, missing_in, push

Make = Callable[[str], Repository]


@pytest.fixture(scope="module")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as address:
        yield address


@pytest.fixture(
    params=[
        "folder",
        "webdav",
        "http",
        pytest.param("s3", marks=pytest.mark.cloud),
        pytest.param("ssh", marks=pytest.mark.cloud),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        yield folder_place(tmp_path)
        return
    if request.param == "s3":
        yield s3_place(request.getfixturevalue("s3_address"))
        return
    opened = {"webdav": webdav_place, "http": http_place, "ssh": ssh_place}[request.param]
    with opened(tmp_path) as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    return folder_place(tmp_path)


@pytest.fixture
def here(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a folder and a file that are tracked; the current folder is in it."""
    monkeypatch.chdir(repo.root)
    (repo.root / "data" / "in").mkdir(parents=True)
    for number in range(5):
        (repo.root / "data" / f"{number}.txt").write_text(f"number {number}")
    (repo.root / "data" / "in" / "ä b").write_bytes(b"")
    (repo.root / "single.bin").write_bytes(bytes(range(256)) * 8)
    add(repo, ["data", "single.bin"])
    return repo


def clone(repo: Repository, folder: Path, environ: Mapping[str, str]) -> Repository:
    """Somebody else's copy of what Git has, without cache and data."""
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(repo.dvc_dir / "config", folder / ".dvc" / "config")
    for pointer in repo.root.glob("*.dvc"):
        if pointer.is_file():
            shutil.copy(pointer, folder / pointer.name)
    return find_repository(folder, environ)


def files_of(root: Path) -> dict[str, bytes]:
    found = {}
    for name in ("data", "single.bin", "large"):
        for path in [root / name, *(root / name).rglob("*")]:
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def key_of(data: bytes, suffix: str = "") -> str:
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest() + suffix
    return f"files/md5/{digest[:2]}/{digest[2:]}"


def value_at(key: str) -> str:
    return key.removeprefix("files/md5/").replace("/", "")


def assert_sound(objects: Mapping[str, bytes]) -> None:
    """Every object is what its name says."""
    for key, data in objects.items():
        assert key == key_of(data, ".dir" if key.endswith(".dir") else "")


class TestRoundTrip:
    def test_a_clone_gets_what_was_pushed(
        self, here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        here = configure(here, place)
        report = push(here)
        assert (report.moved, report.is_complete) == (8, True)
        objects = place.objects()
        assert_sound(objects)
        assert len(objects) == 8
        other = clone(here, tmp_path / "other", environ)
        pulled = pull(other)
        assert pulled.is_complete
        # With the list of the folder's files, which DVC counts, too.
        assert pulled.fetched.moved == 8
        assert files_of(other.root) == files_of(here.root)
        assert other.cache.read_manifest(read_pointer(other.root / "data.dvc").outs[0].oid or Oid("")) is not None

    def test_a_second_time_there_is_nothing_to_do(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        push(here)
        before = place.objects()
        again = push(here)
        assert (again.moved, again.size, again.is_complete) == (0, 0, True)
        assert fetch(here).moved == 0
        assert place.objects() == before

    def test_only_what_changed_travels(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        push(here)
        (here.root / "data" / "3.txt").unlink()
        (here.root / "data" / "3.txt").write_text("changed")
        add(here, ["data"])
        assert push(here).moved == 2

    def test_large_objects_travel_in_pieces(
        self, repo: Repository, place: Place, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The smallest pieces that S3 takes, so that four of them are not 70 MiB, five times over, for each place.
        monkeypatch.setattr(pieces, "_PIECE", 5 << 20)
        monkeypatch.setattr(sending, "SMALLEST", 20 << 20)
        monkeypatch.chdir(repo.root)
        (repo.root / "large").mkdir()
        for number, size in enumerate(((1 << 20) - 1, 1 << 20, (9 << 20) + 1, (21 << 20) + 5)):
            (repo.root / "large" / str(number)).write_bytes(
                os.urandom(1 << 20) * (size >> 20) + b"x" * (size & 0xFFFFF)
            )
        add(repo, ["large"])
        here = configure(repo, place)
        assert push(here).is_complete
        other = clone(here, tmp_path / "other", environ)
        assert pull(other).is_complete
        assert files_of(other.root) == files_of(here.root)
        assert not list((other.cache.root / ".treering-partial").glob("*"))

    def test_what_differs_is_told(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        assert set(cloud_status(here).values()) == {"new"}
        assert sorted(cloud_status(here)) == ["data", *(f"data/{n}.txt" for n in range(5)), "data/in/ä b", "single.bin"]
        push(here)
        assert cloud_status(here) == {}
        single = here.cache.path(Oid(value_at(key_of((here.root / "single.bin").read_bytes()))))
        single.unlink()
        assert cloud_status(here) == {"single.bin": "deleted"}
        place.remove(key_of((here.root / "single.bin").read_bytes()))
        assert cloud_status(here) == {"single.bin": "missing"}

    def test_a_remote_is_asked_for_what_data_status_wants_to_know(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        push(here)
        gone = Oid("0" * 32)
        there = Oid(value_at(key_of(b"number 1")))
        old = Oid(there.value, legacy=True)
        assert missing_in(open_remote(here))([gone, there, old]) == {gone, old}


class TestQuickPath:
    """What is known of a remote saves questions, and is never believed alone."""

    @pytest.fixture
    def many(
        self, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[tuple[Repository, Place]]:
        monkeypatch.chdir(repo.root)
        (repo.root / "data").mkdir()
        for number in range(100):
            (repo.root / "data" / str(number)).write_text(f"number {number}")
        add(repo, ["data"])
        with webdav_place(tmp_path) as place:
            repo = configure(repo, place)
            assert push(repo).moved == 101
            yield repo, place

    def test_a_folder_that_is_known_costs_few_questions(self, many: tuple[Repository, Place]) -> None:
        repo, place = many
        assert place.share is not None
        place.share.asked.clear()
        assert push(repo).moved == 0
        assert len(place.share.asked) <= 9
        assert push(repo, TransferOptions(ask_all=True)).moved == 0
        assert len(place.share.asked) > 100

    def test_when_its_list_is_gone_everything_is_asked_for(self, many: tuple[Repository, Place]) -> None:
        repo, place = many
        for key in [key for key in place.objects() if key.endswith(".dir")]:
            place.remove(key)
        for number in range(50):
            place.remove(key_of(f"number {number}".encode()))
        assert push(repo).moved == 51

    def test_when_many_of_its_files_are_gone_everything_is_asked_for(self, many: tuple[Repository, Place]) -> None:
        repo, place = many
        # So many that eight of a hundred cannot all be among those that are left.
        for number in range(95):
            place.remove(key_of(f"number {number}".encode()))
        assert push(repo).moved == 95

    def test_a_record_that_is_broken_is_no_record(self, many: tuple[Repository, Place]) -> None:
        repo, place = many
        assert place.share is not None
        [record] = (repo.our_tmp / "remotes").iterdir()
        for content in (b"\xff\xfe", b"something else\n", b""):
            record.write_bytes(content)
            place.share.asked.clear()
            assert push(repo).moved == 0
            assert len(place.share.asked) > 100


class TestWhatGoesWrong:
    def test_what_is_nowhere_is_told_and_the_list_of_its_folder_stays_back(
        self, here: Repository, place: Place
    ) -> None:
        here = configure(here, place)
        here.cache.path(Oid(value_at(key_of(b"number 2")))).unlink()
        report = push(here)
        assert not report.is_complete
        [lost] = report.missing
        assert (lost.value, lost.paths) == (value_at(key_of(b"number 2")), ("data/2.txt",))
        assert report.moved == 6
        assert not any(key.endswith(".dir") for key in place.objects())
        # As DVC has it, that is no mistake.
        lenient = push(here, TransferOptions(lenient=True))
        assert lenient.is_complete

    def test_a_damaged_object_is_not_sent_and_is_told(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        oid = Oid(value_at(key_of(b"number 2")))
        path = here.cache.path(oid)
        path.chmod(0o644)
        path.write_bytes(b"number X")
        path.chmod(0o444)
        report = push(here)
        assert [lost.paths for lost in report.damaged] == [("data/2.txt",)]
        assert_sound(place.objects())
        assert not any(key.endswith(".dir") for key in place.objects())
        # It is out of the way: adding the folder again puts a good one there.
        add(here, ["data"])
        assert push(here).is_complete
        assert_sound(place.objects())

    def test_a_damaged_object_of_a_remote_never_gets_into_the_cache(
        self, here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        here = configure(here, place)
        push(here)
        good = place.objects()
        place.write(key_of(b"number 2"), b"number X")
        other = clone(here, tmp_path / "other", environ)
        pulled = pull(other, checking=CheckoutOptions(allow_missing=True))
        assert not pulled.is_complete
        assert [(lost.value, lost.paths) for lost in pulled.fetched.damaged] == [
            (value_at(key_of(b"number 2")), ("data/2.txt",))
        ]
        assert not other.cache.has(Oid(value_at(key_of(b"number 2"))))
        # The others are whole, here and there, and what could be brought was.
        assert {key for key, data in place.objects().items() if good[key] != data} == {key_of(b"number 2")}
        assert (other.root / "single.bin").read_bytes() == (here.root / "single.bin").read_bytes()
        assert (other.root / "data" / "1.txt").read_text() == "number 1"

    def test_a_list_of_files_that_is_there_says_nothing_of_the_files(self, here: Repository, place: Place) -> None:
        here = configure(here, place)
        push(here)
        place.remove(key_of(b"number 4"))
        report = push(here)
        assert report.moved == 1
        assert key_of(b"number 4") in place.objects()

    def test_a_damaged_list_is_told(
        self, here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        here = configure(here, place)
        push(here)
        [key] = [key for key in place.objects() if key.endswith(".dir")]
        place.write(key, b"[]")
        other = clone(here, tmp_path / "other", environ)
        report = fetch(other)
        assert [lost.paths for lost in report.damaged] == [("data",)]
        assert not other.cache.has(Oid(value_at(key)))

    def test_what_the_remote_does_not_have_is_told(
        self, here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        here = configure(here, place)
        push(here)
        place.remove(key_of(b"number 4"))
        other = clone(here, tmp_path / "other", environ)
        pulled = pull(other)
        assert [lost.paths for lost in pulled.fetched.missing] == [("data/4.txt",)]
        assert pulled.checked_out.failed == ("data",)

    def test_a_remote_that_is_away_is_told(self, here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TREERING_HTTP_RETRIES", "0")
        here = configure(here, Place({"url": "webdav://127.0.0.1:9/x"}))
        for act in (push, fetch, cloud_status):
            if act is fetch:
                shutil.rmtree(here.cache.root)
            with pytest.raises(Unavailable, match="cannot be reached"):
                act(here)


class TestWhatIsChosen:
    def test_targets(self, here: Repository, folder: Place, tmp_path: Path, environ: dict[str, str]) -> None:
        here = configure(here, folder)
        assert push(here, TransferOptions(targets=["single.bin"])).moved == 1
        # A part of a folder goes without the list, of which others would think that all is there.
        assert push(here, TransferOptions(targets=["data/in", "data/1.txt"])).moved == 2
        assert not any(key.endswith(".dir") for key in folder.objects())
        assert push(here, TransferOptions(targets=["data.dvc"])).moved == 5
        other = clone(here, tmp_path / "other", environ)
        os.chdir(other.root)
        pulled = pull(other, TransferOptions(targets=["data/1.txt"]))
        assert pulled.fetched.moved == 2
        assert files_of(other.root) == {"data/1.txt": b"number 1"}
        with pytest.raises(NotTracked, match="'nothing'"):
            push(here, TransferOptions(targets=["nothing"]))

    def test_patterns(self, here: Repository, folder: Place, tmp_path: Path, environ: dict[str, str]) -> None:
        here = configure(here, folder)
        assert push(here, TransferOptions(targets=["*.bin"], glob=True)).moved == 1
        with pytest.raises(NotTracked, match=r"matches '\*\.none'"):
            push(here, TransferOptions(targets=["*.none"], glob=True))
        push(here)
        other = clone(here, tmp_path / "other", environ)
        assert fetch(other, TransferOptions(patterns=["in/*", "data/3*"])).moved == 3
        assert fetch(other, TransferOptions(patterns=["data/*"])).moved == 4
        assert fetch(other, TransferOptions(max_size=100)).moved == 0

    def test_outputs_that_are_not_to_be_pushed(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        pointer = here.root / "single.bin.dvc"
        pointer.write_text(pointer.read_text() + "  push: false\n")
        assert push(here).moved == 7
        assert "single.bin" not in cloud_status(here)

    def test_outputs_with_a_remote_of_their_own(
        self, here: Repository, folder: Place, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        other_place = Place({"url": str(tmp_path / "second")}, tmp_path / "second")
        here = configure(configure(here, folder), other_place, "second", default=False)
        pointer = here.root / "single.bin.dvc"
        pointer.write_text(pointer.read_text() + "  remote: second\n")
        # With -r, what belongs elsewhere is left out.
        assert push(here, TransferOptions(remote="store")).moved == 7
        assert push(here).moved == 1
        assert set(other_place.objects()) == {key_of((here.root / "single.bin").read_bytes())}
        other = clone(here, tmp_path / "other", environ)
        assert pull(other).is_complete
        pointer.write_text(pointer.read_text().replace("remote: second", "remote: third"))
        with pytest.raises(UnknownRemote, match="third"):
            push(here)

    def test_outputs_of_other_repositories_are_not_pushed(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        pointer = here.root / "single.bin.dvc"
        pointer.write_text(
            "frozen: true\ndeps:\n- path: x\n  repo:\n    url: ../r\n    rev_lock: abc\n" + pointer.read_text()
        )
        assert push(here).moved == 7
        assert fetch(here).imports == ()
        shutil.rmtree(here.cache.root)
        [one] = fetch(here).imports
        assert one.path == here.root / "single.bin"

    def test_objects_of_branches_tags_and_old_commits(
        self, here: Repository, folder: Place, git: Callable[..., str], tmp_path: Path
    ) -> None:
        here = configure(here, folder)
        git("add", ".")
        git("commit", "--quiet", "-m", "first")
        git("tag", "one")
        for number, branch in ((1, "side"), (2, "main")):
            git("checkout", "--quiet", *(["-b", branch] if branch == "side" else [branch]))
            (here.root / "single.bin").unlink(missing_ok=True)
            (here.root / "single.bin").write_text(f"of {branch}")
            add(here, ["single.bin"])
            git("commit", "--quiet", "-am", branch)
            assert number
        expected = {
            RevisionScope(): {b"of main"},
            RevisionScope(branches=True): {b"of main", b"of side"},
            RevisionScope(tags=True): {b"of main", bytes(range(256)) * 8},
            RevisionScope(revs=("HEAD",), num=2): {b"of main", bytes(range(256)) * 8},
            RevisionScope(commits=True): {b"of main", b"of side", bytes(range(256)) * 8},
        }
        for number, (scope, contents) in enumerate(expected.items()):
            there = Place({"url": str(tmp_path / f"r{number}")}, tmp_path / f"r{number}")
            opened = configure(here, there, f"r{number}", default=False)
            push(opened, TransferOptions(remote=f"r{number}", targets=["single.bin"], revisions=scope))
            assert set(there.objects().values()) == contents
            push(opened, TransferOptions(remote=f"r{number}", revisions=scope))
            assert len(there.objects()) == len(contents) + 7

    def test_the_remote_is_named_when_there_is_none(self, here: Repository) -> None:
        with pytest.raises(UnknownRemote, match="remote add -d"):
            push(here)

    def test_stages_upstream_come_along(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        (here.root / "made").write_text("made of data")
        add(here, ["made"])
        pointer = here.root / "made.dvc"
        pointer.write_text(f"deps:\n- path: data/1.txt\n  md5: {'0' * 32}\n  hash: md5\n" + pointer.read_text())
        assert push(here, TransferOptions(targets=["made"])).moved == 1
        assert push(here, TransferOptions(targets=["made"], with_deps=True)).moved == 7


class TestFolders:
    """What holds for remotes that are folders of this machine."""

    def test_objects_are_write_protected_copies(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        push(here)
        assert folder.folder is not None
        for path in (folder.folder / "files").rglob("*"):
            if path.is_file():
                assert stat.S_IMODE(path.stat().st_mode) == 0o444
                assert path.stat().st_nlink == 1

    def test_an_object_that_a_power_cut_left_empty_is_sent_again(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        push(here)
        folder.write(key_of(b"number 4"), b"")
        assert push(here).moved == 1
        assert_sound({key: data for key, data in folder.objects().items() if ".treering" not in key})

    def test_an_object_that_somebody_wrote_to_is_replaced(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        push(here)
        folder.write(key_of(b"number 4"), b"number X")
        assert folder.folder is not None
        (folder.folder / key_of(b"number 4")).chmod(0o644)
        assert push(here).moved == 1
        assert folder.objects()[key_of(b"number 4")] == b"number 4"

    def test_everybody_in_the_group_may_write_where_the_config_says_so(self, here: Repository, folder: Place) -> None:
        folder.config["shared"] = "group"
        here = configure(here, folder)
        push(here)
        assert folder.folder is not None
        assert stat.S_IMODE((folder.folder / "files" / "md5").stat().st_mode) == 0o2775

    def test_a_disk_that_keeps_no_permissions_is_not_read_each_time(
        self, here: Repository, folder: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = configure(here, folder)
        push(here)
        assert folder.folder is not None
        objects = [path for path in (folder.folder / "files").rglob("*") if path.is_file()]
        for path in objects:
            path.chmod(0o777)
        read: list[Path] = []
        original = cache_module.hash_file
        monkeypatch.setattr(cache_module, "hash_file", lambda path, **more: read.append(path) or original(path, **more))
        monkeypatch.setattr(os, "chmod", lambda *_, **__: None)
        assert push(here).moved == 0
        assert len(read) == 1

    def test_large_objects_are_hashed_while_they_are_copied(self, here: Repository, folder: Place) -> None:
        here = configure(here, folder)
        data = os.urandom(1 << 20)
        (here.root / "large").write_bytes(data)
        add(here, ["large"])
        path = here.cache.path(Oid(value_at(key_of(data))))
        # As a disk that forgets: the object is write-protected, and nobody has opened it.
        path.chmod(0o644)
        path.write_bytes(b"y" + data[1:])
        path.chmod(0o444)
        assert [lost.paths for lost in push(here).damaged] == [("large",)]
        assert_sound(folder.objects())


def test_objects_of_dvc_2_keep_their_place(
    here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]
) -> None:
    here = configure(here, place)
    text = b"one\r\ntwo\r\n"
    digest = hashlib.md5(b"one\ntwo\n", usedforsecurity=False).hexdigest()
    listing = f'[{{"md5": "{digest}", "relpath": "a"}}]'.encode()
    folder_digest = hashlib.md5(listing, usedforsecurity=False).hexdigest()
    for value, data in ((digest, text), (f"{folder_digest}.dir", listing)):
        path = here.cache.root / value[:2] / value[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)
    (here.root / "old.dvc").write_text(f"outs:\n- md5: {folder_digest}.dir\n  path: old\n")
    assert push(here, TransferOptions(targets=["old.dvc"])).moved == 2
    assert place.objects() == {
        f"{digest[:2]}/{digest[2:]}": text,
        f"{folder_digest[:2]}/{folder_digest[2:]}.dir": listing,
    }
    other = clone(here, tmp_path / "other", environ)
    os.chdir(other.root)
    assert pull(other, TransferOptions(targets=["old.dvc"])).is_complete
    assert (other.root / "old" / "a").read_bytes() == text


def test_the_run_cache_is_carried(here: Repository, place: Place, tmp_path: Path, environ: dict[str, str]) -> None:
    here = configure(here, place)
    key, value = "ab" + "0" * 62, "c" * 64
    run = here.cache.root / "runs" / "ab" / key / value
    run.parent.mkdir(parents=True)
    run.write_text("cmd: x\n")
    (run.parent / f".{value}.part").write_text("half")
    options = TransferOptions(run_cache=True)
    report = push(here, options)
    other = clone(here, tmp_path / "other", environ)
    got = fetch(other, options)
    if place.url.startswith("http"):  # cannot be listed
        assert (report.runs, got.runs) == (0, 0)
        return
    assert (report.runs, push(here, options).runs) == (1, 0)
    assert (got.runs, fetch(other, options).runs) == (1, 0)
    assert (other.cache.root / "runs" / "ab" / key / value).read_text() == "cmd: x\n"
    assert f"runs/ab/{key}/{value}" in place.objects()


def test_remotes_that_keep_versions_are_not_pushed_to(here: Repository) -> None:
    config = {"url": "s3://bucket/x", "version_aware": "true"}
    here = configure(here, Place(config))
    with pytest.raises(NotSupported, match="keeps versions"):
        push(here)


def test_progress_is_told(here: Repository, folder: Place) -> None:
    here = configure(here, folder)
    seen: list[tuple[str, int, Any]] = []
    push(here, progress=lambda what, done, total: seen.append((what, done, total)))
    assert seen[-1] == ("Pushing", 8, 8)
