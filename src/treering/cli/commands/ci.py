"""`treering ci`: the gate, its report, and the comment on a pull request."""

from __future__ import annotations

from collections.abc import Mapping

import click

from treering.cli.main import LazyGroup
from treering.core.plugins import Registry

__all__ = ["ci"]

_LINES: Mapping[str, str] = {
    "comment": "Put a report under the pull request.",
    "gate": "Judge a candidate by objective, policy and champion.",
    "report": "Write what the gate would say, and what changed.",
}
# Judging takes numpy and a database; commenting takes neither.
_COMMANDS: Registry[click.Command] = Registry(
    "treering.ci.commands", "command", {name: f"treering.cli.ci.{name}:{name}" for name in _LINES}
)


@click.group(cls=LazyGroup, table=_COMMANDS, lines=_LINES)
def ci() -> None:
    """Models in continuous integration: gate, report, comment."""
