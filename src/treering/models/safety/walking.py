"""The files inside of archives and compressed files, each in turn, with limits to how much comes out of them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from treering.core.errors import DamagedData, TooLarge

__all__ = ["Limits", "Member", "kind_of", "may_be_pickle", "members"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a walk gives up at.

    Attributes:
        depth: Archives inside of archives.
        count: Files in all archives together.
        size: Bytes that are unpacked of all of them together.
    """

    depth: int = 4
    count: int = 20_000
    size: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """One file: where it is, with `!` before what is inside of an archive, and its bytes, open at their start."""

    name: str
    file: IO[bytes]


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "xz"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
    (b"ZF", "joblib"),
)
_OPENERS: dict[str, Callable[[Any], Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
_BLOCK = 1 << 20
_NPY_MAGIC = b"\x93NUMPY"
_PICKLE_SUFFIXES = {".dill", ".joblib", ".p", ".pickle", ".pkl"}
_TEXT_SUFFIXES = {".csv", ".html", ".ini", ".json", ".md", ".py", ".toml", ".txt", ".xml", ".yaml", ".yml"}
_OLD_PICKLE = re.compile(rb"[(\]}]*(?:[(\]}lpq\d\n]{0,40})c[\w.]+\n[\w.]+\n|\(+(?:lp|dp|i[\w.]+\n)")
# A tar's magic stands behind its first name.
_TAR_MAGIC_AT, _TAR_MAGIC = 257, b"ustar"
# The oldest format of joblib: two letters, the length in hexadecimal, and a zlib stream.
_JOBLIB_HEAD = 21


class _Purse:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.count = limits.count
        self.size = limits.size

    def take_file(self, name: str) -> None:
        self.count -= 1
        if self.count < 0:
            msg = f"{name} holds more than {self.limits.count} files. Nothing more of it is looked at."
            raise TooLarge(msg)

    def take_bytes(self, count: int, name: str) -> None:
        self.size -= count
        if self.size < 0:
            msg = f"{name} unpacks to more than {self.limits.size} bytes. Nothing more of it is looked at."
            raise TooLarge(msg)


def members(path: Path, limits: Limits | None = None) -> Iterator[Member]:
    """The file at `path` and all files inside of it; a member's file is closed when the next one is asked for.

    Raises:
        TooLarge: If it holds more than the limits allow.
        DamagedData: If an archive cannot be unpacked, or a file in it would not stay in its folder.
    """
    with path.open("rb") as file:
        yield from _walk(Member(path.name, file), _Purse(limits or Limits()), 0)


def _walk(member: Member, purse: _Purse, depth: int) -> Iterator[Member]:
    purse.take_file(member.name)
    kind = kind_of(member.file)
    yield member
    if not kind:
        return
    if depth == purse.limits.depth:
        msg = f"{member.name}: archives are nested more than {depth} deep. Nothing more of it is looked at."
        raise TooLarge(msg)
    member.file.seek(0)
    try:
        for name, file in _unpacked(kind, member, purse):
            with file:
                yield from _walk(Member(name, file), purse, depth + 1)
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, OSError, EOFError, RuntimeError) as error:
        if kind == "zlib":  # two bytes are little proof that it was one
            return
        msg = f"{member.name} cannot be unpacked: {error}."
        raise DamagedData(msg) from error


def _unpacked(kind: str, member: Member, purse: _Purse) -> Iterator[tuple[str, IO[bytes]]]:
    if kind == "zip":
        yield from _zipped(member, purse)
    elif kind == "tar":
        yield from _tarred(member, purse)
    elif kind in {"zlib", "joblib"}:
        member.file.seek(_JOBLIB_HEAD if kind == "joblib" else 0)
        yield f"{member.name}!", _inflated(member, purse)
    else:
        yield f"{member.name}!", _copied(_OPENERS[kind](member.file), member.name, purse)


def _zipped(member: Member, purse: _Purse) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(member.file) as archive:
        for info in archive.infolist():
            name = f"{member.name}!{info.filename}"
            _stay(name, info.filename)
            if not info.is_dir():
                yield name, _copied(archive.open(info), name, purse)


def _tarred(member: Member, purse: _Purse) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=member.file, mode="r:") as archive:
        for info in archive:
            name = f"{member.name}!{info.name}"
            _stay(name, info.name)
            if info.issym() or info.islnk():
                _stay(name, info.linkname)
            elif not info.isfile() and not info.isdir():
                msg = f"{name} is a device or pipe, which no model holds."
                raise DamagedData(msg)
            found = archive.extractfile(info) if info.isfile() else None
            if found is not None:
                yield name, _copied(found, name, purse)


def _stay(name: str, inner: str) -> None:
    if inner.startswith(("/", "\\")) or ".." in inner.replace("\\", "/").split("/") or inner[1:2] == ":":
        msg = f"{name} would be unpacked outside of its folder."
        raise DamagedData(msg)


def _copied(source: IO[bytes], name: str, purse: _Purse) -> IO[bytes]:
    """The bytes in memory: unlike what unpacks them, that can be read from any place. Of mere data, only the start."""
    target = io.BytesIO()
    with source:
        while block := source.read(_BLOCK):
            purse.take_bytes(len(block), name)
            target.write(block)
            is_looked_at = name.endswith(".json") or kind_of(io.BytesIO(block)) or may_be_pickle(name, block)
            if target.tell() == len(block) and not is_looked_at:
                break
    target.seek(0)
    return target


def _inflated(member: Member, purse: _Purse) -> IO[bytes]:
    target = io.BytesIO()
    engine = zlib.decompressobj()
    while (block := member.file.read(_BLOCK)) and not engine.eof:
        while block:
            piece = engine.decompress(block, _BLOCK)
            purse.take_bytes(len(piece), member.name)
            target.write(piece)
            block = engine.unconsumed_tail
    target.seek(0)
    return target


def may_be_pickle(name: str, head: bytes) -> bool:
    """Whether a file's name or first bytes are those of a pickle, or of an array of NumPy, which may hold one."""
    suffix = PurePosixPath(name.rstrip("!")).suffix.lower()
    if suffix in _PICKLE_SUFFIXES or head.startswith(_NPY_MAGIC):
        return True
    if head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return True
    # The oldest pickles have no magic; they are text that begins with one of these commands.
    return suffix not in _TEXT_SUFFIXES and _OLD_PICKLE.match(head) is not None


def kind_of(file: IO[bytes]) -> str:
    """What an archive or compressed file is by its first bytes; "" for all else. The file is left at its start."""
    head = file.read(_TAR_MAGIC_AT + len(_TAR_MAGIC))
    file.seek(0)
    if head[_TAR_MAGIC_AT:] == _TAR_MAGIC:
        return "tar"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
