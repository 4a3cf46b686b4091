"""Commands of `treering registry` that govern: promotions, approvals, rollback, rules, checks, notes, history, comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from treering.cli.card import card
from treering.cli.output import json_option, print_json, print_table, when
from treering.cli.session import session
from treering.core.errors import InvalidInput
from treering.core.printable import printable
from treering.entities.governance import ApprovalRule, Difference, NewCheck, Promotion, PromotionState, RegistryEvent
from treering.registry.base import Governance

__all__ = ["COMMANDS"]

_user_option = click.option("--user", default="", help="Who you are; by default the setting, else your login.")
_reason_option = click.option("--reason", "-m", default="", help="Why; the history keeps it.")
_replacing_option = click.option(
    "--replacing", type=int, help="Version that is expected to be there now, 0 for none; else refused."
)
_LONGEST_CELL = 60


@click.command("promote")
@click.argument("name")
@click.argument("version", type=int)
@click.argument("target")
@_reason_option
@_replacing_option
@_user_option
@json_option
def _promote(name: str, version: int, target: str, *, as_json: bool, **given: Any) -> None:
    """Move VERSION of NAME to TARGET, or ask for it where a rule of approval wants more.

    TARGET is stage:Production or alias:champion; for short Production or @champion.
    """
    with session() as services:
        asked = services.registry.governance.promote(name, version, target, **given)
    _told(asked, as_json=as_json)


def _deciding(word: str, done: Callable[[Governance], Callable[..., Promotion]], help_text: str) -> click.Command:
    @click.command(word, help=help_text)
    @click.argument("promotion_id")
    @click.option("--comment", "-m", default="", help="Why; the history keeps it.")
    @_user_option
    @json_option
    def decide(promotion_id: str, *, comment: str, user: str, as_json: bool) -> None:
        with session() as services:
            decided = done(services.registry.governance)(promotion_id, comment, user=user)
        _told(decided, as_json=as_json)

    return decide


_approve = _deciding("approve", lambda governance: governance.approve, "Approve a promotion that waits.")
_reject = _deciding("reject", lambda governance: governance.reject, "Reject a promotion that waits.")
_withdraw = _deciding("withdraw", lambda governance: governance.withdraw, "Take back a promotion that you asked for.")


@click.command("promotions")
@click.argument("name", default="")
@click.option("--state", type=click.Choice([*PromotionState], case_sensitive=False), help="Only those in this state.")
@json_option
def _promotions(name: str, *, state: str | None, as_json: bool) -> None:
    """List promotions, of NAME or of all models; the newest first."""
    with session() as services:
        found = services.registry.governance.promotions(name, PromotionState(state.upper()) if state else None)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.promotion_id, one.name, one.version, one.target, one.state, one.requested_by, when(one.created),
         "; ".join(one.missing))
        for one in found
    ]  # fmt: skip
    columns = ["id", "model", "version", "target", "state", "asked by", "when", "missing"]
    print_table(columns, rows, "There are no promotions.")


@click.command("rollback")
@click.argument("name")
@click.argument("target")
@_reason_option
@_replacing_option
@_user_option
@json_option
def _rollback(name: str, target: str, *, as_json: bool, **given: Any) -> None:
    """Give TARGET of NAME back to the version that held it before. No approval is asked for."""
    with session() as services:
        back = services.registry.governance.rollback(name, target, **given)
    if as_json:
        print_json(back)
        return
    click.echo(f"{target} of {name} belongs to version {back.version} again.")


@click.command("history")
@click.argument("name", default="")
@click.option("--version", type=int, default=0, help="Only what happened to this version.")
@click.option("--limit", "-n", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Most changes.")
@json_option
def _history(name: str, *, version: int, limit: int, as_json: bool) -> None:
    """Show what happened to NAME, or to all models: who, when, what, why; the newest first."""
    with session() as services:
        found = services.registry.governance.history(name, version, limit)
    if as_json:
        print_json(found.items)
        return
    rows = [
        (when(one.time), one.user, one.name, one.version or "", one.action, _short(_what(one)), _short(one.reason))
        for one in found.items
    ]
    print_table(["when", "who", "model", "version", "what", "change", "why"], rows, "Nothing has happened.")


@click.group("rules")
def _rules() -> None:
    """Rules of approval: what it takes to reach a stage or an alias."""


@_rules.command("list")
@click.argument("name", default="")
@json_option
def _list_rules(name: str, *, as_json: bool) -> None:
    """List the rules that hold for NAME, or all."""
    with session() as services:
        found = services.registry.governance.rules(name)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.model or "every model", one.target, one.approvers, ", ".join(one.who) or "anybody",
         ", ".join(one.checks), "yes" if one.allow_own else "no")
        for one in found
    ]  # fmt: skip
    columns = ["model", "target", "approvals", "of", "checks", "own counts"]
    print_table(columns, rows, "There are no rules, so versions are moved without approval.")


@_rules.command("set")
@click.argument("target")
@click.option("--model", default="", help="The model it holds for; by default every one without a rule of its own.")
@click.option("--approvers", type=int, default=1, show_default=True, help="How many people have to approve.")
@click.option("--who", multiple=True, help="Somebody whose approval counts; by default anybody's. May be repeated.")
@click.option("--check", "checks", multiple=True, help="A check that must have passed. May be repeated.")
@click.option("--allow-own", is_flag=True, help="Let the approval of who asked for it count.")
@_reason_option
@_user_option
def _set_rule(target: str, *, reason: str, user: str, **given: Any) -> None:
    """Make or change the rule for TARGET, such as stage:Production."""
    with session() as services:
        made = services.registry.governance.set_rule(ApprovalRule(target=target, **given), reason, user=user)
    click.echo(f"{made.target} of {made.model or 'every model'} is guarded now.")


@_rules.command("remove")
@click.argument("target")
@click.option("--model", default="", help="The model it holds for; by default the rule for every model.")
@_reason_option
@_user_option
def _remove_rule(target: str, *, model: str, reason: str, user: str) -> None:
    """Take the rule for TARGET away."""
    with session() as services:
        services.registry.governance.remove_rule(model, target, reason, user=user)
    click.echo(f"No rule guards {target} of {model or 'every model'} any more.")


@click.command("checks")
@click.argument("name")
@click.argument("version", type=int)
@json_option
def _checks(name: str, version: int, *, as_json: bool) -> None:
    """List the last outcome of each check of VERSION of NAME."""
    with session() as services:
        found = services.registry.governance.checks(name, version)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.check, "passed" if one.passed else "failed", one.user, when(one.time), one.run_id, _short(one.detail))
        for one in found
    ]
    print_table(["check", "outcome", "by", "when", "run", "detail"], rows, "No checks were recorded.")


@click.command("check")
@click.argument("name")
@click.argument("version", type=int)
@click.argument("check")
@click.option("--passed/--failed", "passed", required=True, help="The outcome.")
@click.option("--detail", "-m", default="", help="What was found.")
@click.option("--run-id", default="", help="The run that says more.")
@_user_option
def _check(name: str, version: int, check: str, *, user: str, **given: Any) -> None:
    """Record the outcome of CHECK on VERSION of NAME."""
    with session() as services:
        governance = services.registry.governance
        waiting = {one.promotion_id for one in governance.promotions(name, PromotionState.PENDING)}
        made = governance.set_check(NewCheck(name, version, check, **given), user=user)
        done = governance.promotions(name, PromotionState.DONE) if waiting else ()
    click.echo(f"The check {made.check} of {name} version {version} {'passed' if made.passed else 'failed'}.")
    for promotion in done:
        if promotion.promotion_id in waiting:
            _told(promotion, as_json=False)


@click.command("annotate")
@click.argument("name")
@click.argument("version", type=int)
@click.argument("text", default="")
@click.option("--reply-to", default="", help="The id of the note that this one answers.")
@_user_option
@json_option
def _annotate(name: str, version: int, text: str, *, reply_to: str, user: str, as_json: bool) -> None:
    """Remark TEXT on VERSION of NAME; without TEXT show the notes."""
    with session() as services:
        governance = services.registry.governance
        if text:
            governance.annotate(name, version, text, reply_to=reply_to, user=user)
        found = governance.notes(name, version)
    if as_json:
        print_json(found)
        return
    for note in found:
        indent = "  " if note.reply_to else ""
        head = printable(f"{when(note.time)}  {note.user or 'somebody'}  ({note.note_id})")
        click.echo(indent + click.style(head, bold=True))
        click.echo("\n".join(f"{indent}| {printable(line)}" for line in note.text.splitlines()))
    if not found:
        click.echo("There are no notes.")


@click.command("compare")
@click.argument("name")
@click.argument("versions", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Show also what is the same in all of them.")
@json_option
def _compare(name: str, versions: Sequence[str], *, everything: bool, as_json: bool) -> None:
    """Put versions of NAME beside each other; a version of another model is written as MODEL/VERSION."""
    wanted = [_version(name, text) for text in versions]
    with session() as services:
        found = services.registry.governance.compare(wanted)
    if as_json:
        print_json(found)
        return
    columns = ["what", "key", *(f"{one.name}/{one.version}" for one in found.versions)]
    rows = [(one.kind, one.key, *_shown(one)) for one in found.differences if everything or not one.same]
    print_table(columns, rows, "They are the same in all that is known of them.")
    for version, reason in found.missing.items():
        click.echo(printable(f"Of {version} something could not be read: {reason}"), err=True)


def _version(name: str, text: str) -> tuple[str, int]:
    model, _, number = text.rpartition("/")
    if not number.isdecimal():
        msg = f"{text!r} is no version. Write a number, or MODEL/NUMBER for one of another model."
        raise InvalidInput(msg)
    return model or name, int(number)


def _shown(found: Difference) -> list[str]:
    """The values for people: figures with as many digits as tell them apart, six at least."""
    values = ["-" if value is None else _short(value) for value in found.values]
    if found.kind not in {"metric", "evaluation"}:
        return values
    rounded = [_rounded(value) for value in values]
    return rounded if len(set(rounded)) == len(set(values)) else values


def _rounded(value: str) -> str:
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return value


def _told(promotion: Promotion, *, as_json: bool) -> None:
    if as_json:
        print_json(promotion)
        return
    what = printable(f"{promotion.name} version {promotion.version}")
    if promotion.state is PromotionState.DONE:
        if promotion.replaces == promotion.version:
            click.echo(f"{what} is {promotion.target}, as it was before.")
            return
        held = f" It was version {promotion.replaces} before." if promotion.replaces else ""
        click.echo(f"{what} is {promotion.target} now.{held}")
    elif promotion.state is PromotionState.PENDING:
        missing = printable("; ".join(promotion.missing))
        click.echo(f"{what} waits to become {promotion.target}. Missing: {missing}.")
        if any(" approval" in one for one in promotion.missing):
            click.echo(f"Approve it with: treering registry approve {promotion.promotion_id}")
    else:
        click.echo(f"The promotion of {what} to {promotion.target} is {promotion.state.lower()}.")


def _what(event: RegistryEvent) -> str:
    changed = f"{event.before} -> {event.after}" if event.before and event.after else event.after or event.before
    return f"{event.target}: {changed}" if event.target else changed


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_CELL else f"{line[: _LONGEST_CELL - 3]}..."


COMMANDS: tuple[click.Command, ...] = (
    _promote,
    _approve,
    _reject,
    _withdraw,
    _promotions,
    _rollback,
    _history,
    _rules,
    _checks,
    _check,
    _annotate,
    _compare,
    card,
)
"""In the order in which a version lives through them."""
