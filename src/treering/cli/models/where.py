"""Where a command runs: here, or in an environment that is built for its model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.core.variables import set_variable

__all__ = ["ELSEWHERE", "HERE", "Elsewhere", "set_locally", "variables"]

HERE = "local"
"""The manager that builds nothing."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Which environment a command runs in.

    Attributes:
        override: Requirements instead of the model's own of these packages, by commas.
        env: Variables as NAME=VALUE.
        with_files: Whether it is to read and write files of tables.
        trusted: The user's word that code of the model's maker may run.
    """

    manager: str
    install_mlflow: bool = False
    override: str = ""
    env: tuple[str, ...] = ()
    with_files: bool = False
    trusted: bool = False


ELSEWHERE: Registry[Callable[[click.Context, str, Elsewhere], int]] = Registry(
    "treering.places_of_commands", "place of commands", {"environment": "treering.cli.models.elsewhere:run_elsewhere"}
)
"""How a command is run again in an environment, loaded where that is asked for; gives its exit status."""


def set_locally(env: Sequence[str], override: str | None) -> None:
    """As `Elsewhere`, for a command that runs here: variables are set, and nothing is installed."""
    if override:
        msg = (
            "--pip-requirements-override changes an environment that is built. Choose one by --env-manager, such as uv."
        )
        raise InvalidInput(msg)
    for name, value in variables(env).items():
        set_variable(name, value)


def variables(env: Sequence[str], option: str = "--env") -> dict[str, str]:
    """Variables written as NAME=VALUE. Raises InvalidInput."""
    found = {}
    for one in env:
        name, sign, value = one.partition("=")
        if not sign or not name:
            msg = f"{option} {one} is none. Write it as NAME=VALUE."
            raise InvalidInput(msg)
        found[name] = value
    return found
