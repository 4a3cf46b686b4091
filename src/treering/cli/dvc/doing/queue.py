"""Verbs of the queue of experiments."""

from __future__ import annotations

from treering.cli.dvc.call import Call, Misuse
from treering.experiments.queue import (
    queue_follow,
    queue_kill,
    queue_logs,
    queue_remove,
    queue_start,
    queue_stop,
)

__all__ = ["kill", "logs", "remove", "start", "stop"]


def start(call: Call) -> None:
    """Start workers."""
    started = queue_start(call.repo, call.options.jobs)
    call.say(f"Started '{started}' new experiments task queue {'worker' if started == 1 else 'workers'}.")


def stop(call: Call) -> None:
    """Stop workers."""
    queue_stop(call.repo, kill=call.options.kill)
    if call.options.kill:
        call.say("All running tasks in the queue have been killed. Queue workers are stopping.")
    else:
        call.say("Queue workers will stop after running tasks finish.")


def logs(call: Call) -> None:
    """Print what a task wrote."""
    name = call.options.task
    if call.options.follow:
        queue_follow(call.repo, name, lambda text: print(text, end="", flush=True))
    else:
        call.give(queue_logs(call.repo, name).rstrip("\n"))


def remove(call: Call) -> None:
    """Take tasks out of the queue."""
    asked = call.options
    if any((asked.all, asked.queued, asked.success, asked.failed)) == bool(asked.task):
        msg = "Name tasks, or say --all, --queued, --success or --failed."
        raise Misuse(msg)
    removed = queue_remove(
        call.repo,
        asked.task,
        queued=asked.queued or asked.all,
        failed=asked.failed or asked.all,
        success=asked.success or asked.all,
    )
    if removed:
        call.say(f"Removed tasks in queue: {', '.join(task.name for task in removed)}")
    else:
        call.say(f"No tasks found named {asked.task}")


def kill(call: Call) -> None:
    """End tasks that run."""
    for name in queue_kill(call.repo, call.options.task, force=call.options.force):
        call.say(f"{name} has been killed.")
