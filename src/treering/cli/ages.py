"""Lengths of time as they are written on the command line: 30d, 12h, 1d2h3m4s."""

from __future__ import annotations

import click

from treering.core.errors import InvalidInput
from treering.upkeep.ages import parse_age

__all__ = ["age_millis"]


def age_millis(text: str) -> int:
    """Milliseconds. Raises BadParameter."""
    try:
        return parse_age(text)
    except InvalidInput as error:
        raise click.BadParameter(error.message) from error
