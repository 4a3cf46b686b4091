"""The machine's load beside a run's own metrics: begun and ended with the run, under MLflow's names.

What is slow to import is imported when a run wants it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from treering.client.system_metrics.switches import chosen

if TYPE_CHECKING:
    from treering.client.runs import ActiveRun, Beginning
    from treering.entities.lifecycle import RunStatus

__all__ = ["begin", "finish"]


class _Watched:
    """The monitors of this process, by the run that they belong to."""

    monitors: dict[str, Any] = {}  # noqa: RUF012  # shared on purpose


def begin(beginning: Beginning) -> None:
    """Watch the machine for a run, if its caller or the settings ask for it."""
    run = beginning.run
    switches = chosen(run.place.settings)
    wanted = switches.enabled if beginning.log_system_metrics is None else beginning.log_system_metrics
    if wanted:
        monitor = import_module("treering.client.system_metrics.monitor").Monitor(run, switches)
        _Watched.monitors[run.info.run_id] = monitor
        monitor.start()


def finish(run: ActiveRun, status: RunStatus) -> None:  # noqa: ARG001  # as `at_end` calls it
    """Log what was seen since the last point, and stop."""
    monitor = _Watched.monitors.pop(run.info.run_id, None)
    if monitor is not None:
        monitor.stop()
