"""The files of a model that lies elsewhere."""

from __future__ import annotations

from pathlib import Path

from treering.cli.session import session
from treering.client.artifacts import download_tree
from treering.core.settings import Settings
from treering.registry.locate import locate

__all__ = ["fetch"]


def fetch(uri: str, settings: Settings, target: Path) -> Path:
    """Fetch the model that a URI names into a folder. Raises NotFound."""
    with session(settings) as services:
        return download_tree(services, locate(uri, services.tracking, services.registry), target)
