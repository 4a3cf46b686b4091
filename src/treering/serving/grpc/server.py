"""What listens for gRPC, in the front's loop."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio

from treering.core.errors import Unavailable
from treering.serving.grpc import health, inference, reflection
from treering.serving.grpc.definitions import message, methods
from treering.serving.grpc.face import Front

__all__ = ["Listening", "start"]


class Listening:
    """A running server.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, server: Any, port: int) -> None:
        self._server = server
        self.port = port

    async def stop(self, grace: float) -> None:
        """Take no more requests, and end when those that run are answered, or `grace` seconds have gone."""
        await self._server.stop(grace)


async def start(
    front: Front, host: str, port: int, *, most: int = 64 << 20, tls: tuple[bytes, bytes] | None = None
) -> Listening:
    """Listen from now on.

    Args:
        port: 0 takes a free one.
        most: Bytes that a message may have.
        tls: The certificate chain and its key, as PEM.

    Raises:
        Unavailable: If the port is in use.
    """
    services: dict[str, Any] = {inference.SERVICE: inference.Inference(front)}
    names = tuple(sorted({*services, health.SERVICE, *reflection.SERVICES}))
    services[health.SERVICE] = health.Health(front, names)
    for name in reflection.SERVICES:
        services[name] = reflection.Reflection(name.rpartition(".")[0], names)
    limits = [("grpc.max_receive_message_length", most), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=limits)
    server.add_generic_rpc_handlers(tuple(_handlers(name, one) for name, one in services.items()))
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if tls is None:
            bound = server.add_insecure_port(place)
        else:
            chain, key = tls
            bound = server.add_secure_port(place, grpc.ssl_server_credentials([(key, chain)]))
    except RuntimeError as error:
        msg = f"Port {port} of {host} cannot be used for gRPC: it is in use, or not ours. Give another one."
        raise Unavailable(msg) from error
    await server.start()
    return Listening(server, bound)


def _handlers(service: str, methods_of: Any) -> Any:
    made = {}
    for method in methods(service):
        kinds = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }
        kind = kinds[method.client_streaming, method.server_streaming]
        made[method.name] = kind(
            getattr(methods_of, method.name),
            request_deserializer=message(method.input_type.full_name).FromString,
            response_serializer=message(method.output_type.full_name).SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service, made)
