"""The files of a model that lies elsewhere."""

from __future__ import annotations

from pathlib import Path

from treering.cli.session import session
from treering.client.artifacts import download_tree
from treering.core.settings import Settings
from treering.core.uri import parse_model_uri
from treering.registry.locate import find_version, locate

__all__ = ["fetch", "version_of"]


def fetch(uri: str, settings: Settings, target: Path) -> Path:
    """Fetch the model that a URI names into a folder. Raises NotFound."""
    with session(settings) as services:
        return download_tree(services, locate(uri, services.tracking, services.registry), target)


def version_of(uri: str, settings: Settings) -> str:
    """The number of the version that a `models:/` URI stands for; empty for a logged model. Raises NotFound."""
    wanted = parse_model_uri(uri)
    if wanted.model_id:
        return ""
    with session(settings) as services:
        return str(find_version(wanted, services.registry).version)
