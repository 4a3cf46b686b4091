"""Verbs that bring experiments to a remote of Git, and from it, with their data."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import counted, joined
from treering.experiments.found import Selection
from treering.experiments.remote import Exchanged, MoveData, exp_pull, exp_push
from treering.versioning import transfer
from treering.versioning.revision_scope import RevisionScope

__all__ = ["pull", "push"]


def push(call: Call) -> None:
    """Send experiments and their data."""
    asked = call.options
    data = _mover(call, sending=True) if asked.push_cache else None
    done = exp_push(call.repo, asked.git_remote, asked.experiment, _selection(call), force=asked.force, data=data)
    _tell_diverged(
        done, f"Local experiment {joined(done.diverged)} has diverged from remote experiment with the same name."
    )
    if done.up_to_date:
        verb = "is" if len(done.up_to_date) == 1 else "are"
        call.say(f"Experiment {joined(done.up_to_date)} {verb} up to date on Git remote '{asked.git_remote}'.")
    if done.success:
        call.say(f"Pushed experiment {joined(done.success)} to Git remote '{asked.git_remote}'.")
    if not (done.success or done.up_to_date):
        call.say("No experiments to push.")
    _finish(call, done, "uploaded")


def pull(call: Call) -> None:
    """Fetch experiments and their data."""
    asked = call.options
    data = _mover(call, sending=False) if asked.pull_cache else None
    done = exp_pull(call.repo, asked.git_remote, asked.experiment, _selection(call), force=asked.force, data=data)
    _tell_diverged(done, f"Local experiment {joined(done.diverged)} differs from the one of the same name there.")
    pulled = [*done.success, *done.up_to_date]
    if pulled:
        call.say(f"Pulled experiment '{pulled}' from Git remote '{asked.git_remote}'.")
    else:
        call.say("No experiments to pull.")
    _finish(call, done, "fetched")


def _selection(call: Call) -> Selection | None:
    asked = call.options
    return Selection(asked.rev, asked.num, asked.all_commits) if asked.rev or asked.all_commits else None


def _mover(call: Call, *, sending: bool) -> MoveData:
    asked = call.options

    def move(commits: Sequence[str]) -> int:
        options = transfer.TransferOptions(
            remote=asked.dvc_remote or "",
            jobs=asked.jobs,
            revisions=RevisionScope(revs=tuple(commits)),
            workspace=False,
            run_cache=asked.run_cache,
            lenient=True,
        )
        verb = transfer.push if sending else transfer.fetch
        return verb(call.repo, options, sources=all_sources(call.repo), progress=call.bar).moved

    return move


def _tell_diverged(done: Exchanged, text: str) -> None:
    if done.diverged:
        print(f"{text}\nTo override it, say it again with --force.", file=sys.stderr)


def _finish(call: Call, done: Exchanged, word: str) -> None:
    if done.data:
        call.say(counted({word: done.data}))
    if done.data_error is not None:
        raise done.data_error
