"""Batch scoring on more than one machine: a model as what Ray Data maps over batches.

Nothing here imports Ray: a data set brings its methods with it, and Ray brings the class
to its workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from treering.models.load_options import LoadOptions
from treering.models.loading import load
from treering.models.scoring.answers import as_table, beside
from treering.models.scoring.job import Recipe
from treering.models.scoring.shaping import Shape

__all__ = ["FolderPredictor"]

_HERE = "the data set"


class FolderPredictor:
    """A model that takes Arrow tables and gives them back with its predictions.

    Args:
        folder: The model's, on the machine where this is made.
        columns: The columns that the model is given; empty: those of its signature, or all.
        keep: Columns that stand before the predictions; `*` stands for all.

    Raises:
        TreeringError: If the model cannot be loaded.
    """

    def __init__(
        self,
        folder: str | Path,
        columns: Sequence[str] = (),
        keep: Sequence[str] = ("*",),
        params: Mapping[str, Any] | None = None,
        loading: LoadOptions | None = None,
    ) -> None:
        self._model = load(Path(folder), loading)
        self._shape = Shape(self._model.signature, Recipe(str(folder), "", "", tuple(columns), tuple(keep)))
        self._params = dict(params or {})

    def __call__(self, batch: Any) -> Any:
        """Predictions for a table.

        Raises:
            InvalidInput: If columns are missing, or one that is kept has the name of a prediction.
        """
        table = batch if isinstance(batch, pa.Table) else pa.table(batch)
        there = table.column_names
        asked, kept = self._shape.asked(there, _HERE), self._shape.kept(there, _HERE)
        table = table.combine_chunks()
        answers = as_table(self._model.predict(self._shape.data(table, asked), self._params or None), table.num_rows)
        return beside(table, kept, answers)
