"""The verbs of the repository itself."""

from __future__ import annotations

import os

from treering.cli.dvc.call import Call
from treering.versioning.roots import find_root

__all__ = ["nothing", "root"]


def root(call: Call) -> None:
    """Print the way from here to the root."""
    call.give(os.path.relpath(find_root(call.here)))


def nothing(_call: Call) -> None:
    """Be there, for who calls it."""
