"""Where the command begins: `treering dvc` goes its own, shorter way, because scripts call it often."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import NoReturn

__all__ = ["start"]

# What is imported stays. Looking through it for garbage every 700 objects, and once more at the end, is a fifth of
# a short command. A server lives long, and keeps Python's own habits.
_YOUNG = 50_000
_LONG_LIVED = frozenset(("server", "ui"))


def start() -> NoReturn:
    """Run the command that the process was started for, and end the process."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    if word not in _LONG_LIVED:
        gc.set_threshold(_YOUNG)
    try:
        if word == "dvc":
            sys.exit(import_module("treering.cli.dvc.program").program(sys.argv[2:]))
        import_module("treering.cli.main").main()
    finally:
        gc.freeze()
    raise SystemExit
