"""The services, over a front that asks a host in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import NotFound
from treering.serving.hosting import Answer, Call, Route
from treering.serving.models.host import open_host
from treering.serving.refusing import refusal_of

grpc = pytest.importorskip("grpc")

TRUSTING = {"allow_code": True, "quiet": True}


class HostFront:
    """A front without queues: a host, asked in the loop."""

    def __init__(self, **folders: Path) -> None:
        models = [{"name": name, "version": "1", "folder": str(folder)} for name, folder in folders.items()]
        self.host = open_host({"models": models, "loading": TRUSTING})
        self.is_ready = True
        self.asked: list[Any] = []

    def ready(self) -> bool:
        return self.is_ready

    def models(self) -> Sequence[Mapping[str, Any]]:
        return self.host.offer().models

    async def ask(self, asking: Any) -> tuple[Answer, Sequence[tuple[bytes, bytes]]]:
        self.asked.append(asking)
        path = asking.path if "/versions/" in asking.path else asking.path.replace("/infer", "/versions/1/infer")
        routes: dict[str, Route] = {one.path: one for one in self.host.offer().routes}
        if path not in routes:
            return refusal_of(NotFound(f"Nothing is at {path}.")), ()
        headers = ((b"inference-header-content-length", b"%d" % asking.head_length),)
        call = Call(asking.request_id, b"application/octet-stream", asking.body, headers)
        return self.host.answer(routes[path], [call])[0], ((b"x-treering-version", b"1"),)


@pytest.fixture
def listen() -> Iterator[Callable[[Any], str]]:
    """Serve a front in a thread; the answer is where."""
    from treering.serving.grpc.server import start  # noqa: PLC0415 -- needs the extra

    with ExitStack() as stack:

        def serve(front: Any) -> str:
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever)
            thread.start()
            listening = asyncio.run_coroutine_threadsafe(start(front, "127.0.0.1", 0), loop).result(30)

            def stop() -> None:
                asyncio.run_coroutine_threadsafe(listening.stop(1.0), loop).result(30)
                loop.call_soon_threadsafe(loop.stop)
                thread.join()
                loop.close()

            stack.callback(stop)
            return f"127.0.0.1:{listening.port}"

        yield serve
