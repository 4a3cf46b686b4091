"""A bundle as a host: its service, or its models as they are. What is served was looked at before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.manifest import Manifest
from treering.core.errors import DamagedData, InvalidInput
from treering.core.variables import process_variables, set_variable
from treering.serving.hosting import HOSTS, Host

__all__ = ["open_host"]

_CHECKS = ("auto", "contents", "sizes", "none")
# Up to this size, reading every file takes a fraction of what starting takes.
_READ = 256 << 20
# What this host takes for itself, or knows better; all else is for the host of the service or of the models.
_OWN = {"bundle", "check", "models"}


def open_host(given: Mapping[str, Any]) -> Host:
    """Open the bundle in a folder.

    Args:
        given: `bundle`, the folder; `check`: whether each file is read and held against the manifest (`contents`),
            only looked at (`sizes`), neither (`none`), or read unless it is much (`auto`); and what the host of
            models, or of services, is told besides.

    Raises:
        NotFound: If there is no bundle.
        DamagedData: If it is not what its manifest says.
        TreeringError: If what it holds cannot be loaded.
    """
    folder = Path(str(given.get("bundle") or "")).absolute()
    made = manifests.read(folder)
    _check(folder, made, str(given.get("check") or "auto"))
    # Nothing writes into a bundle, and a cache of its code would stand in it.
    sys.dont_write_bytecode = True
    for name, value in made.environment.variables.items():
        if name not in process_variables():
            set_variable(name, value)
    more = {key: value for key, value in given.items() if key not in _OWN}
    if (folder / "src").is_dir() and str(folder / "src") not in sys.path:
        sys.path.insert(0, str(folder / "src"))
    models = [
        {"name": one.name, "version": one.version or made.version, "folder": str(folder / one.folder), "uri": one.uri}
        for one in made.models
    ]
    if made.service:
        told = {"service": made.service, "folder": str(folder / "src"), "version": made.version, "models": models}
        return HOSTS.load("service")({**told, "arguments": dict(made.arguments), **more})
    return HOSTS.load("models")({"models": models, **more})


def _check(folder: Path, made: Manifest, how: str) -> None:
    if how not in _CHECKS:
        msg = f"A bundle is checked in one of the ways {', '.join(_CHECKS)}, and not {how!r}."
        raise InvalidInput(msg)
    if how == "none":
        return
    contents = how == "contents" or (how == "auto" and made.size <= _READ)
    if wrong := tree.difference(folder, made.files, contents=contents):
        msg = f"The bundle in {folder} is not what its manifest says: {wrong[0]}. It is not served; fetch it again."
        raise DamagedData(msg)
