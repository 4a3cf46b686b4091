"""A bundle as one file: tar, compressed by zstandard or gzip, or zip; and as a plain folder.

The manifest comes first, so that a reader knows each file's size and digest before it
reads it: what is not listed, is longer, or is another than it should be is refused at its
first byte too many, and nothing is kept.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import zstandard

from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.manifest import FILE_NAME, MOST_BYTES, SIGNATURES, Manifest
from treering.bundles.store import BundleStore
from treering.bundles.tar_stream import Reader, header, padding
from treering.core.errors import AlreadyExists, DamagedData, InvalidInput, NotFound, StorageFull, TooLarge

__all__ = ["export_bundle", "import_bundle", "place_file"]

_SUFFIXES = (".tar.zst", ".tar.gz", ".tgz", ".tar", ".zip")
_LEVEL = 3
_BLOCK = 1 << 20
# 2^27 bytes is what zstandard's own program takes without being told.
_WINDOW = 1 << 27
_MOST_SIGNATURES = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)
# Left on the disk whatever is unpacked.
_SPARE = 16 << 20


def export_bundle(folder: Path, target: Path) -> Path:
    """Write the bundle in `folder` to a file, or to a folder if the name has no known ending; where it is now.

    An existing folder gets a file in it. The same bundle gives the same bytes.

    Raises:
        AlreadyExists: If there is something.
        DamagedData: If the bundle is not what its manifest says.
        StorageFull: If the disk is full; nothing is left behind.
    """
    made = manifests.read(folder)
    if target.is_dir():
        target /= f"{made.name}-{made.version}.tar.zst"
    if target.exists():
        msg = f"{target} exists already. Remove it, or choose another name."
        raise AlreadyExists(msg)
    if wrong := tree.difference(folder, made.files):
        msg = f"The bundle in {folder} is damaged, so it is not exported: {wrong[0]}. Build or fetch it again."
        raise DamagedData(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.urandom(6).hex()}.part")
    try:
        if _suffix(target):
            _write(folder, made, part, _suffix(target))
        else:
            shutil.copytree(folder, part)
            part.chmod(0o755)  # so that it can get its name
        part.rename(target)
    except OSError as error:
        if part.is_dir():
            tree.remove(part)
        part.unlink(missing_ok=True)
        if error.errno == 28:  # noqa: PLR2004 -- no space left
            msg = f"The disk of {target} is full, so the bundle was not exported."
            raise StorageFull(msg) from error
        raise
    return target


def import_bundle(store: BundleStore, source: Path) -> Manifest:
    """Keep a bundle from a file or a folder; all of it is checked, and none of it runs.

    Raises:
        NotFound: If there is nothing.
        DamagedData: If it is no bundle, was changed, or would write outside of its folder.
        StorageFull: If there is no room for what its manifest says.
    """
    if not source.exists():
        msg = f"{source} does not exist. Name a file or folder that `treering bundle export` wrote."
        raise NotFound(msg)
    with store.draft() as draft, ExitStack() as stack:
        if source.is_dir():
            members = _of_folder(source)
        elif zipfile.is_zipfile(source):
            members = _of_zip(stack.enter_context(zipfile.ZipFile(source)), source)
        else:
            members = _of_tar(_uncompressed(stack.enter_context(source.open("rb")), source), source)
        try:
            return store.take(draft, _unpack(members, draft, source))
        except (
            zstandard.ZstdError,
            zlib.error,
            gzip.BadGzipFile,
            EOFError,
            zipfile.BadZipFile,
            NotImplementedError,
        ) as error:
            raise _damaged(source, str(error)) from error


Members = Iterator[tuple[str, int, Iterable[bytes]]]
"""Path, stated size and bytes of each file; the manifest is the first."""


def _unpack(members: Members, draft: Path, source: Path) -> Manifest:
    first = next(members, None)
    if first is None or first[0] != FILE_NAME:
        raise _damaged(source, f"it does not begin with {FILE_NAME}")
    data = _short(first, MOST_BYTES, source)
    made = manifests.parse(data, str(source))
    free = tree.free_bytes(draft)
    if made.size + _SPARE > free:
        msg = f"The bundle in {source} has {made.size} bytes, and {free} are free in {draft.parent}. Free some space."
        raise StorageFull(msg)
    left = dict(made.files)
    for path, size, chunks in members:
        if path == SIGNATURES:
            (draft / SIGNATURES).write_bytes(_short((path, size, chunks), _MOST_SIGNATURES, source))
            continue
        entry = left.pop(path, None)
        if entry is None or entry.size != size:
            raise _damaged(source, f"it holds {path[:200]!r}, which its manifest does not list so")
        place_file(draft, path, entry, chunks, str(source))
    if left:
        raise _damaged(source, f"{next(iter(left))} is missing")
    (draft / FILE_NAME).write_bytes(data)
    return made


def place_file(draft: Path, path: str, entry: manifests.Entry, chunks: Iterable[bytes], where: str) -> None:
    """Write one file of a bundle, whose path was checked, while it is what the manifest says. Raises DamagedData."""
    goal = os.path.join(draft, path)
    counted = hashlib.sha256()
    size = 0
    try:
        with _opened(goal) as file:
            for chunk in chunks:
                size += len(chunk)
                if size > entry.size:
                    break
                counted.update(chunk)
                file.write(chunk)
    except (FileExistsError, NotADirectoryError) as error:
        msg = f"The bundle in {where} has {path!r} beside a file of that name, or of one of its folders. Do not use it."
        raise DamagedData(msg) from error
    if size != entry.size or counted.hexdigest() != entry.sha256:
        msg = f"{path} of the bundle in {where} is not what the manifest says. Fetch the bundle again."
        raise DamagedData(msg)
    if entry.executable:
        os.chmod(goal, tree.RUNS)


def _opened(goal: str) -> IO[bytes]:
    """A new file; its folder is only made if it is not there, which is once for many files."""
    try:
        return open(goal, "xb", buffering=0)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(goal), exist_ok=True)
        return open(goal, "xb", buffering=0)


def _short(member: tuple[str, int, Iterable[bytes]], most: int, source: Path) -> bytes:
    path, size, chunks = member
    if size > most:
        msg = f"{path} in {source} has {size} bytes, more than the {most} that are read. Do not use this bundle."
        raise TooLarge(msg)
    found = b""
    for chunk in chunks:
        found += chunk
        if len(found) > most:
            raise _damaged(source, f"{path} is longer than it says")
    return found


def _of_folder(source: Path) -> Members:
    for name in (FILE_NAME, SIGNATURES):
        if (source / name).is_file():
            yield name, (source / name).stat().st_size, _chunks(os.fspath(source / name))
        elif name == FILE_NAME:
            msg = f"{source} is no bundle: it has no {FILE_NAME}. Make one with: treering bundle build"
            raise NotFound(msg)
    for one in tree.walk(source):
        if one.path not in {FILE_NAME, SIGNATURES}:
            yield one.path, one.size, _chunks(one.place)


def _of_tar(stream: Any, source: Path) -> Members:
    reader = Reader(stream, str(source))
    for member in reader:
        if not member.is_folder:
            yield member.path, member.size, reader.chunks()


def _of_zip(archive: zipfile.ZipFile, source: Path) -> Members:
    entries = archive.infolist()
    first = [one for one in entries if one.filename == FILE_NAME]
    for one in [*first, *(one for one in entries if one.filename != FILE_NAME)]:
        if one.is_dir():
            continue
        # The upper half holds what Unix calls the mode; 0 where another system wrote it.
        if (one.external_attr >> 16) & 0o170000 not in {0, 0o100000}:
            raise _damaged(source, f"{one.filename[:200]!r} is no regular file")
        if one.flag_bits & 1:
            raise _damaged(source, "it is encrypted")
        with archive.open(one) as file:
            yield one.filename, one.file_size, iter(lambda file=file: file.read(_BLOCK), b"")  # type: ignore[misc]


def _chunks(place: str) -> Iterator[bytes]:
    with open(place, "rb") as file:
        while chunk := file.read(_BLOCK):
            yield chunk


def _uncompressed(file: IO[bytes], source: Path) -> Any:
    start = file.read(4)
    file.seek(0)
    if start == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(file, read_across_frames=True)
    if start[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if tarfile.is_tarfile(source):
        return file
    raise _damaged(source, "it is neither tar nor zip")


def _write(folder: Path, made: Manifest, part: Path, suffix: str) -> None:
    with part.open("xb") as file, ExitStack() as stack:
        if suffix == ".zip":
            _write_zip(folder, made, stack.enter_context(zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)))
            return
        out: Any = file
        if suffix == ".tar.zst":
            out = stack.enter_context(zstandard.ZstdCompressor(_LEVEL).stream_writer(file, closefd=False))
        elif suffix in {".tar.gz", ".tgz"}:
            out = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        for path, place in _members(folder, made):
            size = os.stat(place).st_size
            out.write(header(path, size, 0o755 if os.access(place, os.X_OK) else 0o644))
            for chunk in _chunks(place):
                out.write(chunk)
            out.write(bytes(padding(size)))
        out.write(bytes(1024))


def _write_zip(folder: Path, made: Manifest, archive: zipfile.ZipFile) -> None:
    for path, place in _members(folder, made):
        told = zipfile.ZipInfo(path, _DATE)
        told.external_attr = (0o100755 if os.access(place, os.X_OK) else 0o100644) << 16
        told.compress_type = zipfile.ZIP_DEFLATED
        told.file_size = os.stat(place).st_size
        with archive.open(told, "w") as goal:
            for chunk in _chunks(place):
                goal.write(chunk)


def _members(folder: Path, made: Manifest) -> Iterator[tuple[str, str]]:
    for path in (FILE_NAME, SIGNATURES, *sorted(made.files)):
        place = os.path.join(folder, path)
        if path != SIGNATURES or os.path.exists(place):
            yield path, place


def _suffix(target: Path) -> str:
    name = target.name.lower()
    found = next((one for one in _SUFFIXES if name.endswith(one)), "")
    if not found and target.suffix in {".bz2", ".xz", ".7z", ".rar"}:
        msg = f"A bundle is not written as {target.suffix}. Choose one of {', '.join(_SUFFIXES)}, or a folder."
        raise InvalidInput(msg)
    return found


def _damaged(source: Path, what: str) -> DamagedData:
    return DamagedData(f"{source} is no bundle, or was changed: {what}. Export or fetch it again; nothing was kept.")
