"""How much an archive may become: what is packed honestly hardly shrinks, and a bomb shrinks a thousandfold."""

from __future__ import annotations

import zipfile
from pathlib import Path

from treering.core.errors import DamagedData

__all__ = ["unpacked_size"]

_MOST = 20
_SMALL = 16 << 20


def unpacked_size(archive: zipfile.ZipFile, path: Path) -> int:
    """The bytes that an archive unpacks to, those of archives of arrays in it among them.

    Args:
        path: Names it in the message.

    Raises:
        DamagedData: If they are far more than its own.
        BadZipFile: If what is called an archive in it is none.
    """
    parts = archive.infolist()
    size = sum(one.file_size for one in parts)
    _check(size, path)
    for one in parts:
        if one.filename.endswith(".npz"):
            with archive.open(one) as file, zipfile.ZipFile(file) as inner:
                size += sum(each.file_size for each in inner.infolist())
    _check(size, path)
    return size


def _check(size: int, path: Path) -> None:
    if size > _MOST * path.stat().st_size + _SMALL:
        msg = f"The model {path} would unpack to {size} bytes, far more than a model of its size. It is not read."
        raise DamagedData(msg)
