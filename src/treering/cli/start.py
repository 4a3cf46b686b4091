"""Where the command begins: `treering dvc` goes its own, shorter way, because scripts call it often."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

__all__ = ["start"]


def start() -> NoReturn:
    """Run the command that the process was started for, and end the process."""
    if sys.argv[1:2] == ["dvc"]:
        sys.exit(import_module("treering.cli.dvc.program").program(sys.argv[2:]))
    import_module("treering.cli.main").main()
    raise SystemExit
