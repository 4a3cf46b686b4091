"""Where the model comes from, and what people did with it: data, run, environment, lineage, approvals, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treering.core.page import number, plural
from treering.entities.governance import Promotion, PromotionState
from treering.evaluation.card.document import Block, Cell, Facts, Grid, Mark, Section
from treering.evaluation.card.facts import CardFacts, CardRun
from treering.evaluation.card.words import OUTCOMES, when

__all__ = ["approvals", "data", "history", "lineage", "making", "training"]

_EVENTS = 15
_REQUIREMENTS = 60
_PARAMS = 60
_STATES = {
    PromotionState.DONE: Mark("done", "ok"),
    PromotionState.PENDING: Mark("waits", "warn"),
    PromotionState.REJECTED: Mark("rejected", "err"),
    PromotionState.WITHDRAWN: Mark("withdrawn"),
}


def data(facts: CardFacts) -> Iterator[Section]:
    """Which data it was made of and judged by."""
    if facts.data:
        rows = tuple((one.role or "used", one.name, number(one.rows), one.digest, one.source) for one in facts.data)
        yield Section("Data", (Grid(("role", "name", "rows", "digest", "source"), rows, (2,), (3, 4)),))


def making(facts: CardFacts) -> Iterator[Section]:
    """How to load it, what it takes and what it needs."""
    made = facts.making
    if made is None:
        return
    items: list[tuple[str, Cell]] = []
    items += [("Load it with", f"treering.pyfunc.load_model({facts.uri!r})")] if facts.uri else []
    items += [("Saved as", ", ".join(made.flavours))] if made.flavours else []
    items += [("Python", made.python)] if made.python else []
    blocks: list[Block] = [Facts(tuple(items), ("Load it with",))] if items else []
    columns = [("takes", *one) for one in made.inputs] + [("gives", *one) for one in made.outputs]
    blocks += [Grid(("", "name", "type"), tuple(columns), mono=(1,))] if columns else []
    if made.requirements:
        shown = made.requirements[:_REQUIREMENTS]
        rest = len(made.requirements) - len(shown)
        text = ", ".join(shown) + (f" and {plural(rest, 'other')}" if rest else "")
        blocks.append(Facts((("Packages", text),), ("Packages",)))
    if blocks:
        yield Section("What it takes, and what it needs", tuple(blocks))


def training(facts: CardFacts) -> Iterator[Section]:
    """The run that made it."""
    run = facts.run
    if run is None:
        return
    items: list[tuple[str, Cell]] = [("Run", f"{run.name} ({run.run_id})" if run.name else run.run_id)]
    items += [("Experiment", run.experiment)] if run.experiment else []
    items += [("By", run.user)] if run.user else []
    items += [("Begun", when(run.started))] if run.started else []
    items += [("Took", f"{run.duration / 1000:,.1f} s")] if run.duration is not None else []
    items += [("Code", run.source)] if run.source else []
    items += [("Commit", _commit(run))] if run.commit else []
    blocks: list[Block] = [Facts(tuple(items), ("Commit", "Code"))]
    params = sorted(run.params.items())
    if params:
        note = f"The first {_PARAMS} of {len(params):,} parameters" if len(params) > _PARAMS else ""
        blocks.append(Grid(("parameter", "value"), tuple(params[:_PARAMS]), mono=(0, 1), caption=note))
    yield Section("How it was made", tuple(blocks))


def lineage(facts: CardFacts) -> Iterator[Section]:
    """What it came of."""
    rows = tuple(("from" if one.upwards else "into", one.relation, one.label, one.uri) for one in facts.lineage)
    if rows:
        yield Section("What it came of, and what came of it", (Grid(("", "how", "what", "address"), rows, mono=(3,)),))


def approvals(facts: CardFacts) -> Iterator[Section]:
    """Checks, promotions and notes."""
    blocks: list[Block] = []
    if facts.checks:
        rows = tuple((one.check, OUTCOMES[one.passed], one.detail, one.user, when(one.time)) for one in facts.checks)
        blocks.append(Grid(("check", "", "detail", "by", "when"), rows))
    if facts.promotions:
        blocks.append(
            Grid(("to", "", "asked by", "why", "decisions", "when"), tuple(map(_promotion, facts.promotions)))
        )
    if facts.notes:
        notes = tuple((one.user, when(one.time), one.text) for one in facts.notes)
        blocks.append(Grid(("note by", "when", "text"), notes))
    if blocks:
        yield Section("Who looked at it", tuple(blocks))


def history(facts: CardFacts) -> Iterator[Section]:
    """What happened to it, the newest first."""
    events: Sequence[tuple[Cell, ...]] = [
        (
            when(one.time),
            one.user,
            one.action.replace(".", " ").replace("_", " "),
            _change(one.target, one.before, one.after),
            one.reason,
        )
        for one in facts.history[:_EVENTS]
    ]
    if events:
        more = f"The newest {_EVENTS} of {len(facts.history):,}." if len(facts.history) > _EVENTS else ""
        yield Section("History", (Grid(("when", "who", "what", "change", "why"), tuple(events)),), more)


def _commit(run: CardRun) -> str:
    parts = [run.commit, f"on {run.branch}" if run.branch else "", f"of {run.repository}" if run.repository else ""]
    return " ".join(filter(None, parts)) + (", with changes that were not committed" if run.changed else "")


def _promotion(one: Promotion) -> tuple[Cell, ...]:
    said = [
        f"{decision.user or 'somebody'} {'approved' if decision.approved else 'rejected'}{f': {decision.comment}' if decision.comment else ''}"
        for decision in one.decisions
    ]
    told = "; ".join([*said, *one.missing])
    return one.target, _STATES[one.state], one.requested_by, one.reason, told, when(one.decided or one.created)


def _change(target: str, before: str, after: str) -> str:
    change = f"{before or 'nothing'} \N{RIGHTWARDS ARROW} {after or 'nothing'}" if before or after else ""
    return f"{target}: {change}" if target and change else target or change
