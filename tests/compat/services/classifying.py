"""A classifier of arrays that batches, as BentoML's introduction has it."""

from __future__ import annotations

from typing import Annotated

import bentoml
import numpy as np
from bentoml.validators import DType, Shape

runtime_image = bentoml.images.Image(python_version="3.11").python_packages("numpy")


@bentoml.service(image=runtime_image, resources={"cpu": "2"}, traffic={"timeout": 10, "max_concurrency": 32})
class IrisClassifier:
    """Tells irises apart."""

    def __init__(self) -> None:
        self.weights = np.array([[0.1, 0.4, -0.5], [0.2, -0.3, 0.1], [-0.7, 0.2, 0.6], [-0.3, -0.2, 0.9]])

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=16, max_latency_ms=1000)
    def predict(self, inputs: Annotated[np.ndarray, Shape((-1, 4)), DType("float64")]) -> np.ndarray:
        """The class of each flower."""
        return (inputs @ self.weights).argmax(axis=1)

    @bentoml.api
    def classify(self, input_series: np.ndarray) -> np.ndarray:
        return self.predict(input_series)

    @bentoml.api(route="/probabilities")
    async def predict_proba(self, inputs: np.ndarray, digits: int = 3) -> list[list[float]]:
        scores = np.exp(inputs @ self.weights)
        return (scores / scores.sum(axis=1, keepdims=True)).round(digits).tolist()
