"""A command run again in the environment of its model."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
from click.core import ParameterSource

from treering.cli.models.options import folder_of
from treering.cli.models.where import Elsewhere, variables
from treering.core.settings import Settings, own_models_file
from treering.environments.base import Specification
from treering.environments.cache import default_root, ready
from treering.environments.entering import needs_of_treering, run_there
from treering.environments.foreign import check_names
from treering.environments.specification import changed, read
from treering.models.safety.own import has_own_environment

__all__ = ["environment_root", "prepare", "run_elsewhere"]

# What says where to run, and not what.
_NOT_AGAIN = {"env", "env_manager", "install_mlflow", "model_uri", "no_conda", "override"}
_FILES = ("pandas>=2.2", "pyarrow>=17")


def environment_root(settings: Settings) -> Path:
    """Where environments are kept."""
    return Path(settings.environments_root).expanduser() if settings.environments_root else default_root()


def prepare(folder: Path, where: Elsewhere, settings: Settings) -> Path:
    """The program `python` of the environment for the model in `folder`, which is built if need be.

    Raises:
        PermissionDenied: If the model asks for more than packages by name, and nobody gave the word.
    """
    ours = [*needs_of_treering(), *(["mlflow"] if where.install_mlflow else []), *(_FILES if where.with_files else [])]
    found = read(folder, ours)
    if not (settings.allow_model_code or where.trusted or has_own_environment(folder, own_models_file(settings))):
        check_names(found)
    if where.override:
        given = [one.strip() for one in where.override.split(",") if one.strip()]
        found = replace(found, requirements=tuple(changed(found.requirements, "add", given)))
    return ready(where.manager, _once(found), environment_root(settings), lambda line: click.echo(line, err=True))


def run_elsewhere(ctx: click.Context, model_uri: str, where: Elsewhere) -> int:
    """Run the command again with another Python; its exit status."""
    settings: Settings = ctx.obj
    given = variables(where.env)
    with ExitStack() as stack:
        folder = folder_of(model_uri, settings, stack)
        python = prepare(folder, replace(where, trusted="*" in (ctx.params.get("trust") or ())), settings)
        again = ["models", str(ctx.info_name), "--model-uri", str(folder), *_again(ctx)]
        return run_there(python, environment_root(settings), again, given)


def _once(specification: Specification) -> Specification:
    """Without what the model pins itself: its version is the one that counts, and ours may be newer."""
    return replace(specification, ours=tuple(dict.fromkeys(specification.ours)))


def _again(ctx: click.Context) -> list[str]:
    """The options that the user gave, as they are written."""
    found: list[str] = []
    for option in ctx.command.params:
        name = option.name or ""
        if name in _NOT_AGAIN or ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        word = max(option.opts, key=len)
        value = ctx.params[name]
        if isinstance(option, click.Option) and option.is_flag:
            found += [word] if value else []
        else:
            several = isinstance(option, click.Option) and option.multiple
            found += [text for one in (value if several else [value]) for text in (word, str(one))]
    return found
