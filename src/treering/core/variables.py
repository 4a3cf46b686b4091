"""The environment of this process: the only module that touches it.

Settings are made of it in `treering.core.settings`; what needs no settings, such as the
verbs of data, reads other tools' variables here and does not wait for them to load.
"""

from __future__ import annotations

import os

__all__ = ["process_variables", "set_variable"]


def process_variables() -> dict[str, str]:
    """All variables of this process: for other tools' own, such as DVC's, and for the programs that it starts."""
    return dict(os.environ)


def set_variable(name: str, value: str) -> None:
    """Give a variable to this process and those that it starts; "" takes it away."""
    if value:
        os.environ[name] = value
    else:
        os.environ.pop(name, None)
