"""Where a registered model lies, for services that name it in their class."""

from __future__ import annotations

from treering.client.model_loading import fetch_model

__all__ = ["folder_of"]


def folder_of(uri: str) -> str:
    """The folder of a model, fetched if it is not on this disk.

    Raises:
        NotFound: If there is no such model.
    """
    return str(fetch_model(uri))
