"""What takes long is submitted."""

from __future__ import annotations

import asyncio
import time

import bentoml
from PIL import Image as im
from PIL.Image import Image


@bentoml.service(traffic={"timeout": 600}, labels={"owner": "team", "kind": "demo"})
class Generator:
    @bentoml.task
    def generate(self, prompt: str, steps: int = 1) -> Image:
        time.sleep(0.01 * steps)
        return im.new("RGB", (len(prompt), steps))

    @bentoml.task
    async def wait(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    @bentoml.task
    def refuse(self, why: str) -> str:
        raise bentoml.exceptions.BadInput(why)
