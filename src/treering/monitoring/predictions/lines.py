"""Segments of lines of JSON, also those that are being written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from treering.core.log import logger
from treering.entities.prediction import Prediction

__all__ = ["read"]


def read(file: Path) -> Iterator[Prediction]:
    """The answers, in their order; a last line that is not whole yet is left out."""
    decode = msgspec.json.Decoder(Prediction).decode
    damaged = 0
    with file.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            try:
                yield decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                damaged += 1
    if damaged:
        logger.warning("%d lines of %s cannot be read, and are passed over.", damaged, file)
