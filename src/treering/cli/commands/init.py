"""`treering init`: start a project, with Git, data versions, code that runs, and CI files."""

from __future__ import annotations

from pathlib import Path

import click

from treering.cli.output import json_option, print_json
from treering.core.variables import process_variables
from treering.templates.start import DEFAULT, TEMPLATES, Started, start_project

__all__ = ["init"]

_FIELDS = ("name", "model", "written", "kept", "git", "versions")
_HELP = " ".join(f"{name}: {template.help}" for name, template in TEMPLATES.items())


@click.command()
@click.argument("folder", metavar="[PATH]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--template", "-t", type=click.Choice(list(TEMPLATES)), default=DEFAULT, show_default=True, help=_HELP)
@json_option
def init(folder: Path, *, template: str, as_json: bool) -> None:
    """Start a project in PATH, or here.

    Begins Git and data versions where they are not, and writes a pipeline that runs,
    with a Makefile, CI files for GitHub, GitLab and Jenkins, and a devcontainer. What
    is there already stays as it is.
    """
    started = start_project(folder, template, process_variables())
    if as_json:
        print_json({**{field: getattr(started, field) for field in _FIELDS}, "root": str(started.root)})
        return
    _print(started, template)


def _print(started: Started, template: str) -> None:
    click.echo(f"{click.style(started.name, bold=True)} in {started.root}")
    begun = [what for what, done in (("Git", started.git), ("data versions", started.versions)) if done]
    if begun:
        click.echo(f"  began   {' and '.join(begun)}")
    for path in started.written:
        click.echo(f"  wrote   {path}")
    for path in started.kept:
        click.echo(f"  kept    {path}, which was there")
    if template == DEFAULT:
        inside = f"cd {started.root}" if started.root != Path.cwd() else ""
        click.echo("\nNext:")
        for line in filter(None, (inside, "make install", "make train", "make report", "make promote")):
            click.echo(f"  {line}")
