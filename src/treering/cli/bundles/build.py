"""`treering bundle build`: of models by their URIs, of a service, or of what a bentofile.yaml says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from treering.cli.models.options import trust_option, trusted
from treering.cli.models.where import variables
from treering.cli.output import json_option, print_json
from treering.client.bundles import building
from treering.client.bundles.keeping import Bundle
from treering.core.errors import InvalidInput

__all__ = ["build_command"]


@click.command("build")
@click.argument("models", nargs=-1)
@click.option("--file", "-f", "build_file", type=click.Path(exists=True), help="A bentofile.yaml or pyproject.toml.")
@click.option("--name", help="Of the bundle; else that of the first model, or of the service.")
@click.option("--service", help="What answers, as module:Class in the code.")
@click.option("--code", type=click.Path(exists=True, file_okay=False), help="Folder of the code; for a service: here.")
@click.option("--include", multiple=True, help="Pattern of code that goes along, as in ignore files.")
@click.option("--exclude", multiple=True, help="Pattern of code that does not.")
@click.option("--description", help="What it is.")
@click.option("--label", "labels", multiple=True, help="NAME=VALUE.")
@click.option("--tag", "-t", "tags", multiple=True, help="What it can be found by, beside its version.")
@click.option("--python", help="Version to run with; else that of the models.")
@click.option("--requirement", "-r", "requirements", multiple=True, help="A package beside those that the models need.")
@click.option("--lock/--no-lock", default=True, help="Whether packages are pinned by version and hash, by uv.")
@click.option("--platform", help="What is locked for, such as x86_64-manylinux_2_28; else this machine.")
@click.option("--system-package", "system_packages", multiple=True, help="A package of the image's distribution.")
@click.option("--env", "envs", multiple=True, help="NAME=VALUE, set when it runs.")
@click.option(
    "--compile", "compiling", type=click.Choice(("auto", "never", "always")), default="auto", show_default=True,
    help="Whether models are compiled to ONNX where they answer the same.",
)  # fmt: skip
@click.option("--test/--no-test", default=True, help="Whether models are asked for their examples.")
@trust_option
@json_option
def build_command(models: tuple[str, ...], build_file: str | None, *, as_json: bool, **given: Any) -> None:
    """Pack MODELS, such as models:/churn@champion or NAME=FOLDER, with what they need.

    Without models and service, ./bentofile.yaml says what is built.
    """

    def tell(line: str) -> None:
        click.echo(line, err=True)

    if build_file or not (models or given["service"]):
        if models:
            msg = "Name models, or a build file that names them; not both."
            raise InvalidInput(msg)
        lock = None if given["lock"] else False
        made = building.build_bentofile(
            build_file or ".", name=given["name"] or "", lock=lock, tags=given["tags"], tell=tell
        )
    else:
        made = _build(models, given, tell)
    if as_json:
        print_json(made.manifest)
        return
    click.echo(f"Built {made.reference} in {made.folder}")
    click.echo(f"Serve it with: treering serve bundle:{made.reference}")


def _build(models: tuple[str, ...], given: dict[str, Any], tell: Any) -> Bundle:
    return building.build(
        models,
        name=given["name"] or "",
        service=given["service"] or "",
        code=Path(given["code"]) if given["code"] else None,
        include=given["include"],
        exclude=given["exclude"],
        description=given["description"] or "",
        labels=variables(given["labels"], "--label"),
        python=given["python"] or "",
        requirements=given["requirements"],
        lock=given["lock"],
        platform=given["platform"] or "",
        system_packages=given["system_packages"],
        variables=variables(given["envs"]),
        compile=given["compiling"],
        test=given["test"],
        trust=trusted(given["trust"]) or None,  # type: ignore[arg-type]  # True or names
        tags=given["tags"],
        tell=tell,
    )
