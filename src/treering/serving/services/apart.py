"""Services that another depends on, each with workers of its own, for as long as that other is served."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import msgspec

from treering.core.errors import TreeringError, Unavailable, error_for
from treering.core.variables import process_variables
from treering.serving.front.embedding import running
from treering.serving.front.options import ServingOptions

__all__ = ["apart"]


class _Service(msgspec.Struct):
    name: str
    workers: int
    depends: list[str]


class _Refused(msgspec.Struct):
    code: str
    message: str


@contextmanager
def apart(target: str, folder: str) -> Iterator[Mapping[str, str]]:
    """Serve what a service depends on, on free ports of this machine alone; their addresses by name.

    Raises:
        TreeringError: If one of them cannot be served.
    """
    with ExitStack() as stack:
        addresses: dict[str, str] = {}
        for one in _inspected(target, folder):
            known = {name: addresses[name] for name in one.depends}
            what = {"service": target, "folder": folder, "name": one.name, "elsewhere": known}
            server = stack.enter_context(running(ServingOptions("service", what, workers=one.workers)))
            addresses[one.name] = server.url
        yield addresses


def _inspected(target: str, folder: str) -> list[_Service]:
    command = [sys.executable, "-P", "-m", "treering.serving.services.inspecting", target, folder]
    done = subprocess.run(command, env=process_variables(), capture_output=True, check=False)  # noqa: S603 -- our own
    # What the service itself prints stands before.
    last = done.stdout.rpartition(b"\n")[2]
    if done.returncode or not last:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        msg = f"The service {target} cannot be imported: {said}"
        raise Unavailable(msg)
    found = msgspec.json.decode(last, type=list[_Service] | _Refused)
    if isinstance(found, _Refused):
        raise error_for(found.code, found.message, TreeringError.status)
    return found
