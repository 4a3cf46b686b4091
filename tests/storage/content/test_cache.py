from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.core.errors import DamagedData, InvalidInput, NotFound, StorageFull
from treering.storage.content import cache as cache_module
from treering.storage.content.cache import Cache
from treering.storage.content.layout import object_key, parse_key
from treering.storage.content.links import LinkKind
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid, parse_oid


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def objects(cache: Cache) -> dict[str, bytes]:
    return {oid.value: cache.path(oid).read_bytes() for oid, _, _ in cache.walk()}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_the_layout_is_dvcs() -> None:
    value = "0123456789abcdef0123456789abcdef"
    for oid, key in (
        (Oid(value), "files/md5/01/23456789abcdef0123456789abcdef"),
        (Oid(value + ".dir"), "files/md5/01/23456789abcdef0123456789abcdef.dir"),
        (Oid(value, legacy=True), "01/23456789abcdef0123456789abcdef"),
    ):
        assert object_key(oid) == key
        assert parse_key(key) == oid
    for other in ("files/md5/01/234", "runs/ab/" + value, "files/md5/x1/" + value[2:], value):
        assert parse_key(other) is None


@pytest.mark.parametrize(
    "value", ["", "abc", "../../../../etc/passwd", "g" * 32, "0" * 33, "0" * 32 + ".dirs", "0" * 32 + "\n", "/" * 32]
)
def test_a_name_that_is_no_md5_never_becomes_a_path(cache: Cache, value: str) -> None:
    with pytest.raises(InvalidInput, match="no MD5"):
        cache.path(Oid(value))
    with pytest.raises(InvalidInput, match="no MD5"):
        parse_oid(value)


def test_capital_digits_are_the_same_name() -> None:
    assert parse_oid("AB" * 16 + ".DIR") == Oid("ab" * 16 + ".dir")


def test_a_file_is_stored_write_protected_under_its_md5(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content")
    oid = cache.put_file(tmp_path / "f")
    assert oid == Oid(md5(b"content"))
    assert cache.path(oid).read_bytes() == b"content"
    assert mode(cache.path(oid)) == 0o444
    assert (tmp_path / "f").read_bytes() == b"content"
    assert cache.has(oid)
    assert not cache.has(Oid("0" * 32))


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("strict_umask")
def test_a_strict_umask_changes_nothing(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content")
    for oid in (
        cache.put_file(tmp_path / "f"),
        cache.put_bytes(b"1"),
        cache.put_bytes(b"2"),
        cache.put_manifest(Manifest([], b"")),
    ):
        assert mode(cache.path(oid)) == 0o444


def test_a_shared_cache_is_writable_for_the_group(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", shared=True)
    oid = cache.put_bytes(b"x")
    assert mode(cache.path(oid).parent) == 0o2775
    assert mode(cache.path(oid)) == 0o444


def test_nothing_is_read_of_a_file_whose_object_is_there(cache: Cache, tmp_path: Path) -> None:
    oid = cache.put_bytes(b"content")
    assert cache.put_file(tmp_path / "there is no such file", oid) == oid


def test_a_list_of_files_has_the_name_of_its_bytes(cache: Cache) -> None:
    manifest = Manifest.of([("b", md5(b"2")), ("a", md5(b"1"))])
    oid = cache.put_manifest(manifest)
    data = cache.path(oid).read_bytes()
    assert oid == Oid(md5(data) + ".dir") == cache.put_bytes(data, ".dir")
    assert cache.read_manifest(oid) == manifest
    assert mode(cache.path(oid)) == 0o444


def test_a_list_that_is_missing_or_damaged_is_told(cache: Cache) -> None:
    oid = cache.put_manifest(Manifest([], b""))
    with pytest.raises(NotFound, match="Fetch it"):
        cache.read_manifest(Oid("0" * 32 + ".dir"))
    cache.path(oid).chmod(0o644)
    cache.path(oid).write_bytes(b"[]x")
    with pytest.raises(DamagedData, match="put aside"):
        cache.read_manifest(oid)
    assert not cache.has(oid)


def test_many_are_asked_for_at_once(cache: Cache) -> None:
    there = [cache.put_bytes(b"%d" % number) for number in range(600)]
    missing = [Oid(md5(b"no %d" % number)) for number in range(600)]
    legacy = Oid(md5(b"old"), legacy=True)
    cache.path(legacy).parent.mkdir(parents=True)
    cache.path(legacy).write_bytes(b"old")
    assert cache.has_many([*there, *missing, legacy]) == {*there, legacy}
    assert cache.has_many([there[0], missing[0]]) == {there[0]}
    assert cache.has_many([]) == set()
    # Few of a cache's many.
    assert cache.has_many([*there[:3], *missing[:3]]) == set(there[:3])


def test_what_another_program_left_writable_is_checked_and_protected(cache: Cache) -> None:
    oid = cache.put_bytes(b"content")
    cache.path(oid).chmod(0o644)
    assert cache.is_sound(oid)
    assert mode(cache.path(oid)) == 0o444


def test_a_damaged_object_is_put_aside_and_not_deleted(cache: Cache) -> None:
    oid = cache.put_bytes(b"content")
    cache.path(oid).chmod(0o644)
    cache.path(oid).write_bytes(b"edited")
    assert not cache.is_sound(oid)
    assert not cache.has(oid)
    aside = [path.read_bytes() for path in cache.root.rglob("*damaged*/*")]
    assert aside == [b"edited"]
    assert cache.put_bytes(b"content") == oid
    assert cache.path(oid).read_bytes() == b"content"


def test_storing_replaces_a_damaged_object(cache: Cache, tmp_path: Path) -> None:
    oid = cache.put_bytes(b"content")
    cache.path(oid).chmod(0o644)
    cache.path(oid).write_bytes(b"edited")
    assert cache.put_bytes(b"content") == oid
    assert cache.path(oid).read_bytes() == b"content"
    cache.path(oid).chmod(0o644)
    cache.path(oid).write_bytes(b"again")
    (tmp_path / "f").write_bytes(b"content")
    assert cache.put_file(tmp_path / "f", oid) == oid
    assert cache.path(oid).read_bytes() == b"content"


def test_an_empty_object_of_another_name_is_what_a_power_cut_left(cache: Cache) -> None:
    oid = cache.put_bytes(b"content")
    cache.path(oid).chmod(0o644)
    cache.path(oid).write_bytes(b"")
    cache.path(oid).chmod(0o444)
    assert not cache.is_sound(oid)
    assert cache.is_sound(cache.put_bytes(b""))


def test_verifying_reads_protected_objects_too(cache: Cache) -> None:
    good, bad = cache.put_bytes(b"good"), cache.put_bytes(b"bad")
    cache.path(bad).chmod(0o644)
    cache.path(bad).write_bytes(b"rotten")
    cache.path(bad).chmod(0o444)
    assert cache.verify(good)
    assert cache.is_sound(bad)
    assert not cache.verify(bad)
    assert not cache.verify(Oid("0" * 32))
    assert list(objects(cache).values()) == [b"good"]


def test_a_legacy_object_is_verified_by_dvc_2s_rule(cache: Cache) -> None:
    oid = Oid(md5(b"a\nb\n"), legacy=True)
    cache.path(oid).parent.mkdir(parents=True)
    cache.path(oid).write_bytes(b"a\r\nb\r\n")
    assert cache.verify(oid)
    assert mode(cache.path(oid)) == 0o444
    assert [found for found, _, _ in cache.walk()] == [oid]


def test_the_walk_finds_objects_and_nothing_else(cache: Cache) -> None:
    oids = {cache.put_bytes(b"1"), cache.put_bytes(b"[]", ".dir")}
    Path(cache.staging()).write_bytes(b"half")
    (cache.path(next(iter(oids))).parent / "notes.txt").write_bytes(b"")
    (cache.root / "runs" / "ab").mkdir(parents=True)
    assert {oid for oid, _, _ in cache.walk()} == oids
    assert {size for _, size, _ in cache.walk()} == {1, 2}
    assert list(Cache(cache.root / "nowhere").walk()) == []


def test_removing_tells_whether_it_was_there(cache: Cache) -> None:
    oid = cache.put_bytes(b"x")
    assert cache.remove(oid)
    assert not cache.remove(oid)


def test_what_a_program_left_half_written_goes_after_a_day(cache: Cache) -> None:
    old, new = Path(cache.staging()), Path(cache.staging())
    old.write_bytes(b"half")
    new.write_bytes(b"under way")
    os.utime(old, (time.time() - 90_000,) * 2)
    assert cache.clear_leftovers() == 4
    assert not old.exists()
    assert new.exists()


def test_what_came_from_elsewhere_is_taken_when_it_is_what_it_says(cache: Cache) -> None:
    staged = Path(cache.staging())
    staged.write_bytes(b"content")
    cache.adopt(str(staged), Oid(md5(b"content")), verify=True)
    assert not staged.exists()
    assert objects(cache) == {md5(b"content"): b"content"}
    staged.write_bytes(b"other")
    with pytest.raises(DamagedData, match="other bytes"):
        cache.adopt(str(staged), Oid(md5(b"wanted")), verify=True)
    assert not staged.exists()
    assert len(objects(cache)) == 1


@pytest.mark.parametrize("big", [False, True])
def test_a_full_disk_leaves_no_half_object(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, big: bool
) -> None:
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        write(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "f").write_bytes(bytes(6 << 20 if big else 100))
    monkeypatch.setattr(os, "write", full)
    for store in (
        lambda: cache.put_file(tmp_path / "f"),
        lambda: cache.put_bytes(b"data"),
        lambda: cache.put_manifest(Manifest([], b"")),
    ):
        with pytest.raises(StorageFull, match="Free some space"):
            store()
    monkeypatch.undo()
    assert [path for path in cache.root.rglob("*") if path.is_file()] == []


def test_a_prefix_that_somebody_removed_meanwhile_is_made_again(cache: Cache) -> None:
    oid = cache.put_bytes(b"x")
    cache.remove(oid)
    cache.path(oid).parent.rmdir()
    assert cache.put_bytes(b"x") == oid
    assert cache.has(oid)


def test_a_file_that_is_to_become_a_link_is_on_the_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(cache_module.os, "fsync", synced.append)
    (tmp_path / "f").write_bytes(b"x")
    Cache(tmp_path / "one", kinds=[LinkKind.COPY]).put_file(tmp_path / "f")
    assert synced == []
    Cache(tmp_path / "two", kinds=[LinkKind.HARDLINK]).put_file(tmp_path / "f")
    assert len(synced) == 1
