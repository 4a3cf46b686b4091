"""`treering ci gate`: judge a candidate, and promote it if it has earned it."""

from __future__ import annotations

from pathlib import Path

import click

from treering.ci.gate import Asked, Judgement, as_json, judge_candidate, record, target_of
from treering.ci.junit import to_junit
from treering.cli.ci.judging import policy_for, who_is_judged, with_data, write
from treering.cli.output import print_table
from treering.cli.session import session
from treering.core.printable import printable
from treering.entities.gate import Verdict

__all__ = ["gate"]

_STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INSUFFICIENT: 2}
_MARKS = {True: "passed", False: "FAILED", None: "unknown"}
_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INSUFFICIENT: "yellow"}

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@who_is_judged
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
    asked = Asked(candidate, champion, policy_for(policy))
    with session() as services:
        judgement = judge_candidate(services, with_data(services, asked, data, targets, model_type))
        if recording:
            judgement = record(services, judgement, target, model, reason)
    if junit is not None:
        write(junit, to_junit(judgement.result).encode())
    if as_json_:
        click.echo(as_json(judgement))
    else:
        _print(judgement)
    return _STATUS[judgement.result.verdict]


def _print(judgement: Judgement) -> None:
    result = judgement.result
    who = printable(f"{result.candidate} against {result.champion}" if result.champion else result.candidate)
    click.echo(f"{click.style(result.verdict.upper(), fg=_COLOURS[result.verdict], bold=True)}  {who}\n")
    rows = [(_MARKS[one.passed], one.name, one.bound, one.value, one.reason) for one in result.checks]
    print_table(["", "check", "demanded", "found", "why"], rows, "Nothing was checked.")
    promotion = judgement.promotion
    if promotion is None:
        return
    where = printable(f"{promotion.name} version {promotion.version} to {promotion.target}")
    if promotion.missing:
        click.echo(f"\nThe promotion of {where} waits for: {printable('; '.join(promotion.missing))}.")
        click.echo(f"Who may, approves with: treering registry approve {promotion.promotion_id}")
    else:
        before = f", in place of version {promotion.replaces}" if promotion.replaces else ""
        click.echo(f"\nPromoted {where}{before}.")
