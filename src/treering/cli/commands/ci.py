"""`treering ci`: the gate, its report, and the comment on a pull request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from treering.assembly import Services
from treering.ci.comment import post
from treering.ci.contestant import pictures_of
from treering.ci.evaluating import DataToJudgeBy, evaluator
from treering.ci.forges import FORGES
from treering.ci.forges.base import Review
from treering.ci.gate import Asked, Judgement, as_json, judge_candidate, record, target_of
from treering.ci.html import style_sheet, to_html
from treering.ci.junit import to_junit
from treering.ci.markdown import to_markdown
from treering.ci.policy import read_policy
from treering.ci.report import report as make_report
from treering.cli.output import print_table
from treering.cli.session import session
from treering.core.errors import InvalidInput, NotFound, Unavailable
from treering.core.settings import Settings
from treering.core.uri import scheme_of
from treering.core.variables import process_variables
from treering.entities.gate import Policy, Verdict

__all__ = ["ci"]

_POLICY = Path("policy.yaml")
_STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INSUFFICIENT: 2}
_MARKS = {True: "passed", False: "FAILED", None: "unknown"}
_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INSUFFICIENT: "yellow"}
_STYLE = "report.css"

_file = click.Path(dir_okay=False, path_type=Path)


def _judging(command: Callable[..., Any]) -> Callable[..., Any]:
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


@click.group()
def ci() -> None:
    """Models in continuous integration: gate, report, comment."""


@ci.command()
@_judging
@click.option(
    "--promote", "target", default="", help="Where to promote who passes, such as alias:champion or stage:Production."
)
@click.option("--model", default="", help="Registered model to register a run's model in.  [default: the champion's]")
@click.option("--reason", default="", help="Why, for the history.  [default: what the gate found]")
@click.option("--record/--no-record", "recording", default=True, help="Keep the verdict with the run and the version.")
@click.option("--junit", type=_file, help="Write the checks as JUnit XML.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
def gate(  # noqa: PLR0913  # the options of a command
    *,
    candidate: str,
    champion: str,
    policy: Path | None,
    data: str | None,
    targets: str,
    model_type: str,
    target: str,
    model: str,
    reason: str,
    recording: bool,
    junit: Path | None,
    as_json_: bool,
) -> int:
    """Judge a candidate by its experiment's objective, a policy and the champion.

    Exit status: 0 it has passed, 1 it has not, 2 there is too little to judge by.

    With --promote, who passes takes the champion's place at once, or asks for the
    approval that a rule demands.
    """
    if target:
        target = target_of(target)
        if not recording:
            msg = "--promote needs the verdict to be recorded: leave --no-record out."
            raise click.UsageError(msg)
    asked = Asked(candidate, champion, _policy(policy))
    with session() as services:
        judgement = judge_candidate(services, _with_data(services, asked, data, targets, model_type))
        if recording:
            judgement = record(services, judgement, target, model, reason)
    if junit is not None:
        _write(junit, to_junit(judgement.result).encode())
    if as_json_:
        click.echo(as_json(judgement))
    else:
        _print(judgement)
    return _STATUS[judgement.result.verdict]


@ci.command()
@_judging
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
        asked = _with_data(services, Asked(candidate, champion, _policy(policy)), data, targets, model_type)
        judgement = judge_candidate(services, asked)
        made = make_report(judgement, server, pictures_of(services, judgement.evaluations[0]) if page else ())
    text = to_html(made, _STYLE if linked_style else "", beside=linked_style) if page else to_markdown(made)
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text.encode())
        if linked_style:
            _write(output.with_name(_STYLE), style_sheet().encode())
            for picture in (picture for section in made.sections for picture in section.pictures):
                _write(output.with_name(picture.file), picture.data)
    if summary:
        _summarise(to_markdown(made))


@ci.command()
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


def _with_data(services: Services, asked: Asked, data: str | None, targets: str, model_type: str) -> Asked:
    if data is None:
        if targets:
            msg = "--targets names a column of --data; give that, too."
            raise click.UsageError(msg)
        return asked
    if not targets:
        msg = "--data needs --targets: the column with what is true."
        raise click.UsageError(msg)
    return replace(asked, evaluate=evaluator(services, DataToJudgeBy(data, targets, model_type)))


def _policy(path: Path | None) -> Policy:
    if path is None:
        return read_policy(_POLICY) if _POLICY.is_file() else Policy()
    return read_policy(path)


def _print(judgement: Judgement) -> None:
    result = judgement.result
    against = f" against {result.champion}" if result.champion else ""
    click.echo(
        f"{click.style(result.verdict.upper(), fg=_COLOURS[result.verdict], bold=True)}  {result.candidate}{against}\n"
    )
    rows = [(_MARKS[one.passed], one.name, one.bound, one.value, one.reason) for one in result.checks]
    print_table(["", "check", "demanded", "found", "why"], rows, "Nothing was checked.")
    promotion = judgement.promotion
    if promotion is None:
        return
    where = f"{promotion.name} version {promotion.version} to {promotion.target}"
    if promotion.missing:
        click.echo(f"\nThe promotion of {where} waits for: {'; '.join(promotion.missing)}.")
        click.echo(f"It is number {promotion.promotion_id}; see: treering registry approve --help")
    else:
        before = f", in place of version {promotion.replaces}" if promotion.replaces else ""
        click.echo(f"\nPromoted {where}{before}.")


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


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The report {file} cannot be read: {error}. Write one with `treering ci report -o {file}`."
        raise NotFound(msg) from error


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}. Name a file in a folder that may be written."
        raise InvalidInput(msg) from error
