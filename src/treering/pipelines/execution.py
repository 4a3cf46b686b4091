"""Runs the command of one stage: where it is to run, in which environment, and what becomes of what it prints."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from treering.core.errors import InvalidInput
from treering.pipelines.events import Event, Listener
from treering.pipelines.executors import EXECUTORS, StageCommand
from treering.pipelines.leftovers import end_leftover, noted
from treering.pipelines.logs import StageLog, StageLogs
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
        self._logs = StageLogs(repo.our_tmp)

    def run(self, stage: Stage) -> Path | None:
        """Run a stage's commands, without the repository being locked.

        Returns:
            The file with what they printed, where that was captured.

        Raises:
            CommandFailed: If one of them failed.
            TreeringError: If they could not be started.
        """
        end_leftover(self._repo.our_tmp, stage.address)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self._logs.begin(stage.address)) if self._surroundings.captured else None
            path = log.path if log else None
            self._listener(Event("running", stage, log=path))
            note = stack.enter_context(noted(self._repo.our_tmp, stage.address))
            said: list[str] = []
            command = self._command(stage, log, said, note.write)
            status = EXECUTORS.load(str(command.settings.get("executor", _DEFAULT)))().run(command)
        if status:
            raise _failure(stage, said, status, path)
        return path

    def tell(self, stage: Stage) -> None:
        """Only say what would run."""
        self._listener(Event("running", stage))
        for line in stage.commands:
            self._listener(Event("command", stage, line))

    def _command(
        self, stage: Stage, log: StageLog | None, said: list[str], started: Callable[[int], None]
    ) -> StageCommand:
        def told(line: str) -> None:
            said.append(line)
            self._listener(Event("command", stage, line))

        def output(data: bytes, is_error: bool) -> None:  # noqa: FBT001 - as StageCommand.output is called
            if log is not None:
                log.write(data)
            self._listener(Event("output", stage, data=data, is_error=is_error))

        return StageCommand(
            stage.address,
            stage.commands,
            str(stage.wdir),
            self._environ(stage),
            _settings(stage),
            self._surroundings.stop,
            told,
            output if log else None,
            started,
        )

    def _environ(self, stage: Stage) -> dict[str, str]:
        environ = {**self._repo.environ, **self._surroundings.environment(stage)}
        environ.setdefault("DVC_ROOT", str(self._repo.root))
        environ["DVC_STAGE"] = stage.address
        return environ


def _settings(stage: Stage) -> Mapping[str, object]:
    said = stage.meta.get("treering") if isinstance(stage.meta, Mapping) else None
    if said is not None and not isinstance(said, Mapping):
        msg = f"'meta.treering' of the stage '{stage.address}' should be a mapping, and is {said!r:.60}."
        raise InvalidInput(msg)
    return said or {}


def _failure(stage: Stage, said: list[str], status: int, log: Path | None) -> CommandFailed:
    what = said[-1] if said else " ".join(stage.commands)
    ended = f"was ended by {_signal_name(-status)}" if status < 0 else f"exited with {status}"
    where = f" What it printed is in {log}." if log else ""
    return CommandFailed(f"failed to run: {what}, {ended}.{where}", status, log)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
