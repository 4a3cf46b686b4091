"""Whether every block of metric points can be read, and holds what its row says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from treering.core.errors import DamagedData
from treering.core.uri import scheme_of
from treering.entities.metric import MetricSegment
from treering.storage.metadata import METADATA
from treering.storage.series.codec import decode, decode_all
from treering.upkeep.finding import Case, Examined, Finding, listed

__all__ = ["check_series"]

_AT_ONCE = 500
_MOST = 100


def check_series(case: Case) -> Examined:
    """Reads all blocks, and compares their checksums and counts."""
    store = METADATA.load(scheme_of(case.uri))(case.uri)
    with closing(store.database):
        broken: dict[str, str] = {}
        blocks = points = 0
        page = store.series.walk(0, _AT_ONCE)
        while page:
            blocks += len(page)
            points += sum(block.count for block in page)
            for block in page if len(broken) < _MOST and not _sound(page) else ():
                fault = _fault(block)
                if fault:
                    broken[f"{block.key} of the run {block.run_id}"] = fault
            page = store.series.walk(page[-1].segment_id, _AT_ONCE)
        uneven = store.series.uneven(_MOST)
    findings = []
    if broken:
        findings.append(
            Finding(
                f"Blocks of metric points cannot be read: {listed(list(broken))}.",
                next(iter(broken.values())),
                "Restore the database from a backup, or delete these runs.",
            )
        )
    if uneven:
        names = [f"{key} of the run {run_id} ({held} of {logged})" for run_id, key, held, logged in uneven]
        findings.append(
            Finding(
                f"Series do not hold as many points as were logged: {listed(names)}.",
                "Another program changed the database, or it was restored in part.",
                "Restore the database from a backup; the other points can be used.",
            )
        )
    return Examined("series", f"{blocks} blocks, {points} points", findings)


def _sound(blocks: Sequence[MetricSegment]) -> bool:
    """Whether all can be read and hold as much as they say; many together are read faster than each alone."""
    try:
        found = len(decode_all(block.data for block in blocks)[0])
    except DamagedData:
        return False
    return found == sum(block.count for block in blocks)


def _fault(block: MetricSegment) -> str:
    try:
        found = len(decode(block.data))
    except DamagedData as error:
        return error.message
    return "" if found == block.count else f"A block says that it holds {block.count} points, and holds {found}."
