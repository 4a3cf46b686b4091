"""Commands of stages on this machine, in the user's shell, as DVC runs them.

Each command has a shell of its own, which reads none of its start-up files. A
command that may use the terminal stays in the foreground with us; others get a
process group of their own, so that all that they started can be ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from treering.core.errors import NotFound
from treering.pipelines.executors import StageCommand
from treering.pipelines.process_groups import PATIENCE, end_group

__all__ = ["LocalExecutor", "shell_command"]

_OPTIONS = {"bash": ["--noprofile", "--norc"], "fish": ["--no-config"], "zsh": ["--no-rcs"]}
# What a command left behind may hold its output open; it is not waited for.
_LAST_WORDS = 2.0
_CHUNK = 64 * 1024


class LocalExecutor:
    """Runs commands as processes of this machine."""

    def run(self, command: StageCommand, /) -> int:
        """As `Executor.run`."""
        status = 0
        for line in command.commands:
            if command.stop.asked:
                return -signal.SIGINT
            command.told(line)
            status = _run(line, command)
            if status:
                break
        return status


def shell_command(line: str, environ: Mapping[str, str]) -> list[str] | str:
    """What is started for a command: the user's shell, without its start-up files; on Windows the system's."""
    if sys.platform == "win32":
        return line
    shell = environ.get("SHELL") or "/bin/sh"
    return [shell, *_OPTIONS.get(Path(shell).name.lower(), []), "-c", line]


def _run(line: str, command: StageCommand) -> int:
    own_group = command.output is not None or not _is_terminal()
    process = _start(line, command, own_group=own_group)
    command.started(process.pid)
    number = command.stop.add(lambda: threading.Thread(target=_end, args=(process, own_group), daemon=True).start())
    try:
        with _copied(process, command.output):
            return _waited(process, own_group=own_group)
    finally:
        command.stop.remove(number)
        command.started(0)


def _start(line: str, command: StageCommand, *, own_group: bool) -> subprocess.Popen[bytes]:
    pipe = None if command.output is None else subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own command is what this is for
            shell_command(line, command.environ),
            cwd=command.folder,
            env=dict(command.environ),
            stdin=None if command.output is None else subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            shell=sys.platform == "win32",
            process_group=0 if own_group and sys.platform != "win32" else None,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        missing = error.filename or command.folder
        msg = f"The command of '{command.address}' cannot be started: {missing!r}: {error.strerror}. Check 'wdir' and $SHELL."
        raise NotFound(msg) from error


def _is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _waited(process: subprocess.Popen[bytes], *, own_group: bool) -> int:
    try:
        return process.wait()
    except BaseException:
        # Ctrl-C, or a signal that is taken for one: nothing that we started goes on without us.
        _end(process, own_group)
        raise


def _end(process: subprocess.Popen[bytes], own_group: bool) -> None:  # noqa: FBT001 - the target of a thread
    if own_group and sys.platform != "win32":
        end_group(process.pid, lambda: process.poll() is not None)
        return
    for sign, patience in PATIENCE:
        if process.poll() is not None:
            return
        process.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    process.kill()


@contextlib.contextmanager
def _copied(process: subprocess.Popen[bytes], output: Callable[[bytes, bool], None] | None) -> Iterator[None]:
    """For the time of the block, hand on what the process prints."""
    threads = []
    if output is not None:
        for stream, is_error in ((process.stdout, False), (process.stderr, True)):
            thread = threading.Thread(target=_copy, args=(stream, output, is_error), daemon=True)
            thread.start()
            threads.append(thread)
    try:
        yield
    finally:
        until = time.monotonic() + _LAST_WORDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _copy(stream: IO[bytes], output: Callable[[bytes, bool], None], is_error: bool) -> None:  # noqa: FBT001 - as above
    with stream:
        while chunk := os.read(stream.fileno(), _CHUNK):
            output(chunk, is_error)
