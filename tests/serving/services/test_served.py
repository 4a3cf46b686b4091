"""A service behind the real server: a front with the sockets, and workers that hold the service."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import treering

SHOP = """
import asyncio
import os
import time
from typing import Annotated, Iterator

import numpy as np
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import treering
from treering.validators import DType, Shape


async def hello(request):
    return PlainTextResponse("hello")


@treering.service(traffic={"timeout": 20})
@treering.asgi_app(Starlette(routes=[Route("/models", hello)]), path="/v1")
class Shop:
    @treering.on_deployment
    def note():
        with open("deployed", "a") as file:
            file.write("x")

    @treering.api(batchable=True, max_batch_size=64)
    def double(self, x: Annotated[np.ndarray, Shape((-1, 2)), DType("float64")]) -> np.ndarray:
        with open("batches", "a") as file:
            file.write(f"{len(x)}\\\\n")
        time.sleep(0.02)
        return 2 * x

    @treering.api
    def who(self) -> dict:
        return {"process": os.getpid(), "index": treering.server_context.worker_index}

    @treering.api
    async def wait(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    @treering.api
    async def meet(self, n: int) -> int:
        self.come = getattr(self, "come", 0) + 1
        while self.come < n:
            await asyncio.sleep(0.01)
        return self.come

    @treering.api
    def count(self, n: int) -> Iterator[str]:
        for one in range(n):
            yield f"{one} "

    @treering.api(timeout=0.5)
    def hang(self) -> int:
        time.sleep(600)

    @treering.api
    def die(self) -> int:
        os._exit(1)

    @treering.api
    def see(self, ctx: treering.Context) -> str:
        ctx.response.status_code = 202
        return ctx.request.headers["x-from"]

    @treering.task
    def slow(self, n: int) -> int:
        time.sleep(0.05)
        return n * n
"""

Ask = Callable[[str], Any]


@pytest.fixture
def shop(module: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = module("served_shop", SHOP.replace("\\\\", "\\"))
    monkeypatch.chdir(folder)
    return folder


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_all_that_a_service_does_goes_through_the_server(shop: Path, ask: Ask) -> None:
    with treering.serve("served_shop:Shop", workers=2) as server, treering.SyncHTTPClient(server.url) as client:
        assert client.double(np.ones((3, 2))).tolist() == [[2, 2]] * 3
        assert client.who()["index"] in {1, 2}
        assert client.wait(seconds=0.01) == 0.01
        assert "".join(client.count(4)) == "0 1 2 3 "
        task = client.slow.submit(n=6)
        until(lambda: task.get_status().value == "completed")
        assert task.get() == 36
        asked = ask(server.url)
        answer = asked("POST", "/see", headers={"x-from": "me"})
        assert (answer.status, answer.data) == (202, b"me")
        # The front has something of its own at this path, for models.
        assert asked("GET", "/v1/models").data == b"hello"
        assert asked("GET", "/readyz").status == asked("GET", "/livez").status == 200
        answer = asked("POST", "/double", body=b"{}")
        assert answer.status == 400, answer.data
        assert asked("POST", "/nothing").status == 404
        assert "/double" in asked("GET", "/openapi.json").json()["paths"]
        assert b"/double" in asked("GET", "/metrics").data
    # Two workers, and one deployment.
    assert (shop / "deployed").read_text() == "x"


def test_requests_of_many_clients_go_together(shop: Path) -> None:
    with treering.serve("served_shop:Shop") as server, treering.SyncHTTPClient(server.url) as client:
        found: dict[int, Any] = {}

        def one(index: int) -> None:
            found[index] = client.double([[index, index]]).tolist()

        threads = [threading.Thread(target=one, args=(index,)) for index in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {index: [[2 * index, 2 * index]] for index in range(24)}
    sizes = [int(line) for line in (shop / "batches").read_text().split()]
    assert sum(sizes) == 24
    assert len(sizes) < 24


@pytest.mark.usefixtures("shop")
def test_async_methods_wait_together_in_one_worker() -> None:
    answers: list[int] = []
    with treering.serve("served_shop:Shop") as server, treering.SyncHTTPClient(server.url) as client:
        threads = [threading.Thread(target=lambda: answers.append(client.meet(8))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # Each goes on only when all have come.
    assert answers == [8] * 8


@pytest.mark.usefixtures("shop")
def test_a_method_that_hangs_or_ends_its_worker_harms_no_other_request(ask: Ask) -> None:
    with treering.serve("served_shop:Shop") as server:
        asked = ask(server.url)
        first = asked("POST", "/who").json()["process"]
        assert asked("POST", "/hang").status == 504
        until(lambda: asked("POST", "/who").status == 200)
        second = asked("POST", "/who").json()
        assert second["process"] != first
        # What may have done something already is not asked a second time.
        assert asked("POST", "/die").status == 503
        until(lambda: asked("POST", "/who").status == 200)
        third = asked("POST", "/who").json()
        assert third["process"] != second["process"]
        assert third["index"] == 1


def test_a_service_that_does_not_start_is_told(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = module(
        "broken_shop",
        "import treering\n@treering.service\nclass S:\n    def __init__(self):\n        raise RuntimeError('no model here')\n",
    )
    monkeypatch.chdir(folder)
    with pytest.raises(treering.TreeringError, match="no model here"), treering.serve("broken_shop:S"):
        pass
    with pytest.raises(treering.TreeringError, match="no service 'Nope'"), treering.serve("broken_shop:Nope"):
        pass


@pytest.mark.usefixtures("shop")
def test_a_worker_that_is_killed_is_replaced_and_tasks_say_so(ask: Ask) -> None:
    with treering.serve("served_shop:Shop") as server, treering.SyncHTTPClient(server.url) as client:
        old = client.who()["process"]
        os.kill(old, signal.SIGKILL)
        asked = ask(server.url)
        until(lambda: asked("POST", "/who").status == 200)
        assert json.loads(asked("POST", "/who").data)["process"] != old
        assert client.slow(3) == 9
