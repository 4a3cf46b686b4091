"""Damage is found in the cache and in a remote, told, and mended from the other side where that is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from places import Place, configure, folder_place, http_place, webdav_place
from treering.core.errors import NotSupported
from treering.storage.content.oid import Oid
from treering.versioning.add import add
from treering.versioning.errors import UnknownRemote
from treering.versioning.repository import Repository
from treering.versioning.transfer import push
from treering.versioning.verify import VerifyOptions, verify


@pytest.fixture(params=["folder", "webdav"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "folder":
        yield folder_place(tmp_path)
    else:
        with webdav_place(tmp_path) as made:
            yield made


@pytest.fixture
def pushed(repo: Repository, place: Place, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(repo.root)
    (repo.root / "data").mkdir()
    for name in ("a", "b", "c"):
        (repo.root / "data" / name).write_text(f"file {name}")
    (repo.root / "large").write_bytes(b"0123456789abcdef" * 200_000)
    add(repo, ["data", "large"])
    repo = configure(repo, place)
    push(repo)
    return repo


def digest(text: bytes) -> str:
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    path.chmod(0o444)


def key(value: str) -> str:
    return f"files/md5/{value[:2]}/{value[2:]}"


REMOTE = VerifyOptions(in_remote=True)


def test_all_is_well(pushed: Repository) -> None:
    report = verify(pushed)
    assert (report.checked, report.is_sound) == (5, True)
    far = verify(pushed, REMOTE)
    assert (far.checked, far.size, far.is_sound) == (5, report.size, True)


def test_damage_in_the_cache_is_told_and_mended_from_the_remote(pushed: Repository) -> None:
    oid, gone = Oid(digest(b"file b")), Oid(digest(b"file c"))
    spoil(pushed.cache.path(oid))
    pushed.cache.remove(gone)
    report = verify(pushed)
    assert [(one.value, one.paths) for one in report.missing] == [(gone.value, ("data/c",))]
    # Which file it was is told, though the object is out of the way by now.
    assert [(one.value, one.paths) for one in report.damaged] == [(oid.value, ("data/b",))]
    assert not pushed.cache.has(oid)
    assert oid.value in pushed.cache.put_aside()
    mended = verify(pushed, VerifyOptions(repair=True))
    assert (mended.repaired, mended.is_sound) == (2, True)
    assert pushed.cache.read_bytes(oid) == b"file b"


def test_damage_in_a_remote_is_told_and_mended_from_the_cache(pushed: Repository, place: Place) -> None:
    place.write(key(digest(b"file b")), b"file ?")
    place.remove(key(digest(b"file c")))
    before = place.objects()
    report = verify(pushed, REMOTE)
    assert [one.paths for one in report.damaged] == [("data/b",)]
    assert [one.paths for one in report.missing] == [("data/c",)]
    # Looking changes nothing.
    assert place.objects() == before
    mended = verify(pushed, VerifyOptions(in_remote=True, repair=True))
    assert (mended.repaired, mended.is_sound) == (2, True)
    assert place.objects()[key(digest(b"file b"))] == b"file b"
    assert verify(pushed, REMOTE).is_sound


def test_what_is_damaged_on_both_sides_stays_told(pushed: Repository, place: Place) -> None:
    spoil(pushed.cache.path(Oid(digest(b"file b"))))
    place.write(key(digest(b"file b")), b"file ?")
    report = verify(pushed, VerifyOptions(in_remote=True, repair=True))
    assert [one.paths for one in report.damaged] == [("data/b",)]
    assert place.objects()[key(digest(b"file b"))] == b"file ?"
    here = verify(pushed, VerifyOptions(repair=True))
    assert not here.is_sound
    assert not pushed.cache.has(Oid(digest(b"file b")))


def test_a_remote_is_looked_at_beyond_what_is_used_here(pushed: Repository, place: Place) -> None:
    strange = digest(b"somebody else's")
    place.write(key(strange), b"somebody else?s")
    report = verify(pushed, REMOTE)
    assert [(one.value, one.paths) for one in report.damaged] == [(strange, ())]
    assert verify(pushed, VerifyOptions(in_remote=True, only_used=True)).is_sound
    # A list without one of its files is of no use to whom it belongs.
    listing = f'[{{"md5": "{"1" * 32}", "relpath": "x"}}]'.encode()
    place.write(key(strange), b"somebody else's")
    place.write(f"{key(digest(listing))}.dir", listing)
    assert [one.value for one in verify(pushed, REMOTE).missing] == ["1" * 32]


def test_a_remote_that_cannot_be_listed_is_looked_at_for_what_is_used(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.root)
    (repo.root / "x").write_text("x")
    add(repo, ["x"])
    with http_place(tmp_path) as place:
        repo = configure(repo, place)
        push(repo)
        with pytest.raises(NotSupported):
            verify(repo, REMOTE)
        assert verify(repo, VerifyOptions(in_remote=True, only_used=True)).is_sound


def test_a_cache_is_looked_at_without_a_remote(repo: Repository) -> None:
    assert verify(repo).is_sound
    with pytest.raises(UnknownRemote):
        verify(repo, REMOTE)
