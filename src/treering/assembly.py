"""Settings in, working services out: the only place where implementations meet.

Holds no logic. The command line, the server and an embedded client start here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from treering.core.settings import Settings
from treering.registry.base import ModelRegistry
from treering.storage.objects.base import ObjectStore
from treering.tracking.base import Tracking

__all__ = ["Services"]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that handlers and clients work with.

    Attributes:
        open_artifacts: Opens the store below an artifact URI of a storage scheme.
        check: Raises a TreeringError when the database or the artifact store does not answer.
        close: Gives connections back; to be called once, last.
    """

    settings: Settings
    tracking: Tracking
    registry: ModelRegistry
    open_artifacts: Callable[[str], ObjectStore]
    check: Callable[[], None]
    close: Callable[[], None]
