"""Fingerprints of files and folders: MD5, in the way that DVC writes it, so that both tools name one content alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from treering.core.errors import DamagedData, NotFound

__all__ = ["FileDigest", "digest_of_parts", "digest_of_path", "tracked_by_dvc"]

_PART = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A fingerprint with what it is of.

    Attributes:
        digest: 32 hexadecimal digits; those of a folder end with `.dir`.
        size: Bytes of all files.
        files: How many there are.
    """

    digest: str
    size: int
    files: int


def digest_of_parts(parts: Iterator[bytes]) -> FileDigest:
    """The fingerprint of one content that comes in parts, of which one at a time is held."""
    hashed, size = hashlib.md5(usedforsecurity=False), 0
    for part in parts:
        hashed.update(part)
        size += len(part)
    return FileDigest(hashed.hexdigest(), size, 1)


def digest_of_path(path: Path) -> FileDigest:
    """The fingerprint of a file or of all files below a folder. Raises NotFound."""
    if path.is_file():
        return digest_of_parts(_parts(path))
    if not path.is_dir():
        msg = f"No such file: {str(path)!r}. Give the path of a file or folder that exists."
        raise NotFound(msg)
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    listed, size = [], 0
    for name in sorted(found):
        one = digest_of_parts(_parts(found[name]))
        listed.append({"md5": one.digest, "relpath": name})
        size += one.size
    whole = hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False)
    return FileDigest(f"{whole.hexdigest()}.dir", size, len(listed))


def tracked_by_dvc(path: Path) -> FileDigest:
    """What the `.dvc` file beside a file or folder says of it; the data need not be there.

    Raises:
        NotFound: If there is no `.dvc` file.
        DamagedData: If it does not name `path`, or without MD5.
    """
    note = path.with_name(f"{path.name}.dvc")
    if not note.is_file():
        msg = f"No such file: {str(note)!r}. Track the data with `treering data add`, or use from_file."
        raise NotFound(msg)
    try:
        found = next(out for out in yaml.safe_load(note.read_text("utf-8"))["outs"] if out["path"] == path.name)
        return FileDigest(str(found["md5"]), int(found.get("size", 0)), int(found.get("nfiles", 1)))
    except (yaml.YAMLError, KeyError, TypeError, ValueError, StopIteration) as error:
        msg = f"{note} does not say which content {path.name} has. Run `treering data add` again."
        raise DamagedData(msg) from error


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part
