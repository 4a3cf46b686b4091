"""The small files of a folder `mlruns`, each written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import PermissionDenied, StorageFull, TreeringError, Unavailable
from treering.exchange.report import Report

__all__ = ["FolderFiles", "to_yaml"]

_CANNOT_BE = {errno.EEXIST, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR}
_MEANWHILE = ".treering-export"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class FolderFiles:
    """Writes below one folder; what a killed export left unfinished is removed first.

    Args:
        report: Gets as a problem what no file system can hold, such as a metric `a` beside a metric `a/b`.
    """

    def __init__(self, root: Path, report: Report) -> None:
        self._meanwhile = root / _MEANWHILE
        self._report = report
        with _told(root):
            shutil.rmtree(self._meanwhile, ignore_errors=True)
            self._meanwhile.mkdir(parents=True)

    def close(self) -> None:
        """Remove the place for unfinished files."""
        shutil.rmtree(self._meanwhile, ignore_errors=True)

    def put(self, path: Path, text: str, what: str = "") -> bool:
        """Write a file unless it holds this text already; whether it was written."""
        data = text.encode()
        return not _holds(path, data) and self.put_chunks(path, [data], what or path.name)

    def put_meta(self, folder: Path, meta: Mapping[str, Any]) -> bool:
        """Write the file that describes what lies in a folder."""
        return self.put(folder / "meta.yaml", to_yaml(meta))

    def put_texts(self, folder: Path, texts: Mapping[str, str], what: str, *, anew: bool = True) -> None:
        """One file for each text.

        Args:
            what: Their owner, for messages.
            anew: Whether a file that holds another text gets this one.
        """
        for key, text in texts.items():
            if anew or not (folder / key).exists():
                self.put(folder / key, text, f"{key!r} of {what}")

    def put_chunks(self, path: Path, chunks: Iterable[bytes], what: str) -> bool:
        """Write a file, whatever stood there; whether it could be."""
        part = self._meanwhile / "file"
        with _told(path):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as file:
                    file.writelines(chunks)
                part.replace(path)
            except OSError as error:
                if error.errno not in _CANNOT_BE:
                    raise
                self._report.problem(f"{what} cannot be a file: {error.strerror}")
                return False
        return True

    @contextmanager
    def new_folder(self, target: Path) -> Iterator[Path]:
        """A folder to fill, which stands at `target` after the block, whole; `target` itself if that is there already."""
        if target.exists():
            yield target
            return
        part = self._meanwhile / "folder"
        with _told(target):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            yield part
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)


def to_yaml(meta: Mapping[str, Any]) -> str:
    """As MLflow writes it: sorted, one value a line."""
    text: str = yaml.dump(dict(meta), Dumper=_DUMPER, allow_unicode=True, default_flow_style=False)
    return text


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


@contextmanager
def _told(place: Path | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, TreeringError):
            raise
        reason = f"{place} cannot be written: {error.strerror or error}."
        if error.errno == errno.ENOSPC:
            msg = f"{reason} Free some space and start again: what is complete stays."
            raise StorageFull(msg) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            msg = f"{reason} Choose another folder, or change who may write there."
            raise PermissionDenied(msg) from error
        msg = f"{reason} Check the folder, and start again."
        raise Unavailable(msg) from error
