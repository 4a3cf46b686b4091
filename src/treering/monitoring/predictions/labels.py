"""Labels that come later: kept beside the log, and joined with it by the request's id."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from treering.core.errors import NotFound, Unavailable
from treering.core.log import logger
from treering.entities.prediction import Label, Prediction
from treering.monitoring.predictions.reading import Wanted, read
from treering.storage.journal.ownership import try_lock

__all__ = ["Joined", "add_labels", "joined", "read_labels"]

_NAME = "labels.jsonl"
_PATIENCE = 30.0
_PAUSE = 0.01


class Joined(NamedTuple):
    """An answer, and what turned out to be true; None while that is not known."""

    prediction: Prediction
    label: Label | None


def add_labels(folder: str | Path, labels: Iterable[Label]) -> int:
    """Keep labels for answers of this log; how many. A later one for the same request takes the place of an earlier one.

    Raises:
        NotFound: If there is no such folder.
        Unavailable: If somebody else writes labels all the time.
    """
    lines = [msgspec.json.encode(label) + b"\n" for label in labels]
    file = _file(folder)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as opened:
        _lock(opened.fileno(), file)
        end = opened.seek(0, os.SEEK_END)
        if end:
            opened.seek(end - 1)
            if opened.read(1) != b"\n":
                # Whoever wrote before died over it: what is half there must not eat the first of ours.
                lines.insert(0, b"\n")
        opened.seek(0, os.SEEK_END)
        _write(opened.fileno(), b"".join(lines), end)
        os.fsync(opened.fileno())
    return len([line for line in lines if line != b"\n"])


def read_labels(folder: str | Path) -> Iterator[Label]:
    """All labels, in the order in which they were added.

    Raises:
        NotFound: If there is no such folder.
    """
    file = _file(folder)
    if not file.exists():
        return
    damaged = 0
    with file.open("rb") as lines:
        for line in lines:
            if not line.strip():
                continue
            try:
                yield msgspec.json.decode(line, type=Label)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                damaged += 1
    if damaged:
        logger.warning("%d lines of %s cannot be read, and are passed over.", damaged, file)


def joined(folder: str | Path, wanted: Wanted | None = None) -> Iterator[Joined]:
    """Answers with their labels; all labels are held in memory.

    Raises:
        NotFound: If there is no such folder.
    """
    known = {label.request_id: label for label in read_labels(folder)}
    for prediction in read(folder, wanted):
        yield Joined(prediction, known.get(prediction.request_id))


def _file(folder: str | Path) -> Path:
    root = Path(folder)
    if not root.is_dir():
        msg = f"There is no prediction log in {str(root)!r} that these labels could be for."
        raise NotFound(msg)
    return root / _NAME


def _lock(descriptor: int, file: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not try_lock(descriptor):
        if time.monotonic() > end:
            msg = (
                f"Another program has been writing {str(file)!r} for {_PATIENCE:g} seconds. Try again when it is done."
            )
            raise Unavailable(msg)
        time.sleep(_PAUSE)


def _write(descriptor: int, data: bytes, end: int) -> None:
    """All of it, or nothing."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        os.ftruncate(descriptor, end)
        raise
