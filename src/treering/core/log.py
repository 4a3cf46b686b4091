"""Treering's own log: one logger, quiet until a program or the command line sets it up."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from treering.core.errors import InvalidInput

__all__ = ["DATED", "PLAIN", "logger", "show_log"]

DATED = "%(asctime)s %(levelname)s %(message)s"
PLAIN = "%(levelname)s: %(message)s"
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


def show_log(level: str, *, plain: bool = False) -> None:
    """Write the log to stderr from `level` up; again replaces the level.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        plain: Without times, as a program speaks to who has just called it; the first call decides.

    Raises:
        InvalidInput: If there is no such level.
    """
    if level.upper() not in _LEVELS:
        msg = f"There is no log level {level!r}. Known ones: {', '.join(_LEVELS)}."
        raise InvalidInput(msg)
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = _Stderr()
        form = "%(levelname)s: %(message)s" if plain else "%(asctime)s %(levelname)s %(message)s"
        handler.setFormatter(logging.Formatter(form, "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
