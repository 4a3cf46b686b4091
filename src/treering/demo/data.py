"""The demo's data: tumour measurements from Wisconsin, in the three parts that its pipeline makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

__all__ = ["CLASSES", "SEED", "TARGET", "Split", "Splits", "load_splits"]

SEED = 20
TARGET = "malignant"
CLASSES = ("benign", "malignant")


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one part.

    Attributes:
        table: One row per tumour: 30 float columns, and the target, 1 for malignant, 0 for benign.
        file: Where they lie.
    """

    table: pd.DataFrame
    file: Path

    @property
    def features(self) -> pd.DataFrame:
        """All columns but the target."""
        return self.table.drop(columns=TARGET)

    @property
    def target(self) -> pd.Series:
        """In the order of `features`."""
        return self.table[TARGET]


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts: 60, 20 and 20 per cent, stratified, the same in every run."""

    train: Split
    validation: Split
    test: Split


def load_splits(part: Callable[[str], Path]) -> Splits:
    """Read the data.

    Args:
        part: Tells where the rows of `train`, `validation` or `test` lie.
    """
    return Splits(_read(part("train")), _read(part("validation")), _read(part("test")))


def _read(file: Path) -> Split:
    return Split(pd.read_csv(file, float_precision="round_trip"), file)
