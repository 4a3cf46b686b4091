"""What the stages of a pipeline of Spark MLlib are made of, looked at without Spark.

Spark creates the classes that their descriptions name, which it finds by the names of folders.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from treering.core.errors import DamagedData
from treering.models.safety.names import Allowed

__all__ = ["foreign_classes"]

_HARMLESS = re.compile(r"(org\.apache\.spark|pyspark)\.ml(\.[a-z_]+)*\.[A-Z]\w*")
# Its statement may call any static method of Java, with reflect().
_RISKY = ".SQLTransformer"
_LONGEST_METADATA = 16 * 1024 * 1024
_PART = re.compile(r"part-[\w-]+(\.txt)?")
_UID = re.compile(r"[\w-]+")
# Beginnings of names that Spark passes over.
_IGNORED = ("_", ".")


def foreign_classes(path: Path, trust: Iterable[str] = ()) -> list[str]:
    """The classes in the pipeline at `path` that are none of MLlib's, or run what the model says.

    Raises:
        DamagedData: If a description is none, or lies where only Spark would find it.
    """
    found = sorted(set(_classes(path)))
    if not found:
        msg = f"The model is incomplete: {path / 'metadata'} says nothing. Save or download it again."
        raise DamagedData(msg)
    allowed = Allowed().plus(trust)
    risky = [name for name in found if not _HARMLESS.fullmatch(name) or name.endswith(_RISKY)]
    return [name for name in risky if not allowed.has(*name.rpartition(".")[::2])]


def _classes(path: Path) -> Iterator[str]:
    """The classes in all descriptions below `path`, which must lie where Spark will read them, and nowhere else."""
    for place, folders, files in os.walk(path):
        links = [name for name in folders if Path(place, name).is_symlink()]
        if links or "metadata" in files:
            msg = f"The model is damaged: {place}/{(*links, 'metadata')[0]} is no folder. Save or download it again."
            raise DamagedData(msg)
        if os.path.basename(place) != "metadata":  # noqa: PTH119  # a text of os.walk
            continue
        parts = [Path(place, name) for name in files if not name.startswith(_IGNORED)]
        if not parts:
            msg = f"The model is incomplete: {place} is empty. Save or download it again."
            raise DamagedData(msg)
        # Spark reads whatever lies here, in folders too, and unpacks it by its name.
        if wrong := [*folders, *(part.name for part in parts if not _PART.fullmatch(part.name))]:
            msg = f"The model is damaged: {place} holds {wrong[0]!r}, which Spark does not write. Save it again."
            raise DamagedData(msg)
        for part in parts:
            if part.stat().st_size > _LONGEST_METADATA:
                msg = f"{part} is no description of a stage: it is longer than {_LONGEST_METADATA} bytes."
                raise DamagedData(msg)
            yield from _named(part)


def _named(part: Path) -> Iterator[str]:
    try:
        for line in part.read_text(encoding="utf-8").splitlines():
            described = json.loads(line, object_pairs_hook=_unambiguous)
            # Where a stage lies is made of its name.
            stages = (described.get("paramMap") or {}).get("stageUids") or ()
            if wrong := [one for one in (described["uid"], *stages) if not _UID.fullmatch(one)]:
                msg = f"{wrong[0]!r} is no name of a stage"
                raise ValueError(msg)  # noqa: TRY301  # told with the others
            yield str(described["class"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        msg = f"The model is damaged: {part} does not describe a stage ({error}). Save or download it again."
        raise DamagedData(msg) from error


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key is there twice"
        raise ValueError(msg)
    return found
