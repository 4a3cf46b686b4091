"""Models by their URI, ready to use. One on this disk is loaded without looking for the store at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.core.settings import read_settings
from treering.core.uri import local_path, scheme_of
from treering.models.flavours.base import LoadOptions
from treering.models.loading import LoadedModel, load, load_native

__all__ = ["fetch_model", "load_model", "load_native_model"]


def load_model(
    model_uri: str,
    dst_path: str | Path | None = None,
    model_config: Mapping[str, Any] | None = None,
    trust: bool | Sequence[str] | None = None,  # noqa: FBT001 -- True or names, as one word
) -> LoadedModel:
    """The model at a URI or path, ready to predict.

    Args:
        trust: The word that the model's code may run: True, or the names that a pickle of it may refer to though
            the list of what is harmless has them not.

    Raises:
        NotFound: If there is none.
        PermissionDenied: If loading could run code and the settings forbid that.
    """
    wanted = LoadOptions.of(read_settings(), trust, model_config=model_config or {})
    return load(fetch_model(model_uri, dst_path), wanted)


def load_native_model(
    flavour: str, model_uri: str, dst_path: str | Path | None = None, options: Mapping[str, Any] | None = None
) -> Any:
    """The framework's own object. Raises as `load_model`.

    Args:
        options: `trust`, and the flavour's own, as a user names them.
    """
    own = dict(options or {})
    wanted = LoadOptions.of(read_settings(), own.pop("trust", None), flavour=own)
    return load_native(fetch_model(model_uri, dst_path), flavour, wanted)


def fetch_model(model_uri: str, dst_path: str | Path | None = None) -> Path:
    """Where the model's folder is on this disk; fetched if it is elsewhere. Raises NotFound."""
    model_uri = str(model_uri)  # a service's model, which is its folder
    if dst_path is None and scheme_of(model_uri) == "file" and (found := local_path(model_uri)).is_dir():
        return found
    # The store and its drivers take longer to import than a small model takes to load and answer.
    return Path(import_module("treering.client.artifacts").download_artifacts(model_uri, dst_path=dst_path))
