"""`treering.data.split`: a table into parts, the same ones each time, with a record of how."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from treering.client.columns_of_data import GivenTable, given_table
from treering.client.content_calls import log_text
from treering.client.datasets import from_file, from_numpy, from_pandas
from treering.client.log import log_input, set_tag
from treering.client.runs import active_run
from treering.core.errors import DamagedData, InvalidInput
from treering.preparation.record import SPLIT_TAG, SplitPart, SplitRecord, from_json, record_of, to_json
from treering.preparation.splits import SplitOptions, fractions_of, split_rows
from treering.storage.tables.hashing import hashes_of, joined

__all__ = ["DataSplit", "split"]

_RECORD = "split.json"


class DataSplit:
    """The parts of a table: by name (`split["train"]`, `split.train`), or in order (`train, test = split`).

    Attributes:
        record: How it was made, with digests.
    """

    def __init__(self, parts: Mapping[str, Any], record: SplitRecord) -> None:
        self._parts = dict(parts)
        self.record = record

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts.values())

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, name: str) -> Any:
        try:
            return self._parts[name]
        except KeyError:
            msg = f"There is no part {name!r}; there are {', '.join(self._parts)}."
            raise InvalidInput(msg) from None

    def __getattr__(self, name: str) -> Any:
        parts = self.__dict__.get("_parts", {})
        if name in parts:
            return parts[name]
        msg = f"There is no part {name!r}; there are {', '.join(parts)}."
        raise AttributeError(msg)

    def __repr__(self) -> str:
        told = ", ".join(f"{part.name} {part.rows:,}" for part in self.record.parts)
        return f"<{self.record.method} split of {self.record.source}: {told}>"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could make a model look better than it is."""
        return self.record.warnings


def split(  # noqa: PLR0913 - handed on by the call that people see
    data: Any,
    fractions: float | Sequence[float] | Mapping[str, float],
    ways: Mapping[str, str | None],
    seed: int,
    *,
    out: str | PathLike[str] | None = None,
    name: str | None = None,
    log: bool | None = None,
) -> DataSplit:
    """See `treering.data.split`; `ways` are its arguments `stratify`, `group`, `time` and `key`."""
    options = SplitOptions(fractions_of(fractions), seed=seed, **{way: column or "" for way, column in ways.items()})
    table = given_table(data)
    unknown = [column for column in options.columns.values() if column not in table.names]
    if unknown:
        msg = f"There is no column {unknown[0]!r} in {table.name!r}. It has {', '.join(table.names)}."
        raise InvalidInput(msg)
    hashes, columns = _read(table, list(options.columns.values()))
    parts = split_rows(len(hashes), columns, options)
    if table.file is None:
        if out is not None:
            msg = "Only files are written into a folder. Leave `out` away, or give a path as data."
            raise InvalidInput(msg)
        record = record_of(name or table.name, hashes, parts, options)
        made = DataSplit(
            {part: _taken(data, np.flatnonzero(parts == place)) for place, part in enumerate(options.fractions)}, record
        )
    else:
        made = _written(
            table, Path(data), Path(out) if out is not None else Path(data).parent, (hashes, parts, options)
        )
    if log or (log is None and active_run() is not None):
        _log(made, name or table.name, None if table.file is None else str(data))
    return made


def _read(table: GivenTable, wanted: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """One number for each row, and the columns that the split goes by."""
    hashes, kept = [], []
    for piece in table.pieces():
        hashes.append(joined([hashes_of(column) for column in piece.values()]))
        kept.append({name: piece[name] for name in wanted})
    if not hashes:
        msg = f"{table.name!r} has no rows, so there is nothing to split."
        raise InvalidInput(msg)
    return np.concatenate(hashes), {name: _together([one[name] for one in kept]) for name in wanted}


def _together(pieces: list[Any]) -> Any:
    kinds = {piece.dtype.kind for piece in pieces}
    return np.concatenate(pieces if len(kinds) == 1 or kinds <= set("biuf") else [one.astype(object) for one in pieces])


def _taken(data: Any, rows: Any) -> Any:
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if isinstance(data, Mapping):
        return {name: np.asarray(column)[rows] for name, column in data.items()}
    if hasattr(data, "to_pandas"):  # Arrow takes arrays, Polars lists of places
        return data.take(rows) if hasattr(data, "take") else data[rows.tolist()]
    return np.asarray(data)[rows]


def _written(table: GivenTable, path: Path, folder: Path, made: tuple[Any, Any, SplitOptions]) -> DataSplit:
    """The parts as files beside each other; each appears when it is whole, and the record last."""
    hashes, parts, options = made
    folder.mkdir(parents=True, exist_ok=True)
    stem, ending = _stem(path)
    targets = [folder / f"{stem}.{name}{ending}" for name in options.fractions]
    # The end of a name says whether a file is packed, so it stays.
    passing = [target.with_name(f".{os.getpid()}.{target.name}") for target in targets]
    record = record_of(path.name, hashes, parts, options, [target.name for target in targets])
    told = folder / f"{stem}.{_RECORD}"
    note = told.with_name(f"{told.name}.{os.getpid()}.part")
    record = replace(record, warnings=(*record.warnings, *_left_over(told, {target.name for target in targets})))
    try:
        if table.file is not None:
            table.file.divide(parts, passing)
        note.write_text(to_json(record), "utf-8")
        for part, target in zip(passing, targets, strict=True):
            part.replace(target)
        note.replace(told)
    finally:
        for part in (*passing, note):
            part.unlink(missing_ok=True)
    return DataSplit(dict(zip(options.fractions, targets, strict=True)), record)


def _left_over(record: Path, targets: set[str]) -> Iterator[str]:
    """Parts of an earlier split that stay beside the new ones: their rows are in these, too."""
    try:
        earlier = from_json(record.read_bytes(), str(record))
    except (DamagedData, FileNotFoundError):
        return
    for part in earlier.parts:
        if part.path not in targets and (record.parent / Path(part.path).name).is_file():
            yield f"{part.path} is of an earlier split, and its rows are in these parts, too. Remove it."


def _stem(path: Path) -> tuple[str, str]:
    """The name without its end, and the end, `.gz` with it."""
    packed = ".gz" if path.name.lower().endswith(".gz") else ""
    plain = Path(path.name[: len(path.name) - len(packed)])
    return plain.stem, plain.suffix + path.name[len(path.name) - len(packed) :]


def _log(made: DataSplit, name: str, source: str | None) -> None:
    record = made.record
    for part, content in zip(record.parts, made, strict=True):
        tags = {"treering.split.digest": part.digest, "treering.split.seed": str(record.seed)}
        log_input(_described(part, content, name, source), context=part.name, tags=tags)
    set_tag(SPLIT_TAG, json.dumps(json.loads(to_json(record)), ensure_ascii=False, separators=(",", ":")))
    log_text(to_json(record), _RECORD)


def _described(part: SplitPart, content: Any, name: str, source: str | None) -> Any:
    called = f"{name}.{part.name}"
    if isinstance(content, Path):
        return from_file(content)
    if hasattr(content, "iloc"):
        return from_pandas(content, source=source, name=called, digest=part.digest)
    if hasattr(content, "to_pandas"):
        return from_pandas(content.to_pandas(), source=source, name=called, digest=part.digest)
    return from_numpy(content, source=source, name=called, digest=part.digest)
