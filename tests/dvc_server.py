"""Runs commands of real DVC, each in a process of its own that is forked from this one, which has DVC imported already.

Most of the time of a small command of DVC's goes into its imports. Here they are paid once for all tests of a process.
It is started with DVC's Python and the number of a socket, and ends when the other end of that is closed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from typing import IO, Any

from dvc.cli import main

_LENGTH = 4


def serve(connection: socket.socket) -> None:
    """Answer every request with the status that its command ended with."""
    while True:
        head, descriptors, _, _ = socket.recv_fds(connection, _LENGTH, 2)
        if not head:
            return
        request = json.loads(_exactly(connection, int.from_bytes(head, "big")))
        with tempfile.TemporaryFile() as learnt:
            status = _call(connection, request, descriptors, learnt)
            connection.sendall(status.to_bytes(_LENGTH, "big", signed=True))
            learnt.seek(0)
            _learn(learnt.read().decode().split())


def _call(connection: socket.socket, request: dict[str, Any], descriptors: list[int], learnt: IO[bytes]) -> int:
    """Run a command in a process of its own, which writes the modules that it had to import; how it ended."""
    known = set(sys.modules)
    child = os.fork()
    if not child:
        connection.close()
        become(request, descriptors)
        status = main(request["arguments"])
        learnt.write("\n".join(name for name in list(sys.modules) if name not in known).encode())
        learnt.flush()
        sys.exit(status)
    for descriptor in descriptors:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Make the forked process one as the request wants it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv[1:] = request["arguments"]
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()


def _learn(modules: list[str]) -> None:
    """Import what the last command needed, for the ones to come."""
    for name in modules:
        # Some are made up by others while they run.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        found += connection.recv(length - len(found))
    return found


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
