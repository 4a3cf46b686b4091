"""What a user means by a target to serve: a model, a service or a bundle, told apart by how it is written and what lies there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import local_path, parse_model_uri, scheme_of

__all__ = ["Aim", "Fetched", "aim_at", "models_of", "name_of"]

_NAMED = re.compile(r"([\w.\-]+)=(.+)", re.DOTALL)
_SERVICE = re.compile(r"([A-Za-z_][\w.]*|[^:]+\.py):[A-Za-z_]\w*")
_SERVICE_FILES = ("bentofile.yaml", "bentofile.yml", "service.py")
_NO_NAME = re.compile(r"[^\w.\-]+")


class Aim(NamedTuple):
    """One target.

    Attributes:
        kind: A row of `HOSTS`.
        name: What the user calls it; empty if he does not.
        target: As the user wrote it, without the name.
    """

    kind: str
    name: str
    target: str


class Fetched(NamedTuple):
    """A model that lies on this disk now.

    Attributes:
        version: The registered version; empty if it is none.
    """

    folder: Path
    version: str = ""


def aim_at(text: str) -> Aim:
    """What a target is, such as `models:/iris@champion`, `flower=runs:/1/model`, `service:Shop` or a folder.

    Raises:
        NotFound: If it is a path, and nothing that can be served lies there.
    """
    named = _NAMED.fullmatch(text)
    name, target = (named[1], named[2]) if named and not Path(text).exists() else ("", text)
    if _SERVICE.fullmatch(target) and not Path(target).exists():
        return Aim("service", name, target)
    if scheme_of(target) != "file":
        return Aim("models", name, target)
    path = local_path(target)
    if path.suffix == ".py" and path.is_file():
        return Aim("service", name, target)
    if (path / "MLmodel").is_file():
        return Aim("models", name, target)
    if (path / "manifest.json").is_file():
        return Aim("bundle", name, str(path))
    if any((path / file).is_file() for file in _SERVICE_FILES):
        return Aim("service", name, target)
    msg = (
        f"There is nothing to serve at {target}. Give a model's URI or folder, a service as module:Name, or the folder"
        " of a bundle."
    )
    raise NotFound(msg)


def models_of(aims: Sequence[Aim], fetch: Callable[[str], Fetched]) -> list[Mapping[str, Any]]:
    """Models as the host of models takes them: with a name and a version each, no two the same.

    Args:
        fetch: Brings a model to this disk.

    Raises:
        InvalidInput: If two have one name and version.
    """
    found: list[Mapping[str, Any]] = []
    for aim in aims:
        fetched = fetch(aim.target)
        name, alias = name_of(aim)
        version = fetched.version or _free(found, name)
        if any((one["name"], one["version"]) == (name, version) for one in found):
            msg = f"Version {version} of {name!r} is given twice. Name one otherwise: other={aim.target}."
            raise InvalidInput(msg)
        model = {"name": name, "version": version, "folder": str(fetched.folder), "uri": aim.target}
        found.append({**model, "aliases": [alias]} if alias else model)
    return found


def _free(found: Sequence[Mapping[str, Any]], name: str) -> str:
    """A number for what has no version: models of one name are told apart by their order."""
    return str(1 + sum(1 for one in found if one["name"] == name))


def name_of(aim: Aim) -> tuple[str, str]:
    """What a model is called, and the alias that it was asked by."""
    if scheme_of(aim.target) == "models":
        wanted = parse_model_uri(aim.target)
        return aim.name or wanted.name or "model", wanted.alias or ""
    last = aim.target.rstrip("/").rsplit("/", 1)[-1]
    return aim.name or _NO_NAME.sub("-", last).strip("-.") or "model", ""
