"""What users can set and type is documented, and the generated parts of the docs are up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from treering.cli.main import main
from treering.core.settings import Variable, variables


def walk(command: click.Command, path: tuple[str, ...] = ("treering",)) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, f"{' '.join(path)} lists {name} and does not have it"
            if not inner.hidden:
                found += walk(inner, (*path, name))
    return found


def test_generated_parts_are_up_to_date(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("variable", variables(), ids=lambda variable: variable.name)
def test_each_setting_is_documented(variable: Variable, root: Path) -> None:
    text = (root / "docs" / "settings.md").read_text("utf-8")
    assert f"`{variable.environment}`" in text
    assert variable.help in text
    if variable.mlflow:
        assert f"`{variable.mlflow}`" in text


def test_each_mlflow_variable_is_listed_where_users_of_mlflow_look(root: Path) -> None:
    text = (root / "docs" / "mlflow-compatibility.md").read_text("utf-8")
    for variable in variables():
        if variable.mlflow:
            assert f"`{variable.mlflow}`" in text


def test_each_command_is_documented_and_explains_itself(root: Path) -> None:
    text = (root / "docs" / "commands.md").read_text("utf-8")
    silent = []
    for path, command in walk(main):
        assert f"`{' '.join(path)}`" in text, path
        if not (command.help or command.short_help):
            silent.append(" ".join(path))
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[0] in text
                if not parameter.help:
                    silent.append(f"{' '.join(path)} {parameter.opts[0]}")
    assert silent == [], "these have no help"
