"""No environment but the one that Treering runs in."""

from __future__ import annotations

import sys
from pathlib import Path

from treering.environments.base import Specification, Tell

__all__ = ["MANAGER", "LocalManager"]


class LocalManager:
    """The manager `local`."""

    isolated = False

    def check(self, specification: Specification) -> None:
        """See `EnvironmentManager`."""

    def build(self, specification: Specification, folder: Path, tell: Tell) -> None:
        """See `EnvironmentManager`."""

    def python(self, folder: Path) -> Path:  # noqa: ARG002 -- of the Protocol
        """See `EnvironmentManager`."""
        return Path(sys.executable)


MANAGER = LocalManager()
