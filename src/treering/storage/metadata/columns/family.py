"""Parents and children of runs: the tag `mlflow.parentRunId`, as columns hold it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from treering.entities.lifecycle import View
from treering.entities.run import PARENT_RUN_TAG
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import TextColumn
from treering.storage.metadata.search.syntax import Entity

__all__ = ["children_of", "count_children", "tops"]

Mask = npt.NDArray[np.bool_]


def _parents(block: Block) -> TextColumn | None:
    return block.text(Entity.TAG, PARENT_RUN_TAG)


def children_of(block: Block, parent: str) -> Mask:
    """Which places hold a child of `parent`."""
    column = _parents(block)
    return np.zeros(block.count, np.bool_) if column is None else column.equal(parent, block.count)


def count_children(blocks: Sequence[Block], view: View, run_ids: Sequence[str]) -> list[int]:
    """How many runs of this view have each of these as their parent."""
    counts = dict.fromkeys(run_ids, 0)
    for block in blocks:
        column = _parents(block)
        if column is not None:
            codes = column.codes[: block.count][block.seen(view)]
            by_code = np.bincount(codes[codes >= 0], minlength=len(column.texts))
            for run_id in counts:
                code = column.code(run_id)
                counts[run_id] += int(by_code[code]) if code >= 0 else 0
    return [counts[run_id] for run_id in run_ids]


def tops(blocks: Sequence[Block], view: View) -> list[Mask]:
    """For each block, which places hold a run whose parent is not among the runs of this view."""
    there = [_ids(block, view) for block in blocks]
    masks = []
    for block in blocks:
        column = _parents(block)
        if column is None:
            masks.append(np.ones(block.count, np.bool_))
            continue
        codes = column.codes[: block.count]
        # One more, for -1 to find.
        has_parent = np.zeros(len(column.texts) + 1, np.bool_)
        for code in np.unique(codes[codes >= 0]).tolist():
            text = column.texts[code]
            has_parent[code] = any(known[ids.code(text)] for ids, known in there)
        masks.append(~has_parent[codes])
    return masks


def _ids(block: Block, view: View) -> tuple[TextColumn, Mask]:
    """The column of run ids, and which of its texts are ids of runs of this view; one more, for -1 to find."""
    column = block.text(Entity.ATTRIBUTE, "run_id") or TextColumn(0)
    known = np.zeros(len(column.texts) + 1, np.bool_)
    known[column.codes[: block.count][block.seen(view)]] = True
    return column, known
