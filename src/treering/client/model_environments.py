"""What a saved model says that it needs, changed where the model lies."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from treering.client.session import session
from treering.client.transfers import upload_tree
from treering.core.errors import NotFound
from treering.core.uri import local_path, scheme_of
from treering.environments.specification import CONDA, REQUIREMENTS, rewrite
from treering.registry.locate import locate

__all__ = ["update_model_requirements"]


def update_model_requirements(model_uri: str, operation: str, requirement_list: Sequence[str]) -> list[str]:
    """Add requirements to a model, or remove them; returns all that it has then.

    Args:
        model_uri: A folder, or such as `models:/<name>/<version>`; several versions may stand on the same files.
        operation: `add`, which replaces a requirement of the same package, or `remove`.

    Raises:
        NotFound: If there is no such model.
        InvalidInput: If one is no requirement, or one to remove is not there.
    """
    if scheme_of(model_uri) == "file":
        return rewrite(local_path(model_uri), operation, requirement_list)
    services = session().place.read()
    place = locate(model_uri, services.tracking, services.registry)
    store = services.open_artifacts(place)
    with tempfile.TemporaryDirectory(prefix="treering-requirements-") as scratch:
        folder = Path(scratch)
        for name in (REQUIREMENTS, CONDA):
            try:
                (folder / name).write_bytes(b"".join(store.read(name)))
            except NotFound:
                continue
        lines = rewrite(folder, operation, requirement_list)
        upload_tree(store, folder, "")
    return lines
