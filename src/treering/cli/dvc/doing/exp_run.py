"""The verb `experiments run`: now, in the queue, or all that is in the queue."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.doing.repro import asked_options
from treering.cli.dvc.narrator import Narrator
from treering.experiments.asked import Asked
from treering.experiments.queue import exp_queue, queue_follow, queue_start, queue_status
from treering.experiments.run import exp_run, exp_run_apart

__all__ = ["run"]


def run(call: Call) -> int:
    """Run an experiment."""
    if call.options.run_all:
        return _run_all(call)
    if call.options.queue:
        _queue(call)
    else:
        _run(call)
    return 0


def _asked(call: Call) -> Asked:
    asked = call.options
    return Asked(
        targets=asked.targets,
        params=asked.set_param,
        name=asked.name or "",
        message=asked.message or "",
        copy_paths=asked.copy_paths,
        repro=asked_options(call),
        folder=call.here,
        no_hydra=asked.no_hydra,
    )


def _run(call: Call) -> None:
    asked = _asked(call)
    apart = call.options.tmp_dir or asked.repro.dry
    listener = Narrator(call, go_on=asked.repro.keep_going or asked.repro.ignore_errors)
    ran = (exp_run_apart if apart else exp_run)(call.repo, asked, listener)
    if ran.committed is None:
        return
    if ran.committed.untracked:
        listed = ", ".join(ran.committed.untracked)
        call.warn(
            f"These files are not tracked, and were in the working tree; they are not in the experiment:\n\t{listed}"
        )
    call.say(f"\nRan experiment(s): {ran.name}")
    if apart:
        call.say(
            "To apply the results of an experiment to your workspace run:\n\n\tdvc exp apply <exp>\n\n"
            "To promote an experiment to a Git branch run:\n\n\tdvc exp branch <exp> <branch>\n"
        )
    else:
        call.say("Experiment results have been applied to your workspace.")


def _queue(call: Call) -> None:
    for task, params in exp_queue(call.repo, _asked(call)):
        if params:
            call.say(f"Queueing with overrides '{' '.join(params)}'.")
        call.say(f"Queued experiment '{task.name}' for future execution.")


def _run_all(call: Call) -> int:
    tasks = [task for task in queue_status(call.repo).tasks if task.state in {"queued", "running"}]
    if not tasks:
        call.say("No experiments in the queue.")
        return 0
    queue_start(call.repo, call.options.jobs)
    done = [queue_follow(call.repo, task.id, lambda text: call.say(text.rstrip("\n"))) for task in tasks]
    ran = [task.name for task in done if task.state == "success"]
    if ran:
        call.say(f"\nRan experiment(s): {', '.join(ran)}")
    failed = [task for task in done if task.state == "failed"]
    for task in failed:
        call.tell(f"Failed to reproduce experiment '{task.name}': {task.error}")
    return 1 if failed else 0
