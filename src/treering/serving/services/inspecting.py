"""A service's dependencies, found in a process of their own: `python -m ... TARGET FOLDER` prints them as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from treering.core.errors import TreeringError
from treering.serving.services.finding import found_service
from treering.serving.services.service import Service

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Print the services that a target depends on, each behind those that itself depends on."""
    try:
        service = found_service(arguments[0], arguments[1])
        found = [_plain(one) for one in _ordered(service) if one is not service]
    except TreeringError as error:
        found = {"code": error.error_code, "message": error.message}  # type: ignore[assignment]  # one or the other
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(found))
    return 0


def _ordered(service: Service[Any]) -> list[Service[Any]]:
    found: dict[str, Service[Any]] = {}
    for one in service.dependencies.values():
        if one.on is not None and one.url is None:
            for inner in _ordered(one.on):
                found.setdefault(inner.name, inner)
    found.setdefault(service.name, service)
    return list(found.values())


def _plain(service: Service[Any]) -> dict[str, Any]:
    on = [one.on.name for one in service.dependencies.values() if one.on is not None and one.url is None]
    return {"name": service.name, "workers": service.config.processes(), "depends": on}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
