"""How long work is shown on stderr: in place on a terminal, in a few lines elsewhere."""

from __future__ import annotations

import sys

import click

__all__ = ["Told"]

_WHOLE = 100
_STEP = 25


class Told:
    """Says how far one thing is.

    Args:
        name: What the line begins with.
        unit: What is counted, in the plural.
    """

    def __init__(self, name: str, unit: str) -> None:
        self._name = name
        self._unit = unit
        self._said = -1

    def __call__(self, done: int, whole: int) -> None:
        """So much is done, of so much."""
        percent = _WHOLE * done // whole if whole else _WHOLE
        live = sys.stderr.isatty()
        if percent == self._said or not (live or percent == _WHOLE or percent >= self._said + _STEP):
            return
        self._said = percent
        click.echo(
            f"{chr(13) if live else ''}{self._name}: {done} of {whole} {self._unit}",
            err=True,
            nl=not live or percent == _WHOLE,
        )
