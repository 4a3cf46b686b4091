"""Services that depend on each other, data frames, and what is done at the start."""

from __future__ import annotations

import typing as t

import bentoml
import numpy as np
import pandas as pd
import pydantic
from bentoml.validators import DataframeSchema

Table = t.Annotated[pd.DataFrame, DataframeSchema(orient="records", columns=["width", "length"])]


class Sample(bentoml.IODescriptor):
    values: np.ndarray
    name: str = "a"


@bentoml.service
class Preprocessing:
    @bentoml.api
    def scale(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame / 10

    @bentoml.api
    async def norm(self, x: np.ndarray) -> float:
        return float(np.linalg.norm(x))


@bentoml.service(envs=[{"name": "MODE", "value": "test"}])
class Scoring:
    def __init__(self) -> None:
        self.bias = 0.5

    @bentoml.api
    def score(self, frame: pd.DataFrame) -> np.ndarray:
        return frame.to_numpy().sum(axis=1) + self.bias


@bentoml.service(traffic={"timeout": 20})
class Pipeline:
    preprocessing = bentoml.depends(Preprocessing)
    scoring = bentoml.depends(Scoring)

    @bentoml.on_deployment
    def prepare() -> None:
        print("prepared")

    @bentoml.on_shutdown
    def end(self) -> None:
        self.ended = True

    def __is_ready__(self) -> bool:
        return True

    @bentoml.api
    def predict(self, frame: Table) -> np.ndarray:
        return self.scoring.score(self.preprocessing.scale(frame))

    @bentoml.api
    async def norm(self, x: np.ndarray) -> float:
        return await self.preprocessing.norm(x)

    @bentoml.api(input_spec=Sample)
    def sample(self, **params: t.Any) -> dict[str, t.Any]:
        return {"sum": float(params["values"].sum()), "name": params["name"]}

    @bentoml.api
    def sampled(self, sample: Sample) -> Sample:
        return Sample(values=sample.values * 2, name=sample.name)

    @bentoml.api
    def settings(self) -> dict[str, pydantic.PositiveInt]:
        return {"index": bentoml.server_context.worker_index}
