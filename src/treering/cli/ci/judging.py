"""What gate and report have in common: who is judged, and by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from treering.assembly import Services
from treering.ci.evaluating import DataToJudgeBy, evaluator
from treering.ci.gate import Asked
from treering.ci.policy import read_policy
from treering.core.errors import InvalidInput
from treering.entities.gate import Policy

__all__ = ["policy_for", "who_is_judged", "with_data", "write"]

_POLICY = Path("policy.yaml")

_file = click.Path(dir_okay=False, path_type=Path)


def who_is_judged(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say who is judged, and by what."""
    for option in reversed(
        (
            click.option("--candidate", "-c", required=True, help="The new model: a run's id, runs:/<id>, models:/<name>/<version> or models:/m-<id>."),
            click.option("--champion", "-b", default="", help="The model in use, such as models:/<name>@champion; nobody where that names no version yet."),
            click.option("--policy", type=_file, help="What is demanded beside the objective.  [default: policy.yaml, if it is there]"),
            click.option("--data", type=click.Path(exists=True), help="Evaluate both on this file of rows first.  [default: compare the evaluations that there are]"),
            click.option("--targets", default="", help="Column of --data with what is true."),
            click.option("--model-type", default="classifier", show_default=True, help="What the models are, for --data."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def with_data(services: Services, asked: Asked, data: str | None, targets: str, model_type: str) -> Asked:
    """With what evaluates both, where data is given."""
    if data is None:
        if targets:
            msg = "--targets names a column of --data; give that, too."
            raise click.UsageError(msg)
        return asked
    if not targets:
        msg = "--data needs --targets: the column with what is true."
        raise click.UsageError(msg)
    return replace(asked, evaluate=evaluator(services, DataToJudgeBy(data, targets, model_type)))


def policy_for(path: Path | None) -> Policy:
    """The policy of a file; that of the working directory unless one is named."""
    if path is None:
        return read_policy(_POLICY) if _POLICY.is_file() else Policy()
    return read_policy(path)


def write(file: Path, data: bytes) -> None:
    """Write a file. Raises InvalidInput where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}. Name a file in a folder that may be written."
        raise InvalidInput(msg) from error
