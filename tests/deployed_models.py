"""Small models for tests of deployments: each answers with its own number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression

from treering import sklearn as flavour
from treering.entities.deployment import Release

__all__ = ["constant", "release", "saved"]


def constant(number: float, features: int = 2) -> LinearRegression:
    """A model that answers with this number, if it is given so many columns."""
    model = LinearRegression()
    model.coef_, model.intercept_ = np.zeros(features), float(number)
    model.n_features_in_ = features
    return model


def saved(folder: Path, number: float, features: int = 2) -> Path:
    """The folder of such a model."""
    place = folder / f"model-{number}"
    flavour.save_model(constant(number, features), place, input_example=np.zeros((1, features)))
    return place


def release(folder: Path, version: str, variant: str = "") -> Release:
    """As it is deployed."""
    return Release(str(folder), "iris", version, f"sha256:{version}", variant=variant or f"v{version}")
