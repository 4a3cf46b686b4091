"""Whether the disks that a store lies on have room."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from treering.core.uri import local_path, scheme_of
from treering.storage.journal.files import usage
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["check_disk"]

_NEARLY = 0.8
_GB = 1e9


def check_disk(case: Case) -> Examined:
    """Looks at the disks of the journals, the database and the artifacts, as far as they are this machine's."""
    findings = []
    seen: dict[int, str] = {}
    for name, path in _places(case):
        device = path.stat().st_dev
        free = shutil.disk_usage(path).free
        if device in seen:
            continue
        seen[device] = f"{free / _GB:.1f} GB free at {path}"
        if free < case.least_free:
            findings.append(
                Finding(
                    f"The disk of the {name}, {path}, has {free / 1e6:.0f} MB left.",
                    "When it is full, nothing can be logged; what was acknowledged before is safe.",
                    "treering gc --dry-run  # shows what deleted runs hold; or free some space",
                )
            )
    return Examined("disk", ", ".join(seen.values()), [*findings, *_journals(case)])


def _places(case: Case) -> Iterator[tuple[str, Path]]:
    """Folders that exist, where the wanted ones do not yet."""
    wanted = [("journals", case.home)]
    if scheme_of(case.uri) == "sqlite":
        wanted.append(("database", Path(unquote(urlsplit(case.uri).path[1:])).absolute().parent))
    roots = (case.settings.artifacts_destination, case.settings.default_artifact_root)
    wanted += [("artifacts", local_path(uri).absolute()) for uri in roots if uri and scheme_of(uri) == "file"]
    for name, path in wanted:
        yield name, next(folder for folder in (path, *path.parents) if folder.is_dir())


def _journals(case: Case) -> Iterator[Finding]:
    most, used = case.settings.journal_max_bytes, usage(case.home / "journal")
    if most and used > _NEARLY * most:
        yield Finding(
            f"{used / 1e6:.0f} MB of at most {most / 1e6:.0f} MB wait for delivery in {case.home / 'journal'}.",
            f"When that is reached, programs {case.settings.journal_full}, as TREERING_JOURNAL_FULL says.",
            "treering sync",
        )
