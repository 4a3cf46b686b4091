"""Starting the process of a worker.

By exec, so that nothing of the front's is in it, and before the front loads what itself needs: both load at once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from treering.core.variables import process_variables
from treering.serving.workers.frames import START, Start, pack

__all__ = ["Spawned", "spawn"]

_BUFFER = 4 << 20
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Spawned:
    """A worker's process.

    Attributes:
        link: The front's end of the socket pair.
        line: A file descriptor; the worker ends when it is closed.
        orders: How many changes the worker makes by itself.
    """

    process: subprocess.Popen[bytes]
    link: socket.socket
    line: int
    orders: int


def spawn(start: Start, *, log_level: str, workers: int, variables: Mapping[str, str] | None = None) -> Spawned:
    """Start a worker; it says hello on its link when it is ready.

    Must be called from a thread that lives as long as the worker shall.

    Args:
        workers: How many share the machine's cores, for libraries that take all of them otherwise.
        variables: Of the environment, beside this process's own.
    """
    ours, its = socket.socketpair()
    read, line = os.pipe()
    threads = max(1, len(os.sched_getaffinity(0)) // max(1, workers)) if hasattr(os, "sched_getaffinity") else 1
    environment = {**dict.fromkeys(_THREADS, str(threads)), **process_variables(), **(variables or {})}
    command = [sys.executable, "-P", "-m", "treering.serving.workers.work", str(its.fileno()), str(read), log_level]
    try:
        process = subprocess.Popen(  # noqa: S603 -- our own program
            command, stdin=subprocess.DEVNULL, pass_fds=(its.fileno(), read), env=environment
        )
    except BaseException:
        ours.close()
        os.close(line)
        raise
    finally:
        its.close()
        os.close(read)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    # Fits the buffer, or waits for the worker to read it.
    ours.sendall(pack(START, start))
    ours.setblocking(False)
    return Spawned(process, ours, line, len(start.orders))
