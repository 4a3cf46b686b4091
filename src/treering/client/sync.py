"""Delivering what dead processes left behind: journals whose owner is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from treering.client.connect import SERVERS, connect
from treering.client.delivery import Delivery, open_delivery
from treering.core.errors import NotFound, TreeringError, Unavailable
from treering.core.log import logger
from treering.core.settings import Settings
from treering.core.uri import scheme_of
from treering.storage.journal.folder import Claim, claim, orphans, remove
from treering.storage.journal.reader import open_reader
from treering.tracking.base import Tracking

__all__ = ["Delivered", "deliver_left", "deliver_orphans"]


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


def deliver_left(settings: Settings, home: Path, *, servers: bool = True) -> list[Delivered]:
    """Deliver every orphan of an embedded store's folder to where its program would have.

    A server that cannot be reached is asked once, not waited for.

    Args:
        servers: Whether to deliver to servers, too, which may take its time.
    """
    once = replace(settings, http_retries=0, registry_uri="")
    with ExitStack() as stack:
        opened: dict[str, Tracking] = {}

        def tracking(destination: str) -> Tracking:
            if scheme_of(destination) in SERVERS and not servers:
                msg = f"{destination} is not asked now. Deliver what is for it with: treering sync"
                raise Unavailable(msg)
            if destination not in opened:
                services = connect(replace(once, tracking_uri=destination or str(home)))
                stack.callback(services.close)
                opened[destination] = services.tracking
            return opened[destination]

        return deliver_orphans(home / "journal", tracking)


def deliver_orphans(folder: Path, tracking: Callable[[str], Tracking]) -> list[Delivered]:
    """Deliver every orphan in `folder`, oldest first; one that cannot be does not hold up the others.

    Several processes may do this at once: each takes the journals that no other has.

    Args:
        tracking: Gives the store for a journal's destination.
    """
    results = []
    for path in orphans(folder):
        owned = claim(path)
        if owned is not None:
            try:
                results.append(_deliver(owned, tracking))
            except NotFound:
                logger.debug("%s was delivered by somebody else in between.", path)
            finally:
                owned.release()
    return results


def _deliver(owned: Claim, tracking: Callable[[str], Tracking]) -> Delivered:
    path, destination = owned.path, ""
    delivery: Delivery | None = None
    error = ""
    try:
        reader = open_reader(path)
        destination = reader.opening.destination
        empty = not reader.read()
        reader.close()
        # An empty journal is no reason to bother a server.
        if not empty:
            delivery = open_delivery(path, tracking(destination))
            while delivery.advance():
                pass
        remove(path)
    except NotFound:
        raise
    except TreeringError as failure:
        error = failure.message
    if delivery is None:
        return Delivered(path, destination, error=error)
    delivery.close()
    return Delivered(path, destination, delivery.delivered, delivery.refused, delivery.damaged, error)
