"""The verb `pull`."""

from __future__ import annotations

from dataclasses import replace

from treering.cli.dvc.call import Call
from treering.cli.dvc.doing.checkout import changes_in, print_changes
from treering.cli.dvc.doing.transfer import NOTHING, as_json, bring, is_without_remote, refuse, transfer_options
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import counted
from treering.versioning.checkout import CheckoutOptions, CheckoutReport, Incomplete, checkout
from treering.versioning.errors import UnknownRemote
from treering.versioning.pull import PullReport
from treering.versioning.pull import pull as pull_outputs
from treering.versioning.transfer import TransferReport

__all__ = ["pull"]


def pull(call: Call) -> None:
    """Fetch, and put it into the working tree."""
    asked = call.options
    checking = CheckoutOptions(force=asked.force, allow_missing=asked.allow_missing)
    try:
        report = pull_outputs(
            call.repo,
            transfer_options(call),
            checking,
            sources=all_sources(call.repo),
            importer=lambda found: bring(call, found),
            progress=call.bar,
        )
    except UnknownRemote:
        if not is_without_remote(call):
            raise
        report = PullReport(TransferReport(), _checked_out(call, checking))
    call.bar.clear()
    fetched, done = report.fetched, report.checked_out
    added, modified, deleted = done.files
    counts = {"fetched": fetched.moved, "added": added, "modified": modified, "deleted": deleted}
    if call.wants_json:
        call.show(
            {**changes_in(call, done), "failed": list(done.failed), "files": counts, "lost": as_json(fetched.lost)}
        )
    else:
        print_changes(call, changes_in(call, done))
        call.say(counted(counts) or NOTHING)
    refuse(fetched, missing_ok=asked.allow_missing)
    _refuse_unplaced(done, asked.allow_missing)


def _checked_out(call: Call, checking: CheckoutOptions) -> CheckoutReport:
    """What the cache alone has, where there is no remote; it is enough, or the verb fails for want of one."""
    asked = call.options
    checking = replace(checking, patterns=tuple(getattr(asked, "only", ())))
    try:
        sources = all_sources(call.repo)
        done = checkout(
            call.repo, asked.targets, checking, sources=sources, recursive=asked.recursive, progress=call.bar
        )
    except Incomplete as error:
        call.repo.config.remote()
        raise error from None
    call.warn("No remote is the default one, so only the cache was asked.")
    return done


def _refuse_unplaced(done: CheckoutReport, allow_missing: bool) -> None:  # noqa: FBT001 - passed on
    if done.failed and not allow_missing:
        raise Incomplete(done)
