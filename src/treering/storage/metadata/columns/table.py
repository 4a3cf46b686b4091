"""Takes a table of runs out of a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from treering.entities import run_table
from treering.entities.run_table import NO_TIME, RunTable
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import Places, TextColumn, Unanswerable
from treering.storage.metadata.search.syntax import Entity

__all__ = ["table_at"]


def table_at(block: Block, places: Places, experiment_id: str, next_token: str) -> RunTable:
    """The runs at `places`, in that order. Raises Unanswerable where long texts were cut."""
    ends = block.time("end_time")
    metrics = {}
    firsts: dict[str, int] = {}
    for key, column in block.metrics().items():
        present = column.present[places]
        if present.any():
            firsts[key] = int(present.argmax())
            metrics[key] = np.where(present, column.last[places], np.nan)
    return RunTable(
        _texts(_attribute(block, "run_id"), places),
        run_table.TextColumn(_sequence(np.zeros(len(places), np.int32)), (experiment_id,)),
        _coded(_attribute(block, "status"), places),
        _texts(_attribute(block, "artifact_uri"), places),
        _sequence(block.time("start_time").values[places]),
        _sequence(np.where(ends.present[places], ends.values[places], NO_TIME)),
        {key: _sequence(metrics[key]) for key in sorted(metrics, key=firsts.__getitem__)},
        _text_columns(block.texts(Entity.PARAM), places),
        _text_columns(block.texts(Entity.TAG), places),
        next_token,
    )


def _attribute(block: Block, name: str) -> TextColumn:
    column = block.text(Entity.ATTRIBUTE, name)
    if column is None:
        raise Unanswerable
    return column


def _text_columns(columns: Mapping[str, TextColumn], places: Places) -> dict[str, run_table.TextColumn]:
    """Those that one of the runs has, in the order in which they come up."""
    firsts = {}
    for key, column in columns.items():
        present = column.codes[places] >= 0
        if present.any():
            firsts[key] = int(present.argmax())
    return {key: _coded(columns[key], places) for key in sorted(firsts, key=firsts.__getitem__)}


def _coded(column: TextColumn, places: Places) -> run_table.TextColumn:
    """With only the texts that are used."""
    column.whole()
    codes = column.codes[places]
    used, inverse = np.unique(codes, return_inverse=True)
    missing = int(used.size > 0 and used[0] < 0)
    texts = [column.texts[code] for code in used[missing:].tolist()]
    return run_table.TextColumn(_sequence((inverse.reshape(-1) - missing).astype(np.int32)), texts)


def _texts(column: TextColumn, places: Places) -> list[str]:
    column.whole()
    return [column.texts[code] for code in column.codes[places].tolist()]


def _sequence(values: npt.NDArray[Any]) -> Any:
    """Arrays are not what the type checker calls sequences, but are used as such."""
    return np.ascontiguousarray(values)
