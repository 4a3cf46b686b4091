"""The demo's small grid: three families of classifiers, each trained step by step so that it has a curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from treering.demo.data import SEED, Splits

__all__ = ["CAUTIOUS", "GRID", "Candidate", "Step"]

EPOCHS = 60
ROUNDS = 80


@dataclass(frozen=True, slots=True)
class Step:
    """Where training stands after one epoch or boosting round.

    Attributes:
        train: Probability of the target for each row of the training split, shape (rows,).
        validation: The same for the validation split.
    """

    number: int
    train: NDArray[np.float64]
    validation: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cell of the grid; the name is short enough to be read whole in a table."""

    name: str
    family: str
    settings: dict[str, Any]

    def train(self, splits: Splits, fitted: list[Pipeline]) -> Iterator[Step]:
        """Train step by step; the finished pipeline is appended to `fitted`."""
        scaler = StandardScaler().fit(splits.train.features)
        train, validation = scaler.transform(splits.train.features), scaler.transform(splits.validation.features)
        model = self._estimator()
        if isinstance(model, GradientBoostingClassifier):
            model.fit(train, splits.train.target)
            curves = zip(model.staged_predict_proba(train), model.staged_predict_proba(validation), strict=True)
            for number, (on_train, on_validation) in enumerate(curves):
                yield Step(number, on_train[:, 1], on_validation[:, 1])
        else:
            for number in range(EPOCHS):
                model.partial_fit(train, splits.train.target, classes=[0, 1])
                yield Step(number, model.predict_proba(train)[:, 1], model.predict_proba(validation)[:, 1])
        fitted.append(Pipeline([("scale", scaler), ("model", model)]))

    def _estimator(self) -> GradientBoostingClassifier | SGDClassifier | MLPClassifier:
        if self.family == "boosting":
            return GradientBoostingClassifier(n_estimators=ROUNDS, subsample=0.8, random_state=SEED, **self.settings)
        if self.family == "logistic":
            return SGDClassifier(loss="log_loss", random_state=SEED, **self.settings)
        return MLPClassifier(
            hidden_layer_sizes=(self.settings["hidden"],), alpha=1e-3, learning_rate_init=3e-3, random_state=SEED
        )


CAUTIOUS = "logistic-a0.3"
"""The candidate that is in use before the others come."""
GRID = (
    Candidate("logistic-a0.0001", "logistic", {"alpha": 0.0001}),
    Candidate("logistic-a0.01", "logistic", {"alpha": 0.01}),
    Candidate(CAUTIOUS, "logistic", {"alpha": 0.3}),
    Candidate("mlp-h8", "mlp", {"hidden": 8}),
    Candidate("mlp-h32", "mlp", {"hidden": 32}),
    Candidate("boosting-lr0.05-d2", "boosting", {"learning_rate": 0.05, "max_depth": 2}),
    Candidate("boosting-lr0.05-d3", "boosting", {"learning_rate": 0.05, "max_depth": 3}),
    Candidate("boosting-lr0.3-d2", "boosting", {"learning_rate": 0.3, "max_depth": 2}),
)
