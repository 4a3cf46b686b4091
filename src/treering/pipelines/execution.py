"""Runs the command of one stage: where it is to run, in which environment, and what becomes of what it prints."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.pipelines.events import Event, Listener
from treering.pipelines.executors import EXECUTORS, StageCommand
from treering.pipelines.leftovers import end_leftover, noted
from treering.pipelines.logs import Outcome, StageLog, StageLogs
from treering.pipelines.manner import CommandFailed, Surroundings
from treering.pipelines.stage import Stage
from treering.versioning.repository import Repository

__all__ = ["Runner"]

_DEFAULT = "local"


class Runner:
    """Runs commands of stages of one repository. Several threads may use it.

    Args:
        repo: The repository.
        surroundings: What commands find.
        listener: Told of commands and of what they print.
    """

    def __init__(self, repo: Repository, surroundings: Surroundings, listener: Listener) -> None:
        self._repo = repo
        self._surroundings = surroundings
        self._listener = listener
        self._logs = StageLogs(surroundings.logs or repo.our_tmp)

    def run(self, stage: Stage) -> Path:
        """Run a stage's commands, without the repository being locked.

        Returns:
            The file with what they printed.

        Raises:
            CommandFailed: If one of them failed.
            TreeringError: If they could not be started.
        """
        end_leftover(self._repo.our_tmp, stage.address)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self._logs.begin(stage.address))
            self._listener(Event("running", stage, log=log.path))
            note = stack.enter_context(noted(self._repo.our_tmp, stage.address))
            said: list[str] = []
            command = self._command(stage, log, said, note.write)
            began = now()
            status = EXECUTORS.load(str(command.settings.get("executor", _DEFAULT)))().run(command)
        self._logs.keep_outcome(stage.address, Outcome(status, began, now()))
        if status:
            raise _failure(stage, said, status, log.path)
        return log.path

    def tell(self, stage: Stage) -> None:
        """Only say what would run."""
        self._listener(Event("running", stage))
        for line in stage.commands:
            self._listener(Event("command", stage, line))

    def _command(self, stage: Stage, log: StageLog, said: list[str], started: Callable[[int], None]) -> StageCommand:
        def told(line: str) -> None:
            said.append(line)
            self._listener(Event("command", stage, line))

        captured = self._surroundings.captured
        echo = _Echo()

        def output(data: bytes, is_error: bool) -> None:  # noqa: FBT001 - as StageCommand.output is called
            if captured:
                log.write(data)
                self._listener(Event("output", stage, data=data, is_error=is_error))
            else:
                # Whoever waits for it sees it first.
                echo.write(data, is_error=is_error)
                log.write(data)

        return StageCommand(
            stage.address,
            stage.commands,
            str(stage.wdir),
            self._environ(stage),
            _settings(stage),
            self._surroundings.stop,
            told,
            started,
            output,
            foreground=not captured,
        )

    def _environ(self, stage: Stage) -> dict[str, str]:
        environ = {**self._repo.environ, **self._surroundings.environment(stage)}
        environ.setdefault("DVC_ROOT", str(self._repo.root))
        environ["DVC_STAGE"] = stage.address
        return environ


class _Echo:
    """Prints where this process does, byte for byte, until nobody reads it any more: the log gets the rest all the same."""

    def __init__(self) -> None:
        self._closed: set[int] = set()

    def write(self, data: bytes, *, is_error: bool) -> None:
        handle = 2 if is_error else 1
        view = memoryview(data)
        while view and handle not in self._closed:
            try:
                view = view[os.write(handle, view) :]
            except OSError:
                self._closed.add(handle)


def _settings(stage: Stage) -> Mapping[str, object]:
    said = stage.meta.get("treering") if isinstance(stage.meta, Mapping) else None
    if said is not None and not isinstance(said, Mapping):
        msg = f"'meta.treering' of the stage '{stage.address}' should be a mapping, and is {said!r:.60}."
        raise InvalidInput(msg)
    return said or {}


def _failure(stage: Stage, said: list[str], status: int, log: Path) -> CommandFailed:
    what = said[-1] if said else " ".join(stage.commands)
    ended = f"was ended by {_signal_name(-status)}" if status < 0 else f"exited with {status}"
    return CommandFailed(f"failed to run: {what}, {ended}. What it printed is in {log}.", status, log)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
