"""What the commands of `treering models` share: options, and how a URI becomes a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from treering.core.plugins import Registry
from treering.core.settings import Settings
from treering.core.uri import local_path, scheme_of

__all__ = [
    "env_manager_option",
    "folder_of",
    "install_mlflow_option",
    "model_uri_option",
    "trust_option",
    "trusted",
    "version_of",
]

model_uri_option = click.option(
    "--model-uri", "-m", required=True, help="A folder, runs:/<run id>/<path>, models:/<name>/<version> or @<alias>."
)
env_manager_option = click.option(
    "--env-manager", default="local", show_default=True,
    help="Where the model runs: local, uv, virtualenv or conda; all but local build an environment of what it needs.",
)  # fmt: skip
install_mlflow_option = click.option(
    "--install-mlflow", is_flag=True, help="Install MLflow in the environment, too, for models that import it."
)

trust_option = click.option(
    "--trust", multiple=True,
    help="A name in the model's pickles that may be read though no list has it, or package.*; '*': all of its code may run.",
)  # fmt: skip

# A folder of this machine is served and scored without stores, whose libraries take their time to load.
_FETCHERS: Registry[Callable[[str, Settings, Path], Path]] = Registry(
    "treering.model_fetchers", "way to fetch models", {"fetch": "treering.cli.models.fetching:fetch"}
)
_VERSIONS: Registry[Callable[[str, Settings], str]] = Registry(
    "treering.model_versions", "way to find versions of models", {"version": "treering.cli.models.fetching:version_of"}
)


def trusted(names: tuple[str, ...]) -> object:
    """What --trust says, as `trust` of the calls."""
    return True if "*" in names else names


def folder_of(uri: str, settings: Settings, stack: ExitStack) -> Path:
    """Where the model is on this disk; fetched until the end of `stack` if it is elsewhere."""
    if scheme_of(uri) == "file":
        return local_path(uri)
    target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="treering-model-")))
    return _FETCHERS.load("fetch")(uri, settings, target)


def version_of(uri: str, settings: Settings) -> str:
    """The registered version that a URI stands for; empty if it is none."""
    return _VERSIONS.load("version")(uri, settings) if scheme_of(uri) == "models" else ""
