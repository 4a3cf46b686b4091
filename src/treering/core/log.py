"""Treering's own log: one logger, quiet until a program or the command line sets it up."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from treering.core.errors import InvalidInput

__all__ = ["logger", "show_log"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("treering")
logger.addHandler(logging.NullHandler())


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at the moment, which notebooks and tests exchange."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """Where to write."""
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        """It is not kept."""


def show_log(level: str) -> None:
    """Write the log to stderr from `level` up; again replaces the level.

    Raises:
        InvalidInput: If there is no such level.
    """
    if level.upper() not in _LEVELS:
        msg = f"There is no log level {level!r}. Known ones: {', '.join(_LEVELS)}."
        raise InvalidInput(msg)
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = _Stderr()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
