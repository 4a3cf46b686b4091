"""`treering bundle`: pack models and services with what they need, and ship them."""

from __future__ import annotations

import click

from treering.cli.bundles import BUNDLE_COMMANDS, BUNDLE_HELP
from treering.cli.main import LazyGroup

__all__ = ["bundle"]


@click.group(cls=LazyGroup, table=BUNDLE_COMMANDS, lines=BUNDLE_HELP)
def bundle() -> None:
    """Pack models and services with everything they need, and ship them.

    BUNDLE is a name, name:tag, name:version (four digits may do), or a folder.
    """
