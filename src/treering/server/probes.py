"""Small answers for machines that watch the server, and for MLflow clients that ask for its version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from treering.assembly import Services
from treering.core.errors import DeadlineExceeded, TreeringError
from treering.server.meter import Meter
from treering.wire.dialect import Answer

__all__ = ["MLFLOW_VERSION", "Probe", "probes"]

MLFLOW_VERSION = "3.18.0"
"""The version of MLflow whose protocol is spoken; its clients compare it with their own."""

Probe = Callable[[], Awaitable[Answer]]

_TEXT = "text/plain; charset=utf-8"
_PATIENCE = 10.0


def probes(services: Services, meter: Meter, pool: ThreadPoolExecutor) -> dict[str, Probe]:
    """The answers by path; all are to GET requests."""

    async def health() -> Answer:
        return Answer(200, _TEXT, b"OK")

    async def version() -> Answer:
        return Answer(200, _TEXT, MLFLOW_VERSION.encode())

    async def ready() -> Answer:
        checking = asyncio.get_running_loop().run_in_executor(pool, services.check)
        try:
            await asyncio.wait_for(checking, _PATIENCE)
        except TimeoutError as error:
            # Our own DeadlineExceeded is a TimeoutError as well, and then says more.
            told = error if isinstance(error, TreeringError) else DeadlineExceeded(_waited())
            return Answer(503, _TEXT, str(told).encode())
        except TreeringError as error:
            return Answer(503, _TEXT, error.message.encode())
        return Answer(200, _TEXT, b"OK")

    async def metrics() -> Answer:
        return Answer(200, meter.content_type, meter.text())

    return {"/health": health, "/version": version, "/ready": ready, "/metrics": metrics}


def _waited() -> str:
    return f"Database and artifact store did not answer within {_PATIENCE:.0f} seconds. Check that they run."
