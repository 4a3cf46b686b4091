"""How long work is shown on stderr: in place on a terminal, in a few lines elsewhere."""

from __future__ import annotations

import sys
import time

import click

__all__ = ["RowsTold", "Told"]

_WHOLE = 100
_STEP = 25
_BAR = 24
_LIVE_EVERY = 0.2
_LINE_EVERY = 10.0
_LINE_LEAST = 2.0


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


class RowsTold:
    """Says how many rows are done of a number that may not be known: a bar on a terminal, a line now and then elsewhere.

    Args:
        name: What the line begins with.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._live = sys.stderr.isatty()
        self._began = self._said = time.monotonic()
        self._first: int | None = None
        self._step = 0
        self._open = False

    def __call__(self, rows: int, share: float) -> None:
        """So many rows are done, and with them this share of all."""
        now = time.monotonic()
        if self._first is None:
            self._first = rows
        step = int(share * 10)
        if self._live:
            if now - self._said < _LIVE_EVERY and share < 1:
                return
        elif share >= 1 or now - self._said < (_LINE_EVERY if step == self._step else _LINE_LEAST):
            return
        self._said, self._step = now, step
        speed = (rows - self._first) / max(now - self._began, 1e-9)
        left = (1 - share) * (now - self._began) / share if share else 0.0
        text = f"{self._name} {rows:,} rows, {share:.0%}, {speed:,.0f} rows/s, {left:.0f} s left"
        if self._live:
            full = int(share * _BAR)
            click.echo(f"\r[{'#' * full}{'.' * (_BAR - full)}] {text}   ", err=True, nl=False)
            self._open = True
        else:
            click.echo(text, err=True)

    def end(self) -> None:
        """No more comes: the line of a terminal is ended."""
        if self._open:
            click.echo("", err=True)
            self._open = False
