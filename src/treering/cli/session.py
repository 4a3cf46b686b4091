"""The services a command works with: of the embedded store, a database or a server, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treering.assembly import Services
from treering.client.connect import connect
from treering.client.sync import deliver_left
from treering.core.settings import Settings, find_home, read_settings
from treering.core.uri import local_path, scheme_of

__all__ = ["session"]


@contextmanager
def session(settings: Settings | None = None) -> Iterator[Services]:
    """Services, closed at the end of the block.

    What killed programs left on this home is delivered first, so that a command sees it.
    """
    settings = settings or read_settings()
    uri = settings.tracking_uri
    if scheme_of(uri) == "file":
        deliver_left(settings, local_path(uri) if uri else find_home(settings, Path.cwd()), servers=False)
    services = connect(settings)
    try:
        yield services
    finally:
        services.close()
