"""Commands of stages handed to another program, which runs them where it will: in a container, on a cluster, under a limit.

    meta: {treering: {executor: through, through: srun --gres=gpu:1}}

The shell that runs them stands behind the program's own words, as `srun --gres=gpu:1 /bin/sh
-c '...'`. The program has to have the folder, and to end as the command does.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from treering.core.errors import InvalidInput
from treering.pipelines.executors import StageCommand
from treering.pipelines.executors.local import LocalExecutor

__all__ = ["ThroughExecutor"]

_SHELL = "/bin/sh -c"


class ThroughExecutor:
    """Runs commands as arguments of a program of this machine."""

    def run(self, command: StageCommand, /) -> int:
        """As `Executor.run`.

        Raises:
            InvalidInput: If the stage does not say through what.
        """
        through = command.settings.get("through")
        if not isinstance(through, str) or not through.strip():
            msg = (
                f"The stage '{command.address}' does not say through what it runs. Write a program with its options"
                " into 'meta.treering.through', such as: srun --gres=gpu:1"
            )
            raise InvalidInput(msg)
        lines = tuple(f"{through} {_SHELL} {shlex.quote(line)}" for line in command.commands)
        # What is told is what the user wrote.
        meant = dict(zip(lines, command.commands, strict=True))
        handed = replace(command, commands=lines, told=lambda line: command.told(meant[line]))
        return LocalExecutor().run(handed)
