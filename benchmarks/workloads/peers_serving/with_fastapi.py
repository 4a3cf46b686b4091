"""What a careful user writes by hand: FastAPI on uvicorn with its fast parser and loop, one process, the model in the handler."""

from __future__ import annotations

import os

import joblib
import numpy as np
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

model = joblib.load(os.environ["MODEL"])
app = FastAPI()


class Rows(BaseModel):
    """The body."""

    inputs: list[list[float]]


# A plain `def` would go to a pool of threads, which is slower for a model as quick as this one.
@app.post("/predict")
async def predict(rows: Rows) -> dict[str, list[int]]:
    return {"predictions": model.predict(np.array(rows.inputs)).tolist()}


@app.post("/raw")
async def raw(request: Request) -> Response:
    rows = np.frombuffer(await request.body(), "<f8").reshape(-1, 30)
    return Response(model.predict(rows).tobytes(), media_type="application/octet-stream")
