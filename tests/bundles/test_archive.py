"""Bundles as files: the same bytes for the same bundle, all of it or nothing, and nothing that a hostile one wants."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import zstandard

from bundles.conftest import Keep
from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.archive import export_bundle, import_bundle
from treering.bundles.manifest import FILE_NAME, Entry, Manifest
from treering.bundles.store import BundleStore
from treering.bundles.tar_stream import Reader, header, padding
from treering.core.errors import (
    AlreadyExists,
    DamagedData,
    InvalidInput,
    NotFound,
    StorageFull,
    TooLarge,
    TreeringError,
)

SUFFIXES = [".tar.zst", ".tar.gz", ".tgz", ".tar", ".zip", ""]


def entry(data: bytes) -> Entry:
    return Entry(hashlib.sha256(data).hexdigest(), len(data))


def manifest(files: Mapping[str, bytes]) -> bytes:
    """What somebody writes who knows how digests are made."""
    return manifests.encode(
        manifests.sealed(Manifest("hostile", files={name: entry(data) for name, data in files.items()}))
    )


def tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for told, data in members:
            archive.addfile(told, io.BytesIO(data))
    return out.getvalue()


def member(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    told = tarfile.TarInfo(name)
    told.size, told.type, told.linkname = len(data), kind, link
    return told, data


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_bundle_comes_back_from_a_file_as_it_was(store: BundleStore, keep: Keep, tmp_path: Path, suffix: str) -> None:
    long = "/".join(["a-long-folder-name"] * 8) + "/" + "x" * 90 + ".py"
    made = keep(**{"one": "1", "folder/two": "2" * 5000, long: "3", "\N{SNOWMAN}/ü": "4"})
    target = export_bundle(store.find(made.reference), tmp_path / f"out{suffix}")
    other = BundleStore(tmp_path / "other")
    assert import_bundle(other, target) == made
    assert tree.difference(other.find("plain"), made.files) == []


@pytest.mark.parametrize("suffix", SUFFIXES[:-1])
def test_the_same_bundle_gives_the_same_bytes(store: BundleStore, keep: Keep, tmp_path: Path, suffix: str) -> None:
    folder = store.find(keep().reference)
    first, second = (export_bundle(folder, tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first == second


def test_other_programs_read_what_is_written(store: BundleStore, keep: Keep, tmp_path: Path) -> None:
    path = export_bundle(store.find(keep(**{"one": "1", "y" * 120: "2"}).reference), tmp_path / "out.tar.gz")
    names = subprocess.run(["tar", "-tzf", path], capture_output=True, text=True, check=True).stdout.split()
    assert names == [FILE_NAME, "one", "y" * 120]
    with tarfile.open(path) as archive:
        assert all(one.mtime == one.uid == one.gid == 0 and not one.uname for one in archive)


def test_whether_a_file_can_be_run_comes_back(store: BundleStore, tmp_path: Path) -> None:
    with store.draft() as draft:
        (draft / "run").write_text("#!/bin/sh\n")
        (draft / "run").chmod(0o755)
        made = store.keep(draft, Manifest("plain"))
    for suffix in (".tar.zst", ".zip"):
        target = export_bundle(store.find(made.reference), tmp_path / f"out{suffix}")
        other = BundleStore(tmp_path / suffix)
        import_bundle(other, target)
        assert os.access(other.find("plain") / "run", os.X_OK)


def test_nothing_is_written_over(store: BundleStore, keep: Keep, tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_text("mine")
    with pytest.raises(AlreadyExists):
        export_bundle(store.find(keep().reference), tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_text() == "mine"


def test_an_ending_of_another_kind_of_archive_is_refused(store: BundleStore, keep: Keep, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"not written as \.rar"):
        export_bundle(store.find(keep().reference), tmp_path / "out.rar")


def test_a_damaged_bundle_is_not_exported(store: BundleStore, keep: Keep, tmp_path: Path) -> None:
    folder = store.find(keep().reference)
    (folder / "one").chmod(0o644)
    (folder / "one").write_text("x")
    with pytest.raises(DamagedData, match="one was changed"):
        export_bundle(folder, tmp_path / "out.zip")
    assert list(tmp_path.glob("out*")) == []


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a path that climbs": lambda: tar([member(FILE_NAME, manifest({"../evil": b"x"})), member("../evil", b"x")]),
    "an absolute path": lambda: tar([member(FILE_NAME, manifest({"/tmp/evil": b"x"})), member("/tmp/evil", b"x")]),
    "a member that climbs and is not listed": lambda: tar([member(FILE_NAME, manifest({})), member("../evil", b"x")]),
    "a symbolic link": lambda: tar(
        [member(FILE_NAME, manifest({"a": b"x"})), member("a", kind=tarfile.SYMTYPE, link="/etc/passwd")]
    ),
    "a hard link": lambda: tar(
        [member(FILE_NAME, manifest({"a": b"x"})), member("a", kind=tarfile.LNKTYPE, link="/etc/passwd")]
    ),
    "a device": lambda: tar([member(FILE_NAME, manifest({"a": b"x"})), member("a", kind=tarfile.CHRTYPE)]),
    "a file that is not listed": lambda: tar([member(FILE_NAME, manifest({})), member("more", b"x")]),
    "a file that is missing": lambda: tar([member(FILE_NAME, manifest({"a": b"x"}))]),
    "a file with other bytes": lambda: tar([member(FILE_NAME, manifest({"a": b"x"})), member("a", b"y")]),
    "a longer file": lambda: tar([member(FILE_NAME, manifest({"a": b"x"})), member("a", b"xx")]),
    "a file twice": lambda: tar([member(FILE_NAME, manifest({"a": b"x"})), member("a", b"x"), member("a", b"x")]),
    "a file in a file": lambda: tar(
        [member(FILE_NAME, manifest({"a": b"x", "a/b": b"x"})), member("a", b"x"), member("a/b", b"x")]
    ),
    "a file where a folder is": lambda: tar(
        [member(FILE_NAME, manifest({"a": b"x", "a/b": b"x"})), member("a/b", b"x"), member("a", b"x")]
    ),
    "no manifest": lambda: tar([member("a", b"x")]),
    "a manifest that comes later": lambda: tar([member("a", b"x"), member(FILE_NAME, manifest({"a": b"x"}))]),
    "nothing": lambda: bytes(10240),
    "no archive": lambda: b"hello world" * 1000,
    "an empty file": lambda: b"",
    "a broken header": lambda: manifest({}).ljust(1024, b"x"),
    "an archive cut off": lambda: tar([member(FILE_NAME, manifest({"a": b"x" * 9999})), member("a", b"x" * 9999)])[
        :-10240
    ],
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress], ids=["tar", "gz", "zst"])
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    store: BundleStore, tmp_path: Path, kind: str, pack: Callable[[bytes], bytes]
) -> None:
    path = written(tmp_path / "evil", pack(HOSTILE[kind]()))
    with pytest.raises(TreeringError):
        import_bundle(store, path)
    assert store.summaries() == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bundles", "evil"]
    assert list((store.root / ".drafts").iterdir()) == []


@pytest.mark.parametrize("path", ["../evil", "/tmp/evil", "a"])
def test_a_hostile_zip_is_refused(store: BundleStore, tmp_path: Path, path: str) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(FILE_NAME, manifest({"a": b"/etc/passwd"}))
        told = zipfile.ZipInfo(path)
        told.external_attr = 0o120777 << 16  # a link, as Unix marks it
        archive.writestr(told, "/etc/passwd")
    with pytest.raises(DamagedData):
        import_bundle(store, tmp_path / "evil.zip")
    assert store.summaries() == []


def test_a_zip_that_states_a_small_size_and_holds_much_is_refused(store: BundleStore, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FILE_NAME, manifest({"a": b"x"}))
        archive.writestr("a", bytes(50 << 20))
    with pytest.raises(DamagedData):
        import_bundle(store, path)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_a_bomb_is_not_unpacked(store: BundleStore, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = tar([member(FILE_NAME, manifest({"a": b"x"})), member("a", bytes(100 << 20))])
    path = written(tmp_path / "bomb", pack(bomb))
    del bomb
    tracemalloc.start()
    with pytest.raises(DamagedData):
        import_bundle(store, path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 << 20


def test_a_stated_size_that_no_disk_has_is_refused_before_anything_is_written(
    store: BundleStore, tmp_path: Path
) -> None:
    huge = Manifest("hostile", files={"a": Entry("0" * 64, 1 << 60)})
    data = manifests.encode(manifests.sealed(huge))
    path = written(tmp_path / "evil", header(FILE_NAME, len(data)) + data + bytes(padding(len(data))))
    with pytest.raises(StorageFull, match="are free"):
        import_bundle(store, path)


def test_a_manifest_of_many_megabytes_is_not_read(store: BundleStore, tmp_path: Path) -> None:
    data = bytes(manifests.MOST_BYTES + 1)
    path = written(tmp_path / "evil", gzip.compress(tar([member(FILE_NAME, data)])))
    with pytest.raises(TooLarge):
        import_bundle(store, path)


def test_a_header_of_many_megabytes_is_not_read(store: BundleStore, tmp_path: Path) -> None:
    told = tarfile.TarInfo("a" * 300_000)
    path = written(tmp_path / "evil", gzip.compress(tar([(told, b"")])))
    with pytest.raises(DamagedData, match="a header has"):
        import_bundle(store, path)


def test_a_window_that_takes_gigabytes_is_refused(store: BundleStore, tmp_path: Path) -> None:
    # A frame whose header asks for a window of two gigabytes, and an empty last block.
    path = written(tmp_path / "evil", b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(31 - 10) << 3]) + b"\x01\x00\x00")
    with pytest.raises(DamagedData):
        import_bundle(store, path)


def test_a_folder_with_a_link_is_refused(store: BundleStore, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(manifest({"a": b"x"}))
    (folder / "a").symlink_to("/etc/passwd")
    with pytest.raises(DamagedData, match="is a link"):
        import_bundle(store, folder)


def test_what_is_not_there_is_said(store: BundleStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        import_bundle(store, tmp_path / "nothing")


def test_archives_of_other_programs_are_read() -> None:
    """GNU's long names, POSIX' extended headers, old headers without a name for their kind."""
    long = "folder/" * 30 + "file"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for name in ("./short", "ü") if form == tarfile.USTAR_FORMAT else ("./short", "ü", long):
                told, data = member(name, b"xyz")
                archive.addfile(told, io.BytesIO(data))
        out.seek(0)
        reader = Reader(out, "test")
        found = {one.path: b"".join(reader.chunks()) for one in reader}
        assert set(found) == {"short", "ü"} | ({long} if form != tarfile.USTAR_FORMAT else set())
        assert set(found.values()) == {b"xyz"}
