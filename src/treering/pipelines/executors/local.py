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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from treering.core.errors import NotFound
from treering.pipelines.executors import StageCommand
from treering.pipelines.process_groups import PATIENCE, end_group
from treering.pipelines.streams import Channel, channels, handed_on

__all__ = ["LocalExecutor", "shell_command"]

_OPTIONS = {"bash": ["--noprofile", "--norc"], "fish": ["--no-config"], "zsh": ["--no-rcs"]}


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
    own_group = not command.foreground or not _is_terminal()
    both = channels(like_ours=command.foreground) if command.output is not None else ()
    # Before it starts, so that Ctrl-C at any time of its life is met the same way.
    with contextlib.nullcontext() if own_group else _first_is_the_commands() as interrupted:
        try:
            process = _start(line, command, both, own_group=own_group)
        except BaseException:
            for handle in {one.reading for one in both}:
                os.close(handle)
            raise
        finally:
            for handle in {one.writing for one in both}:
                os.close(handle)
        status = _followed(process, command, both, own_group=own_group)
    if status and interrupted:
        raise KeyboardInterrupt
    return status


def _followed(
    process: subprocess.Popen[bytes], command: StageCommand, both: Sequence[Channel], *, own_group: bool
) -> int:
    """Its exit status, when it has ended."""
    number: int | None = None
    try:
        command.started(process.pid)
        number = command.stop.add(lambda: threading.Thread(target=_end, args=(process, own_group), daemon=True).start())
        with handed_on(both, command.output or _nowhere):
            try:
                return process.wait()
            except BaseException:
                # Before what it prints is waited for, which ends when it does.
                _end(process, own_group)
                raise
    except BaseException:
        # Ctrl-C, or a signal that is taken for one: nothing that we started goes on without us.
        _end(process, own_group)
        raise
    finally:
        if number is not None:
            command.stop.remove(number)
        command.started(0)


@contextlib.contextmanager
def _first_is_the_commands() -> Iterator[list[int]]:
    """Ctrl-C at a terminal that a command has; yields the ones that came.

    The terminal tells the command, too. One that ends well then, as training does that is stopped early, has done its
    work, as for DVC: it has the time it needs, until Ctrl-C is pressed again.
    """
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield came
        return

    def pressed(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, pressed)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def _nowhere(_data: bytes, _is_error: bool) -> None:  # noqa: FBT001 - as StageCommand.output is called
    """Of what is not caught, nothing comes."""


def _start(line: str, command: StageCommand, both: Sequence[Channel], *, own_group: bool) -> subprocess.Popen[bytes]:
    out, err = [one.writing for one in both] or (None, None)
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own command is what this is for
            shell_command(line, command.environ),
            cwd=command.folder,
            env=dict(command.environ),
            stdin=None if command.foreground else subprocess.DEVNULL,
            stdout=out,
            stderr=err,
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
