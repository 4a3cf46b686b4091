"""Verbs that move objects between cache and remotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.doing.checkout import changes_in, print_changes
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import counted
from treering.core.errors import DamagedData, NotFound, TreeringError, Unavailable
from treering.versioning.checkout import CheckoutOptions, CheckoutReport, Incomplete, checkout
from treering.versioning.data_status import data_status
from treering.versioning.errors import UnknownRemote
from treering.versioning.import_content import bring_imports
from treering.versioning.pull import PullReport
from treering.versioning.pull import pull as pull_outputs
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.transfer import Lost, TransferOptions, TransferReport
from treering.versioning.transfer import fetch as fetch_outputs
from treering.versioning.transfer import push as push_outputs

__all__ = ["fetch", "pull", "push", "transfer_options"]

_NOTHING = "Everything is up to date."
_SHOWN = 10


def push(call: Call) -> None:
    """Send what the remote does not have."""
    # Without a remote it fails, though there may be nothing to send.
    call.repo.config.remote(call.options.remote or "")
    # DVC goes on where something is nowhere, and only warns of it.
    options = transfer_options(call, lenient=not call.ours)
    report = push_outputs(call.repo, options, sources=all_sources(call.repo), progress=call.bar)
    _tell(call, report, "pushed")
    _refuse(report)


def fetch(call: Call) -> None:
    """Fetch what the cache does not have."""
    asked = call.options
    options = transfer_options(call, max_size=asked.max_size, types=asked.types)
    try:
        report = fetch_outputs(call.repo, options, sources=all_sources(call.repo), progress=call.bar)
    except UnknownRemote:
        if not _is_without_remote(call) or data_status(call.repo, sources=all_sources(call.repo)).not_in_cache:
            raise
        # Nothing is missing, so that nobody has to be asked.
        report = TransferReport()
    if report.imports:
        bring_imports(call.repo, report.imports, all_sources, call.bar)
    _tell(call, report, "fetched")
    if not call.ours:
        for one in report.missing:
            call.warn(f"{', '.join(one.paths)}: {one.reason}")
    _refuse(report, missing_ok=not call.ours)


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
            importer=lambda found: bring_imports(call.repo, found, all_sources, call.bar),
            progress=call.bar,
        )
    except UnknownRemote:
        if not _is_without_remote(call):
            raise
        report = PullReport(TransferReport(), _checked_out(call, checking))
    call.bar.clear()
    fetched, done = report.fetched, report.checked_out
    added, modified, deleted = done.files
    counts = {"fetched": fetched.moved, "added": added, "modified": modified, "deleted": deleted}
    if call.wants_json:
        call.show(
            {**changes_in(call, done), "failed": list(done.failed), "files": counts, "lost": _as_json(fetched.lost)}
        )
    else:
        print_changes(call, changes_in(call, done))
        call.say(counted(counts) or _NOTHING)
    _refuse(fetched, missing_ok=asked.allow_missing)
    _refuse_unplaced(done, asked.allow_missing)


def _is_without_remote(call: Call) -> bool:
    return not (call.options.remote or call.repo.config.default_remote)


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


def transfer_options(call: Call, **more: Any) -> TransferOptions:
    """What `push`, `fetch`, `pull` and `status --cloud` are asked for alike."""
    asked = call.options
    return TransferOptions(
        targets=asked.targets,
        remote=asked.remote or "",
        jobs=asked.jobs,
        revisions=RevisionScope(branches=asked.all_branches, tags=asked.all_tags, commits=asked.all_commits),
        with_deps=asked.with_deps,
        recursive=asked.recursive,
        run_cache=getattr(asked, "run_cache", False),
        glob=getattr(asked, "glob", False),
        patterns=tuple(getattr(asked, "only", ())),
        **more,
    )


def _tell(call: Call, report: TransferReport, word: str) -> None:
    call.bar.clear()
    if call.wants_json:
        call.show({word: report.moved, "size": report.size, "runs": report.runs, "lost": _as_json(report.lost)})
    else:
        call.say(counted({word: report.moved + report.runs}) or _NOTHING)


def _as_json(lost: Sequence[Lost]) -> list[dict[str, Any]]:
    return [{"md5": one.value, "paths": list(one.paths), "reason": one.reason} for one in lost]


def _refuse(report: TransferReport, *, missing_ok: bool = False) -> None:
    """Fail for what could not be transferred."""
    lost = (*report.damaged, *report.failed) if missing_ok else report.lost
    if not lost:
        return
    lines = [f"  {', '.join(one.paths) or one.value}: {one.reason}" for one in lost[:_SHOWN]]
    if len(lost) > _SHOWN:
        lines.append(f"  and {len(lost) - _SHOWN} more")
    head = "1 object was" if len(lost) == 1 else f"{len(lost)} objects were"
    msg = "\n".join([f"{head} not transferred:", *lines])
    kind: type[TreeringError] = DamagedData if report.damaged else Unavailable if report.failed else NotFound
    raise kind(msg)


def _refuse_unplaced(done: CheckoutReport, allow_missing: bool) -> None:  # noqa: FBT001 - passed on
    if done.failed and not allow_missing:
        raise Incomplete(done)
