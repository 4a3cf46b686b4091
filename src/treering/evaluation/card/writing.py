"""From facts to the document: what is told, and in which order; what each section says stands in the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from treering.core.page import number, plural
from treering.entities.evaluation import Check
from treering.evaluation.card.document import Block, Cell, Document, Facts, Grid, Mark, Section, Text, Tiles
from treering.evaluation.card.facts import TEXTS, CardFacts
from treering.evaluation.card.findings import explanation, robustness
from treering.evaluation.card.judged import criteria_of, fairness, figures, slices
from treering.evaluation.card.origin import approvals, data, history, lineage, making, training
from treering.evaluation.card.words import MAIN, OUTCOMES, between, means, when
from treering.evaluation.metric_names import metric_named

__all__ = ["document_of"]

_TILES = 4


def document_of(facts: CardFacts) -> Document:
    """The card."""
    sections = (
        _purpose,
        figures,
        slices,
        fairness,
        _findings,
        data,
        making,
        training,
        lineage,
        approvals,
        history,
        _unknown,
    )
    made = tuple(_trimmed(section) for write in sections for section in write(facts))
    lead = facts.description or facts.model_description or (facts.objective.statement if facts.objective else "")
    foot = f"Made by Treering on {when(facts.made)}." if facts.made else "Made by Treering."
    return Document("Model card", facts.title, lead, _marks(facts), _tiles(facts), made, foot)


def _trimmed(section: Section) -> Section:
    """Tables without columns in which nothing stands."""
    return replace(
        section, blocks=tuple(_filled(block) if isinstance(block, Grid) else block for block in section.blocks)
    )


def _filled(grid: Grid) -> Grid:
    kept = [place for place in range(len(grid.heads)) if any(row[place] not in {"", None} for row in grid.rows)]
    if len(kept) == len(grid.heads):
        return grid
    return Grid(
        tuple(grid.heads[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in grid.rows),
        tuple(new for new, place in enumerate(kept) if place in grid.numbers),
        tuple(new for new, place in enumerate(kept) if place in grid.mono),
        grid.caption,
    )


def _marks(facts: CardFacts) -> tuple[Mark, ...]:
    marks = [Mark(facts.stage, "info")] if facts.stage and facts.stage != "None" else []
    marks += [Mark(f"@{alias}", "info") for alias in facts.aliases]
    failed = [check for check in _checks(facts) if check.passed is False]
    checks = _checks(facts)
    if failed:
        marks.append(Mark(f"{len(failed)} of {plural(len(checks), 'check')} failed", "err"))
    elif checks and all(check.passed for check in checks):
        marks.append(Mark(f"{plural(len(checks), 'check')} passed", "ok"))
    return tuple(marks)


def _checks(facts: CardFacts) -> list[Check]:
    """What the objective demands, what the evaluation judged, and what was recorded on the version."""
    found = [*criteria_of(facts), *(facts.evaluation.checks if facts.evaluation else ())]
    found += [Check(check.check, check.passed, reason=check.detail) for check in facts.checks]
    # What the objective demands is often demanded of the evaluation, too.
    once: dict[tuple[str, str], Check] = {}
    for check in found:
        once.setdefault((check.name, check.bound), check)
    return list(once.values())


def _tiles(facts: CardFacts) -> Tiles:
    evaluation = facts.evaluation
    tiles: list[tuple[str, str, str]] = []
    known = facts.measured or evaluation
    metrics = known.metrics if known else {}
    wanted = [facts.objective.primary] if facts.objective and facts.objective.primary else []
    wanted += (
        [criterion.metric for criterion in facts.objective.criteria if not criterion.slice] if facts.objective else []
    )
    for name in dict.fromkeys([*wanted, *MAIN, *means(metrics), *(evaluation.metrics if evaluation else metrics)]):
        if len(tiles) == _TILES:
            break
        found = metric_named(metrics, name)
        if (
            found is not None
            and found[0] not in {label for label, _, _ in tiles}
            and not found[0].endswith("example_count")
        ):
            interval = evaluation.intervals.get(found[0]) if evaluation else None
            tiles.append((found[0], number(found[1]), between(interval)))
    if evaluation and evaluation.rows:
        tiles.append(("rows it was judged by", f"{evaluation.rows:,}", evaluation.dataset_name))
    return Tiles(tuple(tiles))


def _purpose(facts: CardFacts) -> Iterator[Section]:
    blocks: list[Block] = []
    items: list[tuple[str, Cell]] = []
    objective = facts.objective
    if objective and objective.statement:
        blocks.append(Text(objective.statement))
    items += [(title, facts.texts[key]) for key, title in TEXTS.items() if facts.texts.get(key)]
    owner = objective.owner if objective else ""
    items += [("Owner", owner)] if owner else []
    blocks += [Facts(tuple(items))] if items else []
    criteria = criteria_of(facts)
    if criteria:
        rows = tuple((check.name, check.bound, number(check.value), OUTCOMES[check.passed]) for check in criteria)
        blocks.append(Grid(("Success means", "demanded", "found", ""), rows, (2,)))
    if blocks:
        yield Section("What it is for", tuple(blocks))


def _findings(facts: CardFacts) -> Iterator[Section]:
    evaluation = facts.evaluation
    if evaluation is None:
        return
    blocks, note = explanation(evaluation)
    if blocks:
        yield Section("What it goes by", tuple(blocks), note)
    blocks, note = robustness(evaluation)
    if blocks:
        yield Section("How it stands spoilt input", tuple(blocks), note)


def _unknown(facts: CardFacts) -> Iterator[Section]:
    if facts.unknown:
        yield Section("What is not known", tuple(Text(one) for one in facts.unknown))
