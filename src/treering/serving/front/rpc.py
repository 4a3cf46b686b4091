"""The front as the services of gRPC ask it: on the same paths, queues and variants as HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput, NotFound, TooLarge, TreeringError
from treering.core.plugins import Registry
from treering.serving.front.answers import named
from treering.serving.front.app import Answering
from treering.serving.front.engine import Engine
from treering.serving.front.running import Where
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal_of

if TYPE_CHECKING:
    from treering.serving.grpc.face import Asking
    from treering.serving.grpc.server import Listening

__all__ = ["RPC", "Beside", "EngineFront"]

RPC: Registry[Any] = Registry(
    "treering.rpc_servers",
    "way to be asked beside HTTP",
    {"grpc": "treering.serving.grpc.server:start"},
    {"grpc": "grpc"},
)
"""What listens beside HTTP; each row is called as `grpc.server.start` is."""

_MOST = 64 << 20
_OCTETS = b"application/octet-stream"
_LENGTH = b"inference-header-content-length"


class EngineFront:
    """See `treering.serving.grpc.face.Front`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ready(self) -> bool:
        """See `Front`."""
        return self._engine.ready

    def models(self) -> Sequence[Mapping[str, Any]]:
        """See `Front`."""
        return () if self._engine.offer is None else self._engine.offer.models

    async def ask(self, asking: Asking) -> tuple[Answer, Sequence[tuple[bytes, bytes]]]:
        """See `Front`."""
        engine = self._engine
        reply = Answering(asyncio.get_running_loop())
        try:
            place = engine.places.get(asking.path.encode())
            if place is None:
                msg = f"Nothing is at {asking.path}. Check the name of the model and its version."
                raise NotFound(msg)
            if len(asking.body) > place.body:
                msg = f"The request has {len(asking.body)} bytes, and at most {place.body} are taken. Send fewer rows."
                raise TooLarge(msg)
            request_id = asking.request_id or engine.new_id()
            call = (request_id, _OCTETS, asking.body, ((_LENGTH, b"%d" % asking.head_length),), b"")
            waiting = engine.begin(place, call, (asking.key, asking.variant, asking.trace), reply)
        except TreeringError as error:
            return refusal_of(error), ()
        try:
            answered, answer = await reply.future
        except asyncio.CancelledError:
            if waiting is not None:
                engine.dispatcher.drop(waiting)
            raise
        engine.finished(answered, answer)
        return answer, named(answered.target)


class Beside:
    """What listens beside HTTP, if anything does.

    Raises:
        MissingExtra: If the package for it is not installed.
        InvalidInput: If the certificate or its key cannot be read.
    """

    def __init__(self, engine: Engine, where: Where) -> None:
        self._engine = engine
        self._where = where
        self._listening: Listening | None = None
        self._start = RPC.load("grpc") if where.grpc_port is not None else None
        self._tls = _pair(where) if self._start and where.tls_cert else None

    async def begin(self) -> None:
        """Listen from now on.

        Raises:
            Unavailable: If the port is in use.
        """
        if self._start is not None:
            most = self._engine.options.body or _MOST
            where = self._where
            self._listening = await self._start(
                EngineFront(self._engine), where.host, where.grpc_port, most=most, tls=self._tls
            )

    async def end(self) -> None:
        """Finish what runs, for as long as a server that ends waits."""
        if self._listening is not None:
            await self._listening.stop(self._engine.options.patience.drain)


def _pair(where: Where) -> tuple[bytes, bytes]:
    try:
        return Path(where.tls_cert).read_bytes(), Path(where.tls_key or where.tls_cert).read_bytes()
    except OSError as error:
        msg = f"The certificate {where.tls_cert} or its key {where.tls_key} cannot be read: {error}."
        raise InvalidInput(msg) from error
