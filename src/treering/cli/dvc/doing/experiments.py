"""Verbs that change experiments and the working tree."""

from __future__ import annotations

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.wording import joined
from treering.experiments.apply import exp_apply
from treering.experiments.branch import exp_branch
from treering.experiments.clean import exp_clean
from treering.experiments.found import Selection
from treering.experiments.remove import RemoveOptions, exp_remove
from treering.experiments.rename import exp_rename
from treering.experiments.save import SaveOptions, exp_save

__all__ = ["apply", "branch", "clean", "remove", "rename", "save"]


def apply(call: Call) -> None:
    """Bring the working tree to what an experiment had."""
    name = call.options.experiment
    exp_apply(call.repo, name, force=call.options.force)
    call.say(f"Changes for experiment '{name}' have been applied to your current workspace.")


def branch(call: Call) -> None:
    """Make a branch of an experiment."""
    name, experiment = exp_branch(call.repo, call.options.experiment, call.options.branch or "")
    call.say(f"Git branch {name!r} has been created from experiment {experiment!r}.")
    call.say(f"To switch to the new branch run:\n\n\tgit checkout {name}")


def remove(call: Call) -> None:
    """Remove experiments."""
    asked = call.options
    if bool(asked.all_commits or asked.rev or asked.queue) == bool(asked.experiment):
        msg = "Name experiments, or say --rev, --all-commits or --queue."
        raise Misuse(msg)
    selection = Selection(asked.rev, asked.num, asked.all_commits)
    removed = exp_remove(
        call.repo,
        RemoveOptions(asked.experiment, selection, queue=asked.queue, keep=asked.keep, remote=asked.git_remote or ""),
    )
    call.say(f"Removed experiments: {joined(map(repr, removed))}" if removed else "No experiments to remove.")


def rename(call: Call) -> None:
    """Give an experiment another name."""
    asked = call.options
    if not asked.experiment:
        msg = "Say which experiment gets another name: first the old name, then the new one."
        raise Misuse(msg)
    changed = exp_rename(call.repo, asked.experiment, asked.name, remote=asked.git_remote or "", force=asked.force)
    call.say(f"Renamed experiments: {asked.experiment!r}" if changed else "No experiments to rename.")


def clean(call: Call) -> None:
    """Clear away what ended runs left."""
    exp_clean(call.repo)
    call.say("Done!")


def save(call: Call) -> None:
    """Keep the working tree as an experiment."""
    asked = call.options
    options = SaveOptions(
        asked.targets,
        recursive=asked.recursive,
        name=asked.name or "",
        force=asked.force,
        include_untracked=asked.include_untracked,
        message=asked.message or "",
        folder=call.here,
    )
    saved = exp_save(call.repo, options)
    if saved.untracked:
        call.warn(f"These files are not tracked, and are not in the experiment:\n\t{', '.join(saved.untracked)}")
    if asked.json:
        call.show({"ref": saved.rev})
    else:
        call.say(f"Experiment has been saved as: {saved.name}")
