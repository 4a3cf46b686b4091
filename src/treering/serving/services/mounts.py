"""Other applications beside a service's methods: ASGI, WSGI, FastAPI with the service as `self`."""

from __future__ import annotations

import asyncio
import inspect
import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Mount", "asgi_app", "bind_views", "mounted_on", "wsgi"]

T = TypeVar("T")
_MOUNTS = "__treering_mounts__"


class Mount(NamedTuple):
    """An application and the path that it answers below."""

    app: ASGIApp
    path: str
    name: str | None = None

    def reaches(self, path: str) -> bool:
        """Whether a path is below it."""
        own = self.path.rstrip("/")
        return path == own or path.startswith(f"{own}/")

    def scope(self, scope: Scope) -> Scope:
        """A request as the application sees it."""
        root = scope.get("root_path", "")
        return {**scope, "app_root_path": scope.get("app_root_path", root), "root_path": root + self.path.rstrip("/")}


def asgi_app(app: ASGIApp, *, path: str = "/", name: str | None = None) -> Callable[[T], T]:
    """Let an ASGI application answer below a path of a service, web sockets included.

    Views of FastAPI that are methods of the class get its instance as `self`.
    """

    def decorate(target: T) -> T:
        if hasattr(target, "mount_asgi_app"):
            target.mount_asgi_app(app, path, name)
        else:
            setattr(target, _MOUNTS, [*getattr(target, _MOUNTS, []), Mount(app, path, name)])
        return target

    return decorate


def mounted_on(inner: type) -> list[Mount]:
    """What was mounted on a class before it became a service."""
    return list(getattr(inner, _MOUNTS, []))


def bind_views(app: ASGIApp, inner: type, instance: Any) -> None:
    """Give views of FastAPI that are methods of the class its instance.

    FastAPI reads a view's arguments from its signature when the view is made, `self` among them; so each
    is made anew with the instance in its place.
    """
    fastapi = sys.modules.get("fastapi")
    if fastapi is None or not isinstance(app, fastapi.FastAPI):
        return
    own = {id(value) for value in vars(inner).values() if callable(value)}
    routes = [one for one in app.routes if id(getattr(one, "endpoint", None)) in own]
    for route in routes:
        view: Any = route.endpoint
        first, *others = inspect.signature(view).parameters.values()
        given = first.replace(default=fastapi.Depends(lambda: instance), annotation=inspect.Parameter.empty)
        changed = [one.replace(kind=one.KEYWORD_ONLY) for one in others]
        view.__signature__ = inspect.Signature([given.replace(kind=given.KEYWORD_ONLY), *changed])
        app.router.routes.remove(route)
        router = fastapi.APIRouter()
        router.routes.append(route)
        app.include_router(router)


def wsgi(app: Callable[..., Any]) -> ASGIApp:
    """A WSGI application as ASGI: each request in a thread, its body read before."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, headers, pieces = await asyncio.to_thread(_called, app, _environment(scope, bytes(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": pieces})

    return answer


def _called(app: Callable[..., Any], environment: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    told: list[Any] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
        told[:] = [status, headers]
        return written.append

    found: Iterable[bytes] = app(environment, start)
    try:
        written.extend(found)
    finally:
        if (close := getattr(found, "close", None)) is not None:
            close()
    status, headers = told
    pairs = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers]
    return int(status.split(" ", 1)[0]), pairs, b"".join(written)


def _environment(scope: Scope, body: bytes) -> dict[str, Any]:
    root = scope.get("root_path", "")
    host, port = scope.get("server") or ("localhost", 80)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root,
        "PATH_INFO": scope["path"].removeprefix(root).encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for key, value in scope["headers"]:
        name = key.decode("latin-1").upper().replace("-", "_")
        name = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        text = value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found
