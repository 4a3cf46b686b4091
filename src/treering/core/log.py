"""Treering's own log: one logger, quiet until a program or the command line sets it up."""

from __future__ import annotations

import logging
import sys

__all__ = ["logger", "show_log"]

logger = logging.getLogger("treering")
logger.addHandler(logging.NullHandler())


def show_log(level: str) -> None:
    """Write the log to stderr from `level` up; again replaces the level."""
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
