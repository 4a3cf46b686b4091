"""The counters by which a cache tells what it has not seen of an experiment's runs.

Whoever changes runs takes the experiment's next version and writes it to them. The
experiment's row stays locked from then until the transaction ends, so versions become
visible in their order: who has seen a version has seen every change up to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select, update

from treering.storage.metadata.sql.tables import experiments

__all__ = ["count_purge", "next_versions"]


# Made once: every write needs them.
_THIS = experiments.c.id == bindparam("its_id")
_COUNT = update(experiments).where(_THIS).values(version=experiments.c.version + 1)
_TELL = select(experiments.c.version).where(_THIS)
_COUNT_AND_TELL = _COUNT.returning(experiments.c.version)


def next_versions(connection: Connection, numbers: Iterable[int]) -> dict[int, int]:
    """The next version of each of these experiments; one that does not exist is left out.

    Their rows are locked in the order of their numbers, so that two transactions cannot
    wait for each other. To be called as late as can be: others wait meanwhile.
    """
    found = {}
    for number in sorted(set(numbers)):
        its = {"its_id": number}
        if connection.dialect.update_returning:
            version = connection.execute(_COUNT_AND_TELL, its).scalar()
        else:
            connection.execute(_COUNT, its)
            version = connection.execute(_TELL, its).scalar()
        if version is not None:
            found[number] = version
    return found


def count_purge(connection: Connection, numbers: Iterable[int]) -> None:
    """To be called when runs of these experiments have been taken away for good, in the same transaction."""
    for number in sorted(set(numbers)):
        counted = {"version": experiments.c.version + 1, "purged": experiments.c.purged + 1}
        connection.execute(update(experiments).where(experiments.c.id == number).values(**counted))
