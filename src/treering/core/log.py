"""Treering's own log: one logger, quiet until a program or the command line sets it up."""

from __future__ import annotations

import logging
import sys

from treering.core.errors import InvalidInput

__all__ = ["logger", "show_log"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("treering")
logger.addHandler(logging.NullHandler())


def show_log(level: str) -> None:
    """Write the log to stderr from `level` up; again replaces the level.

    Raises:
        InvalidInput: If there is no such level.
    """
    if level.upper() not in _LEVELS:
        msg = f"There is no log level {level!r}. Known ones: {', '.join(_LEVELS)}."
        raise InvalidInput(msg)
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
