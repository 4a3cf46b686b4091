"""Options of the commands that deploy, and what they print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from treering.cli.output import print_record, when
from treering.core.errors import InvalidInput, NotFound
from treering.entities.deployment import Deployment, DeploymentState, Release

__all__ = [
    "canary_option",
    "config_option",
    "every_option",
    "pairs",
    "reason_option",
    "show_deployment",
    "steps",
    "values",
    "version_of",
    "weight_option",
]

config_option = click.option(
    "--config", "-C", multiple=True, help="What the target is told, as NAME=VALUE; repeatable. See: deployments targets"
)
reason_option = click.option("--reason", default="", help="Why; the history keeps it.")
canary_option = click.option("--canary", help="Lead the candidate in by these shares in per cent, such as 5,25,50,100.")
every_option = click.option(
    "--every",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds that a step of the canary lasts.",
)
weight_option = click.option(
    "--weight", type=click.FloatRange(0, 100), help="Give the candidate so many per cent of the traffic, and no more."
)
_COLOURS = {DeploymentState.READY: "green", DeploymentState.FAILED: "red", DeploymentState.CANARY: "yellow"}


def pairs(given: Sequence[str], option: str = "--config") -> dict[str, str]:
    """Words as NAME=VALUE. Raises InvalidInput."""
    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            msg = f"{option} {one} names no value. Write it as NAME=VALUE."
            raise InvalidInput(msg)
        found[name] = value
    return found


def steps(text: str | None) -> list[float] | None:
    """Shares in per cent, separated by commas. Raises InvalidInput."""
    if text is None:
        return None
    try:
        return [float(part.strip().rstrip("%")) for part in text.split(",")]
    except ValueError as error:
        msg = f"--canary {text} are no shares. Write them in per cent, such as 5,25,50,100."
        raise InvalidInput(msg) from error


def values(path: str | None) -> dict[str, str]:
    """The options in a YAML or JSON file: names with values, of which `env` and such may have names of their own."""
    if path is None:
        return {}
    yaml = import_module("yaml")
    try:
        given = yaml.safe_load(Path(path).read_bytes())
    except FileNotFoundError as error:
        msg = f"There is no file {path} with values."
        raise NotFound(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path} is no YAML: {error}"
        raise InvalidInput(msg) from error
    if not isinstance(given, dict):
        msg = f"{path} has to hold names with values, such as `replicas: 2`."
        raise InvalidInput(msg)
    return dict(_flat(given, ""))


def _flat(given: Mapping[Any, Any], before: str) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in given.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        elif isinstance(value, bool):
            found.append((f"{before}{name}", str(value).lower()))
        elif value is not None and not isinstance(value, list):
            found.append((f"{before}{name}", str(value)))
        else:
            msg = f"The value of {before}{name} has to be a text or a number."
            raise InvalidInput(msg)
    return found


def version_of(release: Release | None) -> str:
    """A release in one cell of a table."""
    if release is None:
        return ""
    named = f"{release.model} {release.version}".strip() if release.version else ""
    return named or release.source


def show_deployment(one: Deployment) -> None:
    """Print a deployment for people."""
    fields: dict[str, Any] = {
        "name": one.name,
        "target": one.target,
        "state": click.style(one.state.value, fg=_COLOURS.get(one.state)),
        "message": one.message,
        "address": one.address,
        "version": version_of(one.current),
        "source": one.current.source,
        "candidate": version_of(one.candidate),
        "weight": f"{one.weight:g} %" if one.candidate else "",
        "previous": version_of(one.previous),
        "config": " ".join(f"{name}={value}" for name, value in sorted(one.config.items())),
        "tags": one.tags,
        "owner": one.owner,
        "kept by": "" if one.managed else one.keeper,
        "created": when(one.created),
        "updated": when(one.updated),
    }
    print_record({name: value for name, value in fields.items() if value})
