"""Words that stream, and an application of FastAPI beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator

import bentoml
from fastapi import FastAPI, WebSocket

app = FastAPI()


@bentoml.service(workers=1, traffic={"concurrency": 16, "timeout": 60})
@bentoml.asgi_app(app, path="/v1")
class Talker:
    def __init__(self) -> None:
        self.model = "parrot"

    @bentoml.on_startup
    async def warm_up(self) -> None:
        await asyncio.sleep(0)
        self.warm = True

    @app.get("/models")
    def models(self, limit: int = 3) -> dict[str, object]:
        return {"data": [self.model] * limit, "warm": self.warm}

    @app.websocket("/ws")
    async def talk(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(self.model + await websocket.receive_text())

    @bentoml.api
    async def generate(self, prompt: str, ctx: bentoml.Context) -> AsyncGenerator[str, None]:
        ctx.response.headers["X-Model"] = self.model
        for word in prompt.split():
            await asyncio.sleep(0)
            yield f"{word} "

    @bentoml.api
    def numbers(self, n: int = 3) -> Generator[str, None, None]:
        for one in range(n):
            yield f"data: {one}\n\n"
