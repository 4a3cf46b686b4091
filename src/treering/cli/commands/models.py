"""`treering models`: serve models, let them predict, and build what they need."""

from __future__ import annotations

import click

from treering.cli.main import LazyGroup
from treering.cli.models import MODEL_COMMANDS, MODEL_HELP

__all__ = ["models"]


@click.group(cls=LazyGroup, table=MODEL_COMMANDS, lines=MODEL_HELP)
def models() -> None:
    """Serve models and ask them for predictions."""
