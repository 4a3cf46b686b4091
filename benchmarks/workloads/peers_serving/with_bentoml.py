"""The model as a service of BentoML: as a plain method, and as one whose requests it groups itself."""

from __future__ import annotations

import os

import bentoml
import joblib
import numpy as np


@bentoml.service
class Served:
    """One worker, as by default."""

    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self.model.predict(inputs)

    @bentoml.api(batchable=True, max_batch_size=256)
    def grouped(self, inputs: np.ndarray) -> np.ndarray:
        return self.model.predict(inputs)
