"""A service over ASGI: streams, contexts, files, mounted applications, limits."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.Image import Image as Picture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

import treering
from treering.serving.services.host import ServiceHost

Serve = Callable[..., str]
Ask = Callable[[str], Any]

HELD = threading.Event()
ENDED = threading.Event()


async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"path": request.url.path, "root": request.scope["root_path"]})


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        text = await socket.receive_text()
        await socket.send_text(text.upper())
        if text == "end":
            await socket.close()
            return


def old(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    start("201 Created", [("Content-Type", "text/plain"), ("X-Old", "yes")])
    return [environ["PATH_INFO"].encode(), b" ", environ["wsgi.input"].read()]


LIVES: list[str] = []


class _Lives:
    """A lifespan that is noted."""

    def __init__(self, app: Any) -> None:
        del app

    async def __aenter__(self) -> None:
        LIVES.append("began")

    async def __aexit__(self, *_: object) -> None:
        LIVES.append("ended")


@treering.service(traffic={"timeout": 20, "max_concurrency": 2, "max_body": 1_000_000})
@treering.asgi_app(
    Starlette(routes=[Route("/hello", hello), WebSocketRoute("/echo", echo)], lifespan=_Lives), path="/inner"
)
class Shop:
    def __init__(self) -> None:
        self.well = True

    def __is_ready__(self) -> bool:
        return self.well

    @treering.api
    def add(self, a: int) -> int:
        return a + 1

    @treering.api
    def count(self, n: int) -> Generator[str, None, None]:
        for one in range(n):
            if one == 5:
                msg = "five"
                raise ValueError(msg)
            yield str(one)

    @treering.api
    async def forever(self) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "x" * 1000
                await asyncio.sleep(0.001)
        finally:
            ENDED.set()

    @treering.api
    def none(self) -> Generator[str, None, None]:
        msg = "before anything"
        raise treering.exceptions.BadInput(msg)
        yield "never"

    @treering.api
    def about(self, ctx: treering.Context, name: str = "x") -> str:
        ctx.response.status_code = 202
        ctx.response.headers["X-Name"] = name
        ctx.response.set_cookie("seen", "1", httponly=True)
        return f"{ctx.request.headers['x-from']} {ctx.request.query_params['q']}"

    @treering.api
    def shrink(self, picture: Picture, size: int = 2) -> Picture:
        return picture.resize((size, size))

    @treering.api
    def keep(self, notes: list[Path], ctx: treering.Context) -> str:
        assert all(str(one).startswith(ctx.temp_dir) for one in notes)
        return " ".join(one.read_text() for one in notes) + f"|{ctx.temp_dir}"

    @treering.api
    def written(self, name: str) -> Path:
        path = Path(Shop.context.temp_dir) / name
        path.write_bytes(b"content")
        return path

    @treering.api(timeout=0.2)
    async def late(self) -> int:
        await asyncio.sleep(30)
        return 1

    @treering.api
    async def hold(self) -> int:
        await asyncio.to_thread(HELD.wait)
        return 1

    @treering.api
    def own(self) -> PlainTextResponse:
        return PlainTextResponse("own", 418, {"x-own": "1"})


def test_methods_answer(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Shop))
    answer = asked("POST", "/add", body=b'{"a": 1}')
    assert (answer.status, answer.data) == (200, b"2")
    assert asked("GET", "/add").status == 405
    assert asked("POST", "/nothing").status == 404
    assert json.loads(asked("GET", "/schema.json").data)["name"] == "Shop"
    own = asked("POST", "/own")
    assert (own.status, own.data, own.headers["x-own"]) == (418, b"own", "1")


def test_a_stream_comes_in_pieces_and_breaks_off_where_it_fails(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Shop))
    answer = asked("POST", "/count", body=b'{"n": 3}')
    assert answer.data == b"012"
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    # A stream that fails must not look like one that ended.
    with pytest.raises(Exception, match=r"(?i)incomplete|broken|ended prematurely"):
        asked("POST", "/count", body=b'{"n": 9}')
    assert asked("POST", "/none").status == 400


def test_a_stream_ends_when_its_client_has_gone(serve: Serve, ask: Ask) -> None:
    ENDED.clear()
    asked = ask(serve(Shop))
    answer = asked("POST", "/forever", preload_content=False)
    assert answer.read(2000)
    answer.close()
    assert ENDED.wait(20)


def test_a_method_sees_its_request_and_says_more_than_its_value(serve: Serve, ask: Ask) -> None:
    answer = ask(serve(Shop))("POST", "/about?q=7", body=b'{"name": "n"}', headers={"X-From": "me"})
    assert (answer.status, answer.data) == (202, b"me 7")
    assert answer.headers["x-name"] == "n"
    assert "seen=1; HttpOnly" in answer.headers["set-cookie"]


def test_images_and_files_come_in_forms_and_go_as_bodies(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Shop))
    stored = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stored, "PNG")
    answer = asked("POST", "/shrink", fields={"picture": ("a.png", stored.getvalue(), "image/png"), "size": "4"})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.data)).size == (4, 4)
    fields = [("notes", ("a.txt", b"one", "text/plain")), ("notes", ("b.txt", b"two", "text/plain"))]
    text, _, folder = asked("POST", "/keep", fields=fields).data.decode().partition("|")
    assert text == "one two"
    assert not Path(folder).exists()
    answer = asked("POST", "/written", body=b'{"name": "a b.csv"}')
    assert answer.data == b"content"
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.csv"'


def test_what_comes_too_late_or_too_many_or_too_long_is_told_so(serve: Serve, ask: Ask) -> None:
    HELD.clear()
    asked = ask(serve(Shop))
    assert asked("POST", "/late").status == 504
    assert asked("POST", "/add", body=b" " * 1_000_001).status == 413
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(asked("POST", "/hold").status)) for _ in range(3)]
    for one in threads:
        one.start()
    until = time.monotonic() + 20
    while not statuses and time.monotonic() < until:
        time.sleep(0.01)
    # The third was told at once, the others hold their places.
    assert statuses == [429]
    HELD.set()
    for one in threads:
        one.join()
    assert sorted(statuses) == [200, 200, 429]


def test_probes_say_what_the_service_says(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Shop))
    assert [asked("GET", path).status for path in ("/livez", "/healthz", "/readyz")] == [200, 200, 200]
    treering.get_current_service().well = False
    assert asked("GET", "/readyz").status == 503
    assert asked("GET", "/livez").status == 200


def test_an_application_answers_below_its_path_and_lives_with_the_service(serve: Serve, ask: Ask) -> None:
    LIVES.clear()
    answer = ask(serve(Shop))("GET", "/inner/hello")
    assert answer.json() == {"path": "/inner/hello", "root": "/inner"}
    assert LIVES == ["began"]


def _events(host: ServiceHost, scope: dict[str, Any], incoming: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    waiting = iter(incoming)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def main() -> None:
        await host.application()(scope, receive, send)

    asyncio.run(main())
    return sent


@pytest.fixture
def host(tmp_path: Path) -> Any:
    made = ServiceHost(Shop, {"session": str(tmp_path)})
    yield made
    made.close()


def test_a_web_socket_of_a_mounted_application_is_served(host: ServiceHost) -> None:
    scope = {"type": "websocket", "path": "/inner/echo", "headers": [], "query_string": b"", "subprotocols": []}
    incoming = [{"type": "websocket.connect"}] + [{"type": "websocket.receive", "text": one} for one in ("hi", "end")]
    sent = _events(host, scope, incoming)
    assert [one.get("text") for one in sent if one["type"] == "websocket.send"] == ["HI", "END"]
    assert sent[0]["type"] == "websocket.accept"
    refused = _events(host, {**scope, "path": "/nowhere"}, [{"type": "websocket.connect"}])
    assert [one["type"] for one in refused] == ["websocket.close"]


def test_a_wsgi_application_and_middlewares_are_used(serve: Serve, ask: Ask, tmp_path: Path) -> None:
    @treering.service(path_prefix="/v1")
    class Old:
        @treering.api
        def add(self, a: int) -> int:
            return a + 1

    class Stamp:
        def __init__(self, app: Any, stamp: str) -> None:
            self.app, self.stamp = app, stamp

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def stamped(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-stamp", self.stamp.encode())]
                await send(message)

            await self.app(scope, receive, stamped)

    Old.mount_wsgi_app(old, "/old")
    Old.add_asgi_middleware(Stamp, stamp="s")
    asked = ask(serve(Old))
    answer = asked("POST", "/v1/old/deep", body=b"body")
    assert (answer.status, answer.data, answer.headers["x-old"]) == (201, b"/deep body", "yes")
    added = asked("POST", "/v1/add", body=b'{"a": 1}')
    assert (added.data, added.headers["x-stamp"]) == (b"2", "s")
    made = ServiceHost(Old, {"session": str(tmp_path)})
    # The middleware wants to see every request, so that none may go past it.
    assert made.offer().routes == ()
    made.close()


def test_pages_of_other_hosts_may_ask_where_the_service_says_so(serve: Serve, ask: Ask) -> None:
    @treering.service(http={"cors": {"enabled": True, "access_control_allow_origins": ["http://a.example"]}})
    class Open:
        @treering.api
        def add(self, a: int) -> int:
            return a + 1

    asked = ask(serve(Open))
    answer = asked("POST", "/add", body=b'{"a": 1}', headers={"Origin": "http://a.example"})
    assert answer.headers["access-control-allow-origin"] == "http://a.example"
    other = asked("POST", "/add", body=b'{"a": 1}', headers={"Origin": "http://b.example"})
    assert "access-control-allow-origin" not in other.headers
