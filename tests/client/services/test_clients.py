"""Clients of services: what they send, what they make of answers, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
import uvicorn
from PIL import Image
from PIL.Image import Image as Picture

import treering
from treering.client.services.connections import Connections
from treering.client.services.messages import Message, Reply, error_of, message_of
from treering.client.services.places import Where, where_of
from treering.core.errors import DeadlineExceeded, InvalidInput, NotFound, NotSupported, Unavailable
from treering.serving.ports import bind
from treering.serving.services.packing import PACKED
from treering.serving.services.validators import DType, Shape


@treering.service
class Shop:
    @treering.api
    def add(self, a: int, b: int = 3) -> int:
        return a + b

    @treering.api
    def scale(self, x: Annotated[np.ndarray, Shape((-1, 2)), DType("float32")], by: float = 2.0) -> np.ndarray:
        return x * by

    @treering.api
    def shout(self, text: str, /) -> str:
        return text.upper()

    @treering.api
    def turn(self, body: bytes, /) -> bytes:
        return body[::-1]

    @treering.api
    def shrink(self, picture: Picture, size: int = 2) -> Picture:
        return picture.resize((size, size))

    @treering.api
    def join(self, files: list[Path], end: str = "") -> str:
        return "".join(one.read_text() for one in files) + end

    @treering.api
    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(b=rows["a"] + 1)

    @treering.api
    def count(self, n: int) -> Generator[str, None, None]:
        for one in range(n):
            yield f"{one},"

    @treering.api
    async def letters(self, text: str) -> AsyncGenerator[str, None]:
        for one in text:
            yield one

    @treering.api
    async def slow(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return 1

    @treering.task
    def square(self, n: int) -> int:
        return n * n


@contextmanager
def listening(app: Any, *, path: str = "") -> Iterator[str]:
    if path:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        url = f"unix://{path}"
    else:
        listener = bind("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with listening(Shop.to_asgi()) as found:
        yield found


def _called(url: str, call: Callable[[Any], Any], **options: Any) -> list[Any]:
    """What both clients make of a call, in both ways of writing."""
    found = []
    for media_type in ("application/json", PACKED):
        with treering.SyncHTTPClient(url, media_type=media_type, **options) as client:
            value = call(client)
            found.append(list(value) if isinstance(value, Iterator) else value)

        async def ask(media_type: str = media_type) -> Any:
            async with treering.AsyncHTTPClient(url, media_type=media_type, **options) as client:
                value = call(client)
                if hasattr(value, "__aiter__"):
                    return [one async for one in value]
                return await value

        found.append(asyncio.run(ask()))
    return found


def test_values_are_of_the_types_that_the_service_tells(url: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    picture = Image.new("RGB", (8, 8))
    rows = np.array([[1, 2], [3, 4]], "float32")
    assert _called(url, lambda client: client.add(1)) == [4] * 4
    assert _called(url, lambda client: client.add(b=1, a=1)) == [2] * 4
    assert all(one.tolist() == [[2, 4], [6, 8]] for one in _called(url, lambda client: client.scale(rows)))
    assert all(one.tolist() == [[3, 3]] for one in _called(url, lambda client: client.scale([1, 1], by=3)))
    assert _called(url, lambda client: client.shout("hi")) == ["HI"] * 4
    assert _called(url, lambda client: client.turn(b"\xffab")) == [b"ba\xff"] * 4
    assert all(one.size == (3, 3) for one in _called(url, lambda client: client.shrink(picture, size=3)))
    files = [tmp_path / "a.txt", str(tmp_path / "b.txt")]
    assert _called(url, lambda client: client.join(files, end="!")) == ["onetwo!"] * 4
    frames = _called(url, lambda client: client.frame(pd.DataFrame({"a": [1, 2]})))
    assert all(one.to_dict("list") == {"a": [1, 2], "b": [2, 3]} for one in frames)


def test_streams_are_looped_over(url: str) -> None:
    assert ["".join(one) for one in _called(url, lambda client: client.count(3))] == ["0,1,2,"] * 4
    assert ["".join(one) for one in _called(url, lambda client: client.letters("abc"))] == ["abc"] * 4


def test_an_error_of_the_service_is_raised_as_what_it_is(url: str) -> None:
    with treering.SyncHTTPClient(url) as client:
        with pytest.raises(treering.exceptions.InvalidArgument, match="a: Expected `int`"):
            client.add("x")
        with pytest.raises(InvalidInput, match=r"are missing: a\. It takes a, b"):
            client.add()
        with pytest.raises(InvalidInput, match="are unknown: c"):
            client.add(1, c=2)
        with pytest.raises(InvalidInput, match="given twice: a"):
            client.add(1, a=2)
        with pytest.raises(InvalidInput, match="takes 2 arguments, and 3"):
            client.add(1, 2, 3)
        with pytest.raises(AttributeError, match=r"no method 'subtract'\. It has: add"):
            client.subtract(1)
        with pytest.raises(NotFound, match="no method 'subtract'"):
            client.call("subtract")
        assert client.request("GET", "/nothing").status == 404


def test_a_task_is_submitted_and_fetched(url: str) -> None:
    with treering.SyncHTTPClient(url) as client:
        assert client.square(3) == 9
        task = client.square.submit(n=4)
        while task.get_status().value == "in_progress":
            pass
        assert task.get() == client.square.get(task.id) == 16


def test_many_requests_go_over_few_connections(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Where] = []
    real = Connections._connected

    async def counted(self: Connections) -> Any:
        opened.append(self._where)
        return await real(self)

    monkeypatch.setattr(Connections, "_connected", counted)

    async def main() -> None:
        async with treering.AsyncHTTPClient(url) as client:
            for _ in range(10):
                await client.add(1)
            assert len(opened) == 1
            assert await asyncio.gather(*(client.add(one) for one in range(8))) == [one + 3 for one in range(8)]

    asyncio.run(main())
    assert len(opened) <= 8


def test_what_takes_too_long_or_is_not_there_is_told(url: str) -> None:
    with (
        treering.SyncHTTPClient(url, timeout=3, server_ready_timeout=30) as client,
        pytest.raises(DeadlineExceeded, match=r"within 3 seconds"),
    ):
        client.slow(90)

    async def late() -> None:
        async with treering.AsyncHTTPClient(url, timeout=3, server_ready_timeout=30) as client:
            with pytest.raises(DeadlineExceeded):
                await client.slow(90)

    asyncio.run(late())
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    nowhere = f"http://127.0.0.1:{port}"
    with pytest.raises(Unavailable, match="not ready after"):
        treering.SyncHTTPClient(nowhere, server_ready_timeout=0.2)
    with pytest.raises(Unavailable, match="cannot be reached"):
        treering.SyncHTTPClient(nowhere, server_ready_timeout=0)

    async def absent() -> None:
        async with treering.AsyncHTTPClient(nowhere, server_ready_timeout=0):
            pass

    with pytest.raises(Unavailable, match="cannot be reached"):
        asyncio.run(absent())


def test_a_client_outside_of_its_block_knows_no_methods(url: str) -> None:
    with pytest.raises(NotSupported, match="async with"):
        treering.AsyncHTTPClient(url).add  # noqa: B018 -- looking it up is the test


def test_a_socket_of_the_machine_is_an_address_too(tmp_path: Path) -> None:
    with listening(Shop.to_asgi(), path=str(tmp_path / "s")) as url:
        assert _called(url, lambda client: client.add(1)) == [4] * 4


def test_only_a_token_that_is_given_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[bytes, bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        seen.append(dict(scope["headers"]))
        body = b'{"routes": []}' if scope["path"] == "/schema.json" else b""
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    monkeypatch.setenv("BENTO_CLOUD_API_KEY", "secret")
    with listening(app) as url:
        treering.SyncHTTPClient(url).close()
        assert all(b"authorization" not in one for one in seen)
        treering.SyncHTTPClient(url, token="t").close()
        assert seen[-1][b"authorization"] == b"Bearer t"


def test_what_is_no_service_is_told_so() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})

    with listening(app) as url, pytest.raises(NotSupported, match="no service"):
        treering.SyncHTTPClient(url)


@pytest.mark.parametrize("url", ["", "ftp://a", "http://", "http://a:b", "service:8000"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no address of a service"):
        where_of(url)


def test_an_address_may_have_a_path_and_be_of_the_sixth_version() -> None:
    assert where_of("http://[::1]:80/base/").authority == "[::1]"
    assert where_of("https://a.example/base/") == Where("a.example", 443, secure=True, base="/base")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, treering.exceptions.InvalidArgument),
        (503, treering.TreeringError),
        (404, NotFound),
        (504, DeadlineExceeded),
    ],
)
def test_a_status_becomes_an_error_of_its_class(status: int, kind: Any) -> None:
    error = error_of(Reply(status, {}, b'{"error": "so"}'))
    assert isinstance(error, kind)
    assert int(error.status) == status
    assert error.message == "so"


def test_an_argument_that_is_no_file_is_refused_before_anything_is_sent(url: str) -> None:
    with treering.SyncHTTPClient(url) as client:
        with pytest.raises(InvalidInput, match="as a path, bytes"):
            client.shrink(3)
        found = message_of(client.endpoints["shrink"], (b"x",), {})
        assert isinstance(found, Message)
        assert found.content_type.startswith("multipart/form-data")
