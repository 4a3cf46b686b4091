"""`treering ci comment`: put a report under a pull request."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from treering.ci.comment import post
from treering.ci.forges import FORGES
from treering.ci.forges.base import Review
from treering.core.errors import NotFound
from treering.core.variables import process_variables

__all__ = ["comment"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--name", default="report", show_default=True, help="Which comment is changed: each name has one.")
@click.option("--forge", type=click.Choice(FORGES.names()), help="Where to comment.  [default: where the job runs]")
@click.option("--repository", default="", help="Such as owner/name.  [default: the job's]")
@click.option(
    "--number", type=click.IntRange(1), default=None, help="Of the pull or merge request.  [default: the job's]"
)
def comment(file: Path, *, name: str, forge: str | None, repository: str, number: int | None) -> None:
    """Put a report under the pull request; a later job changes the same comment.

    The token comes from GITHUB_TOKEN or GITLAB_TOKEN, and goes to the forge alone.
    """
    posted = post(_read(file), name, process_variables(), forge or "", Review(repository, number or 0))
    click.echo(f"{'Commented' if posted.new else 'Changed the comment'}: {posted.url}")


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The report {file} cannot be read: {error}. Write one with `treering ci report -o {file}`."
        raise NotFound(msg) from error
