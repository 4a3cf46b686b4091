"""`treering ci report`: what reviewers read about a candidate."""

from __future__ import annotations

from pathlib import Path

import click

from treering.ci.contestant import pictures_of
from treering.ci.gate import Asked, judge_candidate
from treering.ci.html import style_sheet, to_html
from treering.ci.markdown import to_markdown
from treering.ci.report import report as make_report
from treering.cli.ci.judging import policy_for, who_is_judged, with_data, write
from treering.cli.session import session
from treering.core.errors import InvalidInput, Unavailable
from treering.core.settings import Settings
from treering.core.uri import scheme_of
from treering.core.variables import process_variables

__all__ = ["report"]

_STYLE = "report.css"

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@who_is_judged
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html"]),
    help="Markdown or a page.  [default: as --output is called, else md]",
)
@click.option("--output", "-o", type=_file, help="File to write.  [default: stdout]")
@click.option(
    "--linked-style",
    is_flag=True,
    help="Write the page's style and pictures beside it: Jenkins refuses those within a page.",
)
@click.option("--summary", is_flag=True, help="Add the report to the summary of a job of GitHub Actions, too.")
@click.pass_obj
def report(  # noqa: PLR0913  # the options of a command
    settings: Settings,
    *,
    candidate: str,
    champion: str,
    policy: Path | None,
    data: str | None,
    targets: str,
    model_type: str,
    form: str | None,
    output: Path | None,
    linked_style: bool,
    summary: bool,
) -> None:
    """Write what the gate would say, and what is other than in the champion.

    Nothing is recorded or promoted. The Markdown is never longer than a comment on
    GitHub may be; the page has no scripts.
    """
    server = settings.tracking_uri.rstrip("/") if scheme_of(settings.tracking_uri) in {"http", "https"} else ""
    page = form == "html" or (form is None and output is not None and output.suffix in {".html", ".htm"})
    if linked_style and not (page and output):
        msg = "--linked-style goes with a page that is written to a file: --output report.html."
        raise click.UsageError(msg)
    with session() as services:
        asked = with_data(services, Asked(candidate, champion, policy_for(policy)), data, targets, model_type)
        judgement = judge_candidate(services, asked)
        made = make_report(judgement, server, pictures_of(services, judgement.evaluations[0]) if page else ())
    text = to_html(made, _STYLE if linked_style else "", beside=linked_style) if page else to_markdown(made)
    if output is None:
        click.echo(text, nl=False)
    else:
        write(output, text.encode())
        if linked_style:
            write(output.with_name(_STYLE), style_sheet().encode())
            for picture in (picture for section in made.sections for picture in section.pictures):
                write(output.with_name(picture.file), picture.data)
    if summary:
        _summarise(to_markdown(made))


def _summarise(text: str) -> None:
    place = process_variables().get("GITHUB_STEP_SUMMARY")
    if not place:
        msg = "--summary works in jobs of GitHub Actions, which set GITHUB_STEP_SUMMARY. Leave it out here."
        raise InvalidInput(msg)
    try:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        msg = f"The summary {place} cannot be written: {error.strerror}."
        raise Unavailable(msg) from error
