"""The list of a folder's files, which is an object itself (`.dir`): path and MD5 of each, as DVC writes it.

The bytes are exact, because their MD5 is the folder's name: JSON as Python writes it
by default, in ASCII, sorted by path, without a newline. A list of a million files is
written and read piece by piece, and takes little more room than its paths.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from json.encoder import encode_basestring_ascii
from operator import lt
from typing import overload

from treering.core.errors import DamagedData

__all__ = ["Manifest", "dump_manifest", "load_manifest", "manifest_chunks"]

_DIGEST = 16
_ROWS = 4096
_PIECE = 1 << 20
_BETWEEN = b'"}, {'
_HEAD, _MIDDLE = '"md5": "', '", "relpath": "'
_MD5 = slice(len(_HEAD), len(_HEAD) + 32)
_GLUE = slice(_MD5.stop, _MD5.stop + len(_MIDDLE))
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
# An empty part, "." or "..", or a name that no file can have.
_CLIMBS = re.compile(r"(?:\A|[/\0])\.{0,2}(?:[/\0]|\Z)")


class Manifest(Sequence[tuple[str, str]]):
    """Pairs of path and MD5, sorted by path; both are kept in columns.

    Attributes:
        paths: Relative to the folder, with `/`, in the order of their code points.
        digests: 16 bytes for each of them.
    """

    __slots__ = ("digests", "paths")

    def __init__(self, paths: list[str], digests: bytes) -> None:
        self.paths = paths
        self.digests = digests

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Manifest:
        """From pairs of path and MD5 in any order."""
        rows = sorted(pairs)
        return cls([path for path, _ in rows], bytes.fromhex("".join(digest for _, digest in rows)))

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for start in range(0, len(self.paths), _ROWS):
            yield from zip(self.paths[start : start + _ROWS], self.hexes(start, start + _ROWS), strict=True)

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self.paths)))]
        at = range(len(self.paths))[index]
        return self.paths[at], self.digests[at * _DIGEST : (at + 1) * _DIGEST].hex()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Manifest):
            return NotImplemented
        return self.digests == other.digests and self.paths == other.paths

    __hash__ = None  # type: ignore[assignment]  # as long as what it is made of

    def hexes(self, start: int, stop: int) -> list[str]:
        """The MD5s of some rows as text."""
        text = self.digests[start * _DIGEST : stop * _DIGEST].hex()
        return [text[at : at + 32] for at in range(0, len(text), 32)]


def dump_manifest(entries: Manifest | Iterable[tuple[str, str]]) -> bytes:
    """The object's bytes."""
    return b"".join(manifest_chunks(entries if isinstance(entries, Manifest) else Manifest.of(entries)))


def manifest_chunks(manifest: Manifest) -> Iterator[bytes]:
    """The object's bytes, piece by piece."""
    paths = manifest.paths
    plain = _PLAIN.fullmatch
    opening = "["
    for start in range(0, len(paths), _ROWS):
        rows = [
            f'{{"md5": "{digest}", "relpath": "{path}"}}'
            if plain(path)
            else f'{{"md5": "{digest}", "relpath": {encode_basestring_ascii(path)}}}'
            for path, digest in zip(paths[start : start + _ROWS], manifest.hexes(start, start + _ROWS), strict=True)
        ]
        yield (opening + ", ".join(rows)).encode("ascii")
        opening = ", "
    yield b"]" if paths else b"[]"


def load_manifest(data: bytes, name: str = "") -> Manifest:
    """Read an object's bytes.

    Args:
        name: What to call the object in an error.

    Raises:
        DamagedData: If it is no list of files, names one twice, or a path leads out of the folder.
    """
    manifest = _fast(data)
    if manifest is None:
        manifest = _slow(data, name)
    _check(manifest, name)
    return manifest


def _fast(data: bytes) -> Manifest | None:
    """Read what is written in the usual way; None if this is not."""
    if data == b"[]":
        return Manifest([], b"")
    if not (data.startswith(b"[{") and data.endswith(b'"}]')):
        return None
    paths: list[str] = []
    digests = bytearray()
    position, end = 2, len(data) - 3
    while position <= end:
        stop = _boundary(data, position, end)
        piece = data[position:stop]
        if not (_with_escapes if b"\\" in piece else _without_escapes)(piece, paths, digests):
            return None
        position = stop + len(_BETWEEN)
    return Manifest(paths, bytes(digests))


def _boundary(data: bytes, position: int, end: int) -> int:
    if end - position <= _PIECE:
        return end
    stop = data.rfind(_BETWEEN, position, position + _PIECE)
    # Behind a backslash the quotation mark may belong to a path.
    while stop > position and data[stop - 1] == ord("\\"):
        stop = data.rfind(_BETWEEN, position, stop)
    return stop if stop > position else end


def _without_escapes(piece: bytes, paths: list[str], digests: bytearray) -> bool:
    try:
        rows = piece.decode("ascii").split('"}, {')
        hexes = [row[_MD5] for row in rows]
        digests += bytes.fromhex("".join(hexes))
    except ValueError:
        return False
    if not all(row.startswith(_HEAD) and row[_GLUE] == _MIDDLE for row in rows):
        return False
    paths += [row[_GLUE.stop :] for row in rows]
    # A quotation mark that ends the path early means another shape of row.
    return len(digests) == _DIGEST * len(paths) and not any('"' in row[_GLUE.stop :] for row in rows)


def _with_escapes(piece: bytes, paths: list[str], digests: bytearray) -> bool:
    try:
        rows = json.loads(b"[{" + piece + b'"}]')
        digests += bytes.fromhex("".join([row["md5"] for row in rows]))
        paths += [row["relpath"] for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return len(digests) == _DIGEST * len(paths) and all(len(row) == 2 for row in rows)  # noqa: PLR2004 the two keys


def _slow(data: bytes, name: str) -> Manifest:
    """Read what another program wrote in its own style, or say what is wrong."""
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"it is no JSON ({error})") from error
    if not isinstance(rows, list):
        raise _damaged(name, "it is no list")
    pairs = []
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != {"md5", "relpath"}:
            raise _damaged(name, f"entry {number} has not exactly the keys 'md5' and 'relpath'")
        if not isinstance(row["relpath"], str) or not re.fullmatch(r"[0-9a-fA-F]{32}", str(row["md5"])):
            raise _damaged(name, f"entry {number} has no path, or no MD5 of 32 digits")
        pairs.append((row["relpath"], row["md5"]))
    return Manifest.of(pairs)


def _check(manifest: Manifest, name: str) -> None:
    paths = manifest.paths
    if not all(map(lt, paths, islice(paths, 1, None))):
        ordered = Manifest.of(manifest)
        manifest.paths, manifest.digests = ordered.paths, ordered.digests
        paths = manifest.paths
        for one, other in zip(paths, islice(paths, 1, None), strict=False):
            if one == other:
                raise _damaged(name, f"it names {one!r} twice")
    for start in range(0, len(paths), _ROWS):
        joined = "\0".join(paths[start : start + _ROWS])
        if _CLIMBS.search(joined) or joined.count("\0") != len(paths[start : start + _ROWS]) - 1:
            bad = next(path for path in paths[start : start + _ROWS] if _CLIMBS.search(path) or "\0" in path)
            raise _damaged(name, f"the path {bad!r} is none below a folder")
        try:
            joined.encode()
        except UnicodeEncodeError as error:
            raise _damaged(name, "a path is no text that a file can be named with") from error


def _damaged(name: str, reason: str) -> DamagedData:
    what = f"The list of files {name}" if name else "A list of files"
    return DamagedData(f"{what} is damaged: {reason}. Fetch it again from a remote, or add the folder again.")
