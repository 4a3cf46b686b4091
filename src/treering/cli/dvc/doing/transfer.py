"""Verbs that move objects between cache and remotes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import counted
from treering.core.errors import DamagedData, NotFound, TreeringError, Unavailable
from treering.versioning.errors import UnknownRemote
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.sources import Tracked
from treering.versioning.transfer import Lost, TransferOptions, TransferReport
from treering.versioning.transfer import fetch as fetch_outputs
from treering.versioning.transfer import push as push_outputs

__all__ = ["NOTHING", "as_json", "bring", "fetch", "is_without_remote", "push", "refuse", "transfer_options"]

NOTHING = "Everything is up to date."
"""What is said where there was nothing to move."""

_SHOWN = 10


def push(call: Call) -> None:
    """Send what the remote does not have."""
    # Without a remote it fails, though there may be nothing to send.
    call.repo.config.remote(call.options.remote or "")
    # DVC goes on where something is nowhere, and only warns of it.
    options = transfer_options(call, lenient=not call.ours)
    report = push_outputs(call.repo, options, sources=all_sources(call.repo), progress=call.bar)
    _tell(call, report, "pushed")
    refuse(report)


def fetch(call: Call) -> None:
    """Fetch what the cache does not have."""
    asked = call.options
    options = transfer_options(call, max_size=asked.max_size, types=asked.types)
    try:
        report = fetch_outputs(call.repo, options, sources=all_sources(call.repo), progress=call.bar)
    except UnknownRemote:
        if not is_without_remote(call) or _is_missing_any(call):
            raise
        # Nothing is missing, so that nobody has to be asked.
        report = TransferReport()
    if report.imports:
        bring(call, report.imports)
    _tell(call, report, "fetched")
    if not call.ours:
        for one in report.missing:
            call.warn(f"{', '.join(one.paths)}: {one.reason}")
    refuse(report, missing_ok=not call.ours)


def bring(call: Call, found: Sequence[Tracked]) -> None:
    """Bring the content of imports into the cache."""
    # Most have none, and what speaks with the places they come from takes as long to load as all else here.
    bringing = import_module("treering.versioning.import_content")
    bringing.bring_imports(call.repo, found, all_sources, call.bar)


def _is_missing_any(call: Call) -> bool:
    look = import_module("treering.versioning.data_status").data_status
    return bool(look(call.repo, sources=all_sources(call.repo)).not_in_cache)


def is_without_remote(call: Call) -> bool:
    """Whether no remote was named, and none is the default one."""
    return not (call.options.remote or call.repo.config.default_remote)


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
        call.show({word: report.moved, "size": report.size, "runs": report.runs, "lost": as_json(report.lost)})
    else:
        call.say(counted({word: report.moved + report.runs}) or NOTHING)


def as_json(lost: Sequence[Lost]) -> list[dict[str, Any]]:
    """What was not transferred."""
    return [{"md5": one.value, "paths": list(one.paths), "reason": one.reason} for one in lost]


def refuse(report: TransferReport, *, missing_ok: bool = False) -> None:
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
