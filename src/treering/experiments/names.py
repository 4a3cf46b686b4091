"""Names that experiments get when the user gives none."""

from __future__ import annotations

from collections.abc import Container

from treering.core.ids import new_run_name

__all__ = ["new_name"]

_TRIES = 20


def new_name(taken: Container[str]) -> str:
    """An adjective and a noun, such as `swift-carp`, with a number behind them where the short ones are taken."""
    for _ in range(_TRIES):
        name = new_run_name().rpartition("-")[0]
        if name not in taken:
            return name
    while (name := new_run_name()) in taken:
        pass
    return name
