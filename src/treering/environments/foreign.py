"""What a model's files ask for beside packages by name: options, addresses and paths, by which its maker says where from.

A package by name comes from the index that the user's settings name. All else can make
this machine run what lies anywhere, while the environment is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from treering.core.errors import PermissionDenied
from treering.environments.base import Specification
from treering.environments.specification import name_of

__all__ = ["check_names", "foreign_lines"]

_HASHES = re.compile(r"\s+--hash[= ]\w+:\w+")
_CHANNEL = re.compile(r"[\w.-]+(/[\w.-]+)?")
_PACKAGE = re.compile(r"([\w.-]+::)?[\w.-]+(\s*[<>=!~][^/\\]*|\s+[\w.*|,<>=!~ ]+)?(\[[^/\\]*\])?")
# A file of the model itself, which is looked at too.
_OWN_CONSTRAINTS = "-c constraints.txt"
_KNOWN = {"channels", "dependencies", "name"}


def check_names(specification: Specification) -> None:
    """Refuse what is no package by name.

    Raises:
        PermissionDenied: If there is something; the message shows it.
    """
    if found := next(foreign_lines(specification), ""):
        msg = (
            f"The model does not only ask for packages by name, but also for {found!r}, so no environment was built: that"
            " could make this machine run code from anywhere. If you trust who made the model, set"
            " TREERING_ALLOW_MODEL_CODE=true. Otherwise change its requirements.txt and conda.yaml, or use"
            " --env-manager local."
        )
        raise PermissionDenied(msg)


def foreign_lines(specification: Specification) -> Iterator[str]:
    """The lines that are no package by name."""
    yield from filter(_is_foreign, (*specification.requirements, *specification.constraints, *specification.build))
    conda = specification.conda
    yield from (f"{key}: {conda[key]}" for key in conda if key not in _KNOWN)
    yield from (str(one) for one in _listed(conda.get("channels")) if not _CHANNEL.fullmatch(str(one)))
    for one in _listed(conda.get("dependencies")):
        if isinstance(one, dict):
            yield from (str(one) for key in one if key != "pip")
            yield from (str(line) for line in _listed(one.get("pip")) if _is_foreign(str(line)))
        elif not _PACKAGE.fullmatch(str(one)):
            yield str(one)


def _is_foreign(line: str) -> bool:
    if line == _OWN_CONSTRAINTS:
        return False
    wanted = _HASHES.sub("", line).partition(";")[0]
    return not name_of(wanted) or "@" in wanted or "/" in wanted or "\\" in wanted or " -" in wanted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
