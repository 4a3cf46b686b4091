"""The model that all servers serve, trained and saved by the environment that this runs in: the very same everywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def train() -> tuple[Any, np.ndarray]:
    """A scaler and a logistic regression of 30 columns, and rows to ask it."""
    rows, target = load_breast_cancer(return_X_y=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target), rows


if __name__ == "__main__":
    model, _ = train()
    joblib.dump(model, Path(sys.argv[1]))
