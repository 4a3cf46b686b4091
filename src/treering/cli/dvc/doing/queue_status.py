"""The verb `queue status`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.tabular import print_table
from treering.core.clock import from_millis
from treering.experiments.queue_status import queue_status
from treering.experiments.task import Task

__all__ = ["status"]

_SHORT = 7


def status(call: Call) -> None:
    """Print tasks and workers."""
    found = queue_status(call.repo)
    if call.wants_json:
        listed = [
            {"id": one.id, "name": one.name, "state": one.state, "created": one.created, "error": one.error or None}
            for one in (*found.tasks, *found.theirs)
        ]
        call.show({"tasks": listed, "active": found.active, "idle": found.idle})
        return
    tasks = (*found.tasks, *found.theirs)
    rows = [(one.id[:_SHORT], one.name, _created(one), one.state.capitalize()) for one in tasks]
    if rows:
        print_table(call, ("Task", "Name", "Created", "Status"), rows)
    else:
        call.say("No experiment tasks in the queue.")
    call.say()
    call.say(f"Worker status: {found.active} active, {found.idle} idle")


def _created(task: Task) -> str:
    return from_millis(task.created).astimezone().strftime("%b %d, %Y %I:%M %p")
