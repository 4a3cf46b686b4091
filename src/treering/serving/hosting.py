"""What is served, seen from the server: routes, and something that answers requests at them.

    front: sockets, queues, limits, traffic        worker: decoding, the model, encoding
      request ─▶ Route ─▶ its lane's queue ─▶ group of Calls ─▶ Host.answer ─▶ Answers

The front never runs a user's code and never looks into a body. A worker never sees a
socket. Between them go bytes, so that they can be one process or several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from treering.core.plugins import Registry

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["FAILED", "HOSTS", "Answer", "Call", "Headers", "Host", "Offer", "Open", "Policy", "Route", "outcome"]

Headers = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, as ASGI has them."""

FAILED = (b"x-treering-failed", b"model")
"""The first header of an answer that says that the model itself failed: in MLflow's protocol that has status 400."""


class Call(NamedTuple):
    """One request at a route.

    Attributes:
        content_type: As the client wrote it; empty if it did not.
        headers: Those that the route asked for, where the client sent them.
        query: What stood behind the question mark.
    """

    request_id: bytes
    content_type: bytes
    body: bytes
    headers: Headers = ()
    query: bytes = b""


class Answer(NamedTuple):
    """What the client is told; the server adds the length and the request's id.

    Attributes:
        rows: How many rows were predicted, for the counts; 0 if there is no such number.
    """

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: Headers = ()
    rows: int = 0


def outcome(answer: Answer) -> int:
    """The status by which whoever answered is judged: 500 if the model failed, whatever the client was told."""
    return 500 if answer.headers and answer.headers[0] == FAILED else answer.status


@dataclass(frozen=True, slots=True)
class Policy:
    """How the requests of a lane wait and go together.

    Attributes:
        group: At most so many requests are handed to a worker at once; 1: each alone.
        at_once: So many groups one worker may have in hand.
        delay: Seconds that a group may wait to grow, though a worker is free. 0 is nearly always right.
        timeout: Seconds from a request's head to its answer; then 504.
        waiting: So many requests may wait; a further one is told 429.
        body: Bytes that a body may have; a longer one is told 413.
        again: Whether a request may be asked once more when the worker died over it. True for what only
            predicts; False for code that may have done something already, whose clients are told 503.
    """

    group: int = 256
    at_once: int = 1
    delay: float = 0.0
    timeout: float = 60.0
    waiting: int = 1024
    body: int = 64 << 20
    again: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """Where a host answers whole requests with whole answers.

    Attributes:
        method: Such as `POST`.
        path: The exact path.
        lane: The queue that requests wait in, with others of the same model and version or the same method.
        model: The name of the model or service, for counts and the prediction log.
        version: Its version; empty if it has none.
        headers: Request headers that the host wants to see, in lower case.
        logged: Whether answers here are predictions, which the prediction log keeps.
    """

    method: str
    path: str
    lane: str
    model: str = ""
    version: str = ""
    headers: tuple[str, ...] = ()
    logged: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """What a host tells of itself when it is ready.

    Attributes:
        routes: Where it answers; a route stands once.
        lanes: A policy for each lane that a route names.
        models: Plain descriptions of what is loaded, as `/v2/models/...` tells them: name, version, platform,
            inputs, outputs.
        openapi: An OpenAPI 3.1 document of the routes, as JSON.
        documents: Further documents to be had with GET, such as `/schema.json`: path to content type and body.
        tunnel: Whether the host also has an ASGI application for streams, mounts and web sockets.
        below: Paths below which that application answers, also where the front has something of its own.
    """

    routes: tuple[Route, ...]
    lanes: Mapping[str, Policy]
    models: tuple[Mapping[str, Any], ...] = ()
    openapi: bytes = b"{}"
    documents: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    tunnel: bool = False
    below: tuple[str, ...] = ()


class Host(Protocol):
    """What one worker holds: models, or a service. One thread at a time asks it, unless a lane's policy says more."""

    def offer(self) -> Offer:
        """What it answers. Asked anew after `change`."""

    def answer(self, route: Route, calls: Sequence[Call]) -> Sequence[Answer]:
        """An answer for each call, in their order.

        Raises nothing: what is wrong with a call is its own answer, and never that of another.
        """

    def change(self, order: Mapping[str, Any]) -> None:
        """Load or unload something while it runs: `{"load": {...}}` or `{"unload": {...}}`.

        Raises:
            NotSupported: If this host has nothing that can be changed.
            TreeringError: If what is to be loaded cannot be.
        """

    def application(self) -> ASGIApp | None:
        """Answers everything that has no route: streams, tasks, mounted applications, web sockets."""

    def close(self) -> None:
        """Give back what it holds; called once, after the last answer."""


Open = Callable[[Mapping[str, Any]], Host]
"""Given what to serve, as plain values that JSON can hold: the host, ready to answer."""

HOSTS: Registry[Open] = Registry(
    "treering.hosts",
    "kind of thing to serve",
    {
        "bundle": "treering.serving.bundle_host:open_host",
        "models": "treering.serving.models.host:open_host",
        "service": "treering.serving.services.host:open_host",
    },
)
