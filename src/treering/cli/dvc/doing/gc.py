"""The verb `gc`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import amount, joined
from treering.core.errors import InvalidInput
from treering.upkeep.ages import parse_age
from treering.versioning.gc import GRACE, GcOptions, GcReport, Removed
from treering.versioning.gc import gc as collect
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.used import Scope

__all__ = ["gc"]

_SECOND = 1000


def gc(call: Call) -> int:
    """Remove objects that nothing uses; 1 where nobody confirmed it."""
    asked, repo = call.options, call.repo
    scope = _scope(call)
    options = GcOptions(
        scope,
        projects=[Path(path) for path in asked.repos or ()],
        cloud=asked.cloud,
        remote=asked.remote or "",
        not_in_remote=asked.not_in_remote,
        grace=_grace(call),
        dry=asked.dry,
        imports=call.ours,
        jobs=asked.jobs,
    )
    if not call.wants_json:
        call.warn(_announced(call, scope))
    if not (asked.force or asked.dry or call.confirm("Are you sure you want to proceed?")):
        return 1
    report = collect(repo, options, sources=all_sources(repo), progress=call.bar)
    call.bar.clear()
    if call.wants_json:
        call.show(_as_json(report))
    elif call.ours:
        _tell(call, report)
    else:
        _tell_as_dvc(call, report)
    return 0


def _scope(call: Call) -> Scope:
    asked = call.options
    revisions = RevisionScope(
        revs=(asked.rev,) if asked.rev else (),
        num=asked.num or 1,
        branches=asked.all_branches,
        tags=asked.all_tags,
        commits=asked.all_commits,
        experiments=asked.all_experiments,
        since=asked.commit_date or "",
    )
    if asked.num and not (asked.rev or asked.all_branches):
        msg = "--num goes with --rev or --all-branches."
        raise Misuse(msg)
    if revisions or asked.workspace:
        return Scope(revisions=revisions, skip_failed=asked.skip_failed)
    if not call.ours:
        msg = (
            "Say what to keep: -w/--workspace, -a/--all-branches, -T/--all-tags, -A/--all-commits, --all-experiments,"
            " --date or --rev."
        )
        raise Misuse(msg)
    return Scope(everything=True, skip_failed=asked.skip_failed)


def _grace(call: Call) -> float:
    if not call.ours:
        return 0.0
    text = call.options.grace
    try:
        return parse_age(text) / _SECOND if text else GRACE
    except InvalidInput as error:
        raise Misuse(error.message) from error


def _announced(call: Call, scope: Scope) -> str:
    """What is going to be removed, and what not."""
    asked = call.options
    if scope.everything:
        users = ["the working tree", "all that any branch, tag, stash or experiment leads to"]
    else:
        more = [
            ("all branches", asked.all_branches),
            ("all tags", asked.all_tags),
            ("all commits", asked.all_commits),
            ("all experiments", asked.all_experiments),
            (f"commits since {asked.commit_date}", asked.commit_date),
            (str(asked.rev), asked.rev),
        ]
        users = ["the working tree", *(name for name, wanted in more if wanted)]
    where = "the cache and the remote" if asked.cloud else "the cache"
    but = ", as far as the remote does not have it" if asked.not_in_remote else ""
    others = "".join(f"\n  {path}" for path in asked.repos or ())
    also = f"; and what these repositories use:{others}" if others else "."
    return f"This removes everything from {where} but what is used by {joined(users)}{but}{also}"


def _tell_as_dvc(call: Call, report: GcReport) -> None:
    if call.options.dry:
        for one in report.cache:
            call.say(f"Removing {call.repo.cache.path(one.oid)}")
    for name, legacy in (("repo", False), ("legacy", True)):
        count = sum(one.oid.legacy == legacy for one in report.cache)
        call.say(f"Removed {count} objects from {name} cache." if count else f"No unused '{name}' cache to remove.")
    for _, removed in report.remotes:
        call.say(
            f"Removed {len(removed)} objects from remote." if removed else "No unused cache to remove from remote."
        )


def _tell(call: Call, report: GcReport) -> None:
    word = "Would remove" if call.options.dry else "Removed"
    places = [("the cache", report.cache), *((f"the remote {name}", removed) for name, removed in report.remotes)]
    for place, removed in places:
        objects = "1 object" if len(removed) == 1 else f"{len(removed)} objects"
        call.say(f"{word} {objects} from {place}: {_size(removed)}.")
    if report.leftovers:
        call.say(f"{word} what broken-off commands left: {amount(report.leftovers)}.")
    young = f" and {report.young} that may just have been added" if report.young else ""
    call.say(f"Kept {report.kept} that are used{young}.")


def _size(removed: Iterable[Removed]) -> str:
    return amount(sum(one.size for one in removed))


def _as_json(report: GcReport) -> dict[str, Any]:
    return {
        "cache": [_entry(one) for one in report.cache],
        "remotes": {name: [_entry(one) for one in removed] for name, removed in report.remotes},
        "size": report.size,
        "young": report.young,
        "kept": report.kept,
        "leftovers": report.leftovers,
    }


def _entry(one: Removed) -> dict[str, Any]:
    return {"md5": one.oid.value, "legacy": one.oid.legacy, "size": one.size}
