"""The services a command works with: of the embedded store, a database or a server, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from treering.assembly import Services
from treering.client.connect import connect
from treering.core.settings import Settings, read_settings

__all__ = ["session"]


@contextmanager
def session(settings: Settings | None = None) -> Iterator[Services]:
    """Services, closed at the end of the block."""
    services = connect(settings or read_settings())
    try:
        yield services
    finally:
        services.close()
