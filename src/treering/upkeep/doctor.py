"""Examines an installation part by part: what is wrong, why, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from treering.assembly import open_services
from treering.core.errors import TreeringError
from treering.upkeep.checks.artifacts import check_artifacts
from treering.upkeep.checks.database import check_database
from treering.upkeep.checks.disk import check_disk
from treering.upkeep.checks.journals import check_journals
from treering.upkeep.checks.runs import check_runs
from treering.upkeep.checks.series import check_series
from treering.upkeep.checks.server import check_server
from treering.upkeep.checks.settings import check_settings
from treering.upkeep.checks.versions import check_versions
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["examine"]

_INSIDE = ("runs", "series", "artifacts")


def examine(case: Case) -> Iterator[Examined]:
    """Each part as soon as it is examined.

    A check that fails is a finding itself. What lies in a database is looked at only
    where its tables are right, and nothing is delivered into one where they are not.
    """
    yield _done("versions", lambda: check_versions(case))
    yield _done("settings", lambda: check_settings(case))
    yield _done("disk", lambda: check_disk(case))
    if case.is_server:
        yield _done("server", lambda: check_server(case))
        yield _done("journals", lambda: check_journals(case))
        return
    database = _done("database", lambda: check_database(case))
    yield database
    there = not database.findings
    sound = case if there else replace(case, fix=False)
    yield _done("journals", lambda: check_journals(sound))
    if database.findings or database.skipped:
        reason = database.skipped and "there is no database yet"
        yield from (Examined(part, skipped=reason or "the database cannot be used as it is") for part in _INSIDE)
        return
    yield from _inside(case)


def _inside(case: Case) -> Iterator[Examined]:
    settings = replace(case.settings, backend_store_uri=case.uri)
    try:
        services = open_services(settings, case.home)
    except TreeringError as error:
        yield Examined("artifacts", findings=[_failed(error)])
        return
    with closing(services):
        yield _done("runs", lambda: check_runs(case, services))
        yield _done("series", lambda: check_series(case))
        yield _done("artifacts", lambda: check_artifacts(case, services))


def _done(part: str, check: Callable[[], Examined]) -> Examined:
    try:
        return check()
    except (TreeringError, OSError) as error:
        return Examined(part, findings=[_failed(error)])


def _failed(error: Exception) -> Finding:
    what, _, advice = str(error).partition(". ")
    return Finding(f"{what.rstrip('.')}.", "This part could not be looked at.", advice or "treering config")
