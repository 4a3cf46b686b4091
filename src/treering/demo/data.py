"""The demo's data: tumour measurements from Wisconsin, which ship inside scikit-learn, in three splits."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

__all__ = ["CLASSES", "SEED", "SOURCE", "Split", "Splits", "load_splits"]

SEED = 20
CLASSES = ("malignant", "benign")
SOURCE = "sklearn.datasets.load_breast_cancer"


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one split.

    Attributes:
        features: One row per tumour, 30 float columns.
        target: 0 malignant, 1 benign, in the order of `features`.
    """

    name: str
    features: pd.DataFrame
    target: pd.Series

    @property
    def table(self) -> pd.DataFrame:
        """Features and target side by side."""
        return self.features.assign(target=self.target)


@dataclass(frozen=True, slots=True)
class Splits:
    """The three splits: 60, 20 and 20 per cent, stratified, the same in every run."""

    train: Split
    validation: Split
    test: Split


def load_splits() -> Splits:
    """Read and split the data."""
    features, target = load_breast_cancer(return_X_y=True, as_frame=True)
    fit_x, test_x, fit_y, test_y = train_test_split(features, target, test_size=0.2, stratify=target, random_state=SEED)
    train_x, val_x, train_y, val_y = train_test_split(fit_x, fit_y, test_size=0.25, stratify=fit_y, random_state=SEED)
    return Splits(Split("train", train_x, train_y), Split("validation", val_x, val_y), Split("test", test_x, test_y))
