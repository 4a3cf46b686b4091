"""Whether this installation has what it needs: packages of the right versions, and the drivers that its settings name."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from treering.core.errors import MissingExtra, UnknownPlugin
from treering.core.plugins import Registry
from treering.core.uri import scheme_of
from treering.storage.metadata import METADATA
from treering.storage.objects import STORES
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["check_versions"]

_NEEDED = re.compile(r"([\w.-]+)(?:>=([\d.]+))?\s*$")


def check_versions(case: Case) -> Examined:
    """Looks at packages and drivers."""
    return Examined(
        "versions",
        f"Treering {version('treering')}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        [*_packages(), *_drivers(case)],
    )


def _packages() -> Iterator[Finding]:
    for text in requires("treering") or ():
        if ";" in text:
            continue  # of an extra, or for another system
        needed = _NEEDED.match(text)
        if needed is None:
            continue
        name, least = needed[1], needed[2] or "0"
        why = "Treering cannot work without it." if needed[2] is None else f"Treering needs {least} or newer."
        repair = f"pip install --upgrade '{text.strip()}'"
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(f"The package {name} is not installed.", why, repair)
            continue
        if _numbers(found) < _numbers(least):
            yield Finding(f"The package {name} has the version {found}, which is too old.", why, repair)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _drivers(case: Case) -> Iterator[Finding]:
    settings = case.settings
    wanted: list[tuple[Registry[Any], str]] = []
    if not case.is_server:
        wanted.append((METADATA, case.uri))
    wanted += [
        (STORES, uri)
        for uri in (settings.default_artifact_root, settings.artifacts_destination)
        if uri and not uri.startswith("mlflow-artifacts:")
    ]
    for table, uri in wanted:
        try:
            table.load(scheme_of(uri))
        except MissingExtra as error:
            reason, _, command = error.message.partition(" Install it with: ")
            yield Finding(
                reason, f"The settings name {scheme_of(uri)}://, which cannot be reached without it.", command
            )
        except UnknownPlugin as error:
            yield Finding(error.message, "The settings name it.", "Correct the setting: treering config shows them.")
