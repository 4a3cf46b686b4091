"""A real server beside the program that wants it: a process of its own on a free port, ended with the block.

with running(options) as server:
ask(server.url)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import msgspec

from treering.core.errors import TreeringError, Unavailable, error_for
from treering.core.log import show_log
from treering.core.variables import process_variables
from treering.serving.front.options import ServingOptions
from treering.serving.front.running import Where, serve

__all__ = ["Running", "main", "running"]

_ENDS = 40.0


class _Begin(msgspec.Struct):
    options: ServingOptions
    where: Where
    log_level: str


class _Told(msgspec.Struct):
    url: str = ""
    code: str = ""
    message: str = ""
    status: int = 500


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Attributes:
        url: Where it answers, without a path.
        process: The front; its children are the workers.
    """

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def running(
    options: ServingOptions,
    where: Where | None = None,
    *,
    log_level: str = "WARNING",
    stderr: IO[bytes] | int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Serve while the block runs; it begins when the server is ready.

    The server ends with this process too, whatever ends that.

    Args:
        where: Port 0 unless it says otherwise.
        stderr: Where its messages go; `None`: to this process's own.
        variables: Of the environment, beside this process's own.

    Raises:
        TreeringError: If what is to be served cannot be opened.
        Unavailable: If the server ends before it is ready.
    """
    begin = _Begin(options, where or Where(port=0), log_level)
    command = [sys.executable, "-P", "-m", "treering.serving.front.embedding"]
    environment = {**process_variables(), **(variables or {})}
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment
    ) as process:
        try:
            yield Running(_begun(process, begin), process)
        finally:
            _end(process)


def _begun(process: subprocess.Popen[bytes], begin: _Begin) -> str:
    """Tell the process what to serve, and wait until it does."""
    if process.stdin is None or process.stdout is None:  # pragma: no cover -- they are pipes
        raise ValueError
    try:
        process.stdin.write(msgspec.json.encode(begin) + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it says why below
    said = process.stdout.readline()
    if not said:
        msg = f"The server ended with status {process.wait()} before it was ready. Its messages stand above."
        raise Unavailable(msg)
    told = msgspec.json.decode(said, type=_Told)
    if not told.url:
        raise error_for(told.code, told.message, told.status)
    return told.url


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_ENDS)
    except subprocess.TimeoutExpired:
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def main() -> int:
    """In the server's process: what to serve comes on stdin, and who started it lives as long as that is open."""
    begin = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Begin)
    # What is served may print: that goes to stderr, and the pipe is for what is said here.
    pipe = os.dup(1)
    os.dup2(2, 1)
    show_log(begin.log_level)
    threading.Thread(target=_follow, name="treering-follow", daemon=True).start()
    try:
        serve(begin.options, begin.where, lambda url: _say(pipe, _Told(url)))
    except TreeringError as error:
        _say(pipe, _Told("", error.error_code, error.message, error.status))
        return 1
    return 0


def _say(pipe: int, told: _Told) -> None:
    try:
        os.write(pipe, msgspec.json.encode(told) + b"\n")
    except BrokenPipeError:  # who started it has gone, and so does this
        os.kill(os.getpid(), signal.SIGTERM)


def _follow() -> None:
    # Not through sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
