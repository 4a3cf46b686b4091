"""A service in BentoML's words with methods of several kinds."""

from __future__ import annotations

import typing as t
from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
from pydantic import BaseModel, Field


class Point(BaseModel):
    x: float
    y: float = Field(default=1.0, ge=0)


@bentoml.service(traffic={"timeout": 30})
class Summing:
    def __init__(self) -> None:
        self.offset = 1

    @bentoml.api
    def add(self, a: int, b: int = 2) -> int:
        return a + b + self.offset

    @bentoml.api
    def shout(self, text: str) -> str:
        return text.upper()

    @bentoml.api(batchable=True)
    def double(self, rows: np.ndarray) -> np.ndarray:
        return rows * 2

    @bentoml.api
    def frame(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(c=table["a"] + table["b"])

    @bentoml.api
    def move(self, point: Point, by: float) -> Point:
        return Point(x=point.x + by, y=point.y + by)

    @bentoml.api
    def root(self, point: Point, /) -> dict[str, float]:
        return {"sum": point.x + point.y}

    @bentoml.api
    async def count(self, upto: int) -> t.AsyncGenerator[str, None]:
        for number in range(upto):
            yield f"{number};"

    @bentoml.api
    def size(self, file: Path) -> int:
        return len(file.read_bytes())

    @bentoml.api(route="/elsewhere")
    def moved(self, words: list[str]) -> list[str]:
        return sorted(words)

    @bentoml.api
    def fail(self, text: str) -> str:
        raise ValueError(text)

    @bentoml.task
    def slow(self, text: str) -> str:
        return text[::-1]
