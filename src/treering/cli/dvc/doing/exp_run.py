"""The verb `experiments run`: now, in the queue, or all that is in the queue."""

from __future__ import annotations

from importlib import import_module

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.doing.repro import asked_options
from treering.cli.dvc.narrator import Narrator
from treering.cli.dvc.wording import spoken
from treering.core.errors import TreeringError
from treering.core.settings import read_settings
from treering.experiments.asked import Asked
from treering.experiments.queue import exp_queue, queue_follow, queue_start
from treering.experiments.queue_status import queue_status
from treering.experiments.run import exp_run, exp_run_apart

__all__ = ["run"]


def run(call: Call) -> int:
    """Run an experiment."""
    asked = call.options
    if getattr(asked, "trees", None) and not (asked.tmp_dir or asked.queue):
        msg = "--trees goes with --temp or --queue; otherwise the experiment runs in the working tree itself."
        raise Misuse(msg)
    if asked.run_all:
        return _run_all(call)
    if asked.queue:
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
        trees=call.here / asked.trees if getattr(asked, "trees", None) else None,
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
    _track(call, ran.committed.ref.path)
    if apart:
        call.say(
            "To apply the results of an experiment to your workspace run:\n\n"
            f"\t{spoken('exp apply <exp>', ours=call.ours)}\n\n"
            "To promote an experiment to a Git branch run:\n\n"
            f"\t{spoken('exp branch <exp> <branch>', ours=call.ours)}\n"
        )
    else:
        call.say("Experiment results have been applied to your workspace.")


def _track(call: Call, ref: str) -> None:
    """Keep what ran as a run, where that is wanted; the experiment is there though the store cannot be reached."""
    if not (getattr(call.options, "track", False) or read_settings().track_pipelines):
        return
    try:
        # The tracking store is loaded for those who keep runs in it.
        report = import_module("treering.cli.dvc.doing.exp_track").keep(call, [ref])
        problem = ", ".join(report.failed.values())
    except TreeringError as error:
        problem = str(error)
    if problem:
        call.warn(f"The experiment was not tracked: {problem} `treering exp track` does it later.")


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
