"""Small models for tests of deployments: each answers with its own number, and one does not answer at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression

from treering import sklearn as flavour
from treering.entities.deployment import Release

__all__ = ["BROKEN", "release", "saved"]

BROKEN = "broken"


def saved(folder: Path, number: float) -> Path:
    """A model that answers with this number."""
    model = LinearRegression()
    model.coef_, model.intercept_ = np.zeros(2), float(number)
    model.n_features_in_ = 2
    flavour.save_model(model, folder / f"model-{number}", input_example=np.zeros((1, 2)))
    return folder / f"model-{number}"


def release(folder: Path, version: str, variant: str = "") -> Release:
    """As it is deployed."""
    return Release(str(folder), "iris", version, f"sha256:{version}", variant=variant or f"v{version}")
