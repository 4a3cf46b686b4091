"""What was split and how, as a value that a run can keep: enough to do it again and to see that it is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import DamagedData
from treering.preparation.splits import SplitOptions
from treering.storage.tables.hashing import Hashes

__all__ = ["FORMAT", "SPLIT_TAG", "SplitPart", "SplitRecord", "digest_of", "from_json", "record_of", "to_json"]

FORMAT = 1
SPLIT_TAG = "treering.split"
"""On a run that made or used a split: the record, as JSON."""

Parts = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class SplitPart:
    """One part.

    Attributes:
        digest: Of its rows in their order: equal for equal content.
        path: The file that it was written to; "" for one in memory.
    """

    name: str
    rows: int
    fraction: float
    digest: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """One split.

    Attributes:
        method: `random`, `stratified`, `group`, `stratified by group`, `time` or `key`.
        columns: Role (`stratify`, `group`, `time`, `key`) to column.
        source: What was split; `source_digest` is of its rows in their order.
        warnings: What could make a model look better than it is; sentences for people.
    """

    source: str
    source_digest: str
    rows: int
    method: str
    seed: int
    parts: tuple[SplitPart, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def record_of(
    source: str, hashes: Hashes, parts: Parts, options: SplitOptions, paths: Sequence[str] = ()
) -> SplitRecord:
    """The record of a split.

    Args:
        hashes: One number for each row, by which equal rows are found.
        parts: For each row, the place of its part.
        paths: Where the parts lie, if they are files.
    """
    made = tuple(
        SplitPart(
            name, int((parts == place).sum()), share, digest_of(hashes[parts == place]), paths[place] if paths else ""
        )
        for place, (name, share) in enumerate(options.fractions.items())
    )
    warnings = (*_in_two(hashes, parts, [part.name for part in made]), *_off(made, len(parts)))
    return SplitRecord(
        source, digest_of(hashes), len(parts), options.method, options.seed, made, options.columns, warnings
    )


def digest_of(hashes: Hashes) -> str:
    """A short fingerprint of rows in their order."""
    return blake2b(np.ascontiguousarray(hashes, "<u8").tobytes(), digest_size=8).hexdigest()


def to_json(record: SplitRecord) -> str:
    """The record as a text: the same record always gives the same one."""
    return json.dumps({"format": FORMAT, **msgspec.to_builtins(record)}, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str | bytes, where: str = "The record of the split") -> SplitRecord:
    """The record of which `to_json` made the text. Raises DamagedData."""
    try:
        fields = msgspec.json.decode(text)
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            msg = f"{where} is none of format {FORMAT}. Split the data again to write one."
            raise DamagedData(msg)
        return msgspec.convert(fields, SplitRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"{where} cannot be read: {error}. Split the data again to write one."
        raise DamagedData(msg) from error


def _in_two(hashes: Hashes, parts: Parts, names: Sequence[str]) -> list[str]:
    """Rows of a later part that are also in the first, from which a model learns."""
    known = np.unique(hashes[parts == 0])
    warnings = []
    for place, name in enumerate(names[1:], 1):
        mine = hashes[parts == place]
        again = int(np.isin(mine, known).sum())
        if again:
            warnings.append(
                f"{again:,} of the {len(mine):,} rows in {name} are also in {names[0]} ({again / len(mine):.1%}), so a model"
                " has seen them. Remove duplicates first, or keep them together with group or key."
            )
    return warnings


def _off(parts: Sequence[SplitPart], rows: int) -> list[str]:
    """Parts whose size is far from what was asked for, as large groups or moments make them."""
    return [
        f"{part.name} has {part.rows / rows:.1%} of the rows instead of {part.fraction:.1%}: rows that stay together are many."
        for part in parts
        if abs(part.rows / rows - part.fraction) > max(0.02, 0.1 * part.fraction) and rows >= 100  # noqa: PLR2004 -- far off, and no rounding
    ]
