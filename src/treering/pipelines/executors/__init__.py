"""Where the command of a stage runs: a Protocol, and the table of those who can do it.

A stage names its executor under `meta`, which DVC leaves alone:

    meta: {treering: {executor: through, through: srun --gres=gpu:1}}

Other packages add theirs as entry points of the group `treering.stage_executors`;
`treering.testing.executors` proves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from treering.core.plugins import Registry
from treering.pipelines.stop import Stop

__all__ = ["EXECUTORS", "Executor", "StageCommand"]


@dataclass(frozen=True, slots=True)
class StageCommand:
    """What is to be run.

    Attributes:
        address: The stage.
        commands: Shell commands, one after the other; the first that fails ends it.
        folder: Where they run, absolute.
        environ: All variables of their environment.
        settings: What stands under `meta.treering` of the stage.
        stop: When it asks, the commands are ended.
        told: Called with each command before it runs.
        started: Called with the number of each process that was started, 0 when it has ended.
        output: Takes what they print, as it comes, with whether it was to stderr; None: it goes where this
            process prints. It is called from other threads.
        foreground: Whether they have our terminal, as far as the executor can do that: they may read from it,
            and what they print looks as it does on ours.
    """

    address: str
    commands: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    stop: Stop = field(default_factory=Stop)
    told: Callable[[str], None] = lambda _command: None
    started: Callable[[int], None] = lambda _process: None
    output: Callable[[bytes, bool], None] | None = None
    foreground: bool = False


class Executor(Protocol):
    """A place to run commands. It may be called from several threads."""

    def run(self, command: StageCommand, /) -> int:
        """Run the commands, to their end.

        Returns:
            The exit status: 0 if all succeeded, else that of the one that failed; below 0 for one ended by a signal.

        Raises:
            TreeringError: If they could not be started.
        """


# Each row is called without arguments.
EXECUTORS: Registry[Callable[[], Executor]] = Registry(
    "treering.stage_executors",
    "executor of stages",
    {
        "local": "treering.pipelines.executors.local:LocalExecutor",
        "through": "treering.pipelines.executors.through:ThroughExecutor",
    },
)
