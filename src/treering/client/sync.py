"""Delivering what dead processes left behind: journals whose owner is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from treering.assembly import Services
from treering.client.connect import SERVERS, connect
from treering.client.delivery import Delivery, open_delivery
from treering.core.errors import InvalidInput, NotFound, TreeringError, Unavailable
from treering.core.log import logger
from treering.core.settings import Settings
from treering.core.uri import scheme_of
from treering.entities.lifecycle import RunStatus
from treering.entities.run import RESUMED_TAG
from treering.storage.journal.files import kept_files
from treering.storage.journal.folder import Claim, claim, orphans, remove
from treering.storage.journal.reader import open_reader

__all__ = ["Delivered", "Progress", "deliver_left", "deliver_orphans"]

_MILLION = 1_000_000
Progress = Callable[[str, int, int], None]
"""Told of a journal: its identity, how many bytes of it and its files are delivered, and of how many."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one journal.

    Attributes:
        destination: Where it goes; "" is the embedded store beside it.
        records: How many were delivered now.
        refused: How many the store would not take; they stand in `<journal>.refused`.
        damaged: How many stretches could not be read.
        error: Why the rest is still waiting; "" when the journal is done and gone.
    """

    journal: Path
    destination: str
    records: int = 0
    refused: int = 0
    damaged: int = 0
    error: str = ""


def deliver_left(
    settings: Settings, home: Path, *, servers: bool = True, progress: Progress | None = None
) -> list[Delivered]:
    """Deliver every orphan of an embedded store's folder to where its program would have.

    A server that cannot be reached is asked once, not waited for.

    Args:
        servers: Whether to deliver to servers, too, which may take its time.
    """
    once = replace(settings, http_retries=0, registry_uri="")
    with ExitStack() as stack:
        opened: dict[str, Services] = {}

        def connected(destination: str) -> Services:
            if scheme_of(destination) in SERVERS and not servers:
                msg = f"{destination} is not asked now. Deliver what is for it with: treering sync"
                raise Unavailable(msg)
            if destination not in opened:
                opened[destination] = connect(replace(once, tracking_uri=destination or str(home)))
                stack.callback(opened[destination].close)
            return opened[destination]

        return deliver_orphans(home / "journal", connected, progress)


def deliver_orphans(
    folder: Path, connected: Callable[[str], Services], progress: Progress | None = None
) -> list[Delivered]:
    """Deliver every orphan in `folder`, oldest first; one that cannot be does not hold up the others.

    Several processes may do this at once: each takes the journals that no other has.

    Args:
        connected: Gives the services of a journal's destination.
    """
    results = []
    for path in orphans(folder):
        owned = claim(path)
        if owned is not None:
            try:
                results.append(_deliver(owned, connected, progress))
            except NotFound:
                logger.debug("%s was delivered by somebody else in between.", path)
            finally:
                owned.release()
    return results


def _deliver(owned: Claim, connected: Callable[[str], Services], progress: Progress | None) -> Delivered:
    path, destination = owned.path, ""
    delivery: Delivery | None = None
    error = ""
    try:
        reader = open_reader(path)
        destination = reader.opening.destination
        empty = not reader.read() and not reader.open_runs
        reader.close()
        whole = path.stat().st_size + sum(size for _, size in kept_files(path))
        # An empty journal is no reason to bother a server.
        if not empty:
            services = connected(destination)
            delivery = open_delivery(path, services, progress=lambda: _tell(progress, delivery, whole))
            while delivery.advance():
                pass
            _end_killed(delivery, services)
        remove(path)
    except NotFound:
        raise
    except TreeringError as failure:
        error = failure.message
    if delivery is None:
        return Delivered(path, destination, error=error)
    delivery.close()
    return Delivered(path, destination, delivery.delivered, delivery.refused, delivery.damaged, error)


def _end_killed(delivery: Delivery, services: Services) -> None:
    """End the runs that a process left open when it was killed, at the time when it last wrote.

    A run that somebody has resumed since is theirs.
    """
    runs = services.tracking.runs
    at = delivery.path.stat().st_mtime_ns // _MILLION
    for run_id in delivery.open_runs:
        try:
            run = runs.get(run_id)
            if run.info.status is RunStatus.RUNNING and RESUMED_TAG not in run.data.tags:
                runs.update(run_id, RunStatus.KILLED, max(at, run.info.start_time))
        except (NotFound, InvalidInput) as error:
            logger.debug("Run %s, whose program was killed, is gone: %s", run_id, error)


def _tell(progress: Progress | None, delivery: Delivery | None, whole: int) -> None:
    if progress is not None and delivery is not None:
        progress(delivery.journal_id, min(delivery.offset + delivery.sent, whole), whole)
