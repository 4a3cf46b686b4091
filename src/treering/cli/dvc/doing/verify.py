"""The verb `verify`, which DVC does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import amount
from treering.versioning.outcome import Lost
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.used import Scope
from treering.versioning.verify import VerifyOptions
from treering.versioning.verify import verify as read_all

__all__ = ["verify"]


def verify(call: Call) -> int:
    """Read objects again; 1 where something is damaged or missing."""
    asked = call.options
    if asked.remote and not (asked.cloud or asked.repair):
        msg = "--remote goes with --cloud, to look at a remote, or with --repair, to take good objects from it."
        raise Misuse(msg)
    revisions = RevisionScope(branches=asked.all_branches, tags=asked.all_tags, commits=asked.all_commits)
    options = VerifyOptions(
        asked.remote or "",
        in_remote=asked.cloud,
        only_used=asked.used,
        scope=Scope(revisions=revisions),
        repair=asked.repair,
        jobs=asked.jobs,
    )
    report = read_all(call.repo, options, sources=all_sources(call.repo), progress=call.bar)
    call.bar.clear()
    if call.wants_json:
        call.show(
            {
                "ok": report.is_sound,
                "checked": report.checked,
                "size": report.size,
                "repaired": report.repaired,
                "damaged": _as_json(report.damaged),
                "missing": _as_json(report.missing),
            }
        )
        return 0 if report.is_sound else 1
    for one in (*report.damaged, *report.missing):
        call.give(f"{one.value}  {', '.join(one.paths) or 'used by nothing here'}: {one.reason}")
    objects = "1 object" if report.checked == 1 else f"{report.checked} objects"
    call.say(f"Read {objects}, {amount(report.size)}: {_verdict(report.damaged, report.missing)}")
    if report.repaired:
        call.say(f"Repaired {report.repaired}.")
    return 0 if report.is_sound else 1


def _verdict(damaged: Sequence[Lost], missing: Sequence[Lost]) -> str:
    if not (damaged or missing):
        return "all as their names say."
    return f"{len(damaged)} damaged, {len(missing)} missing."


def _as_json(lost: Sequence[Lost]) -> list[dict[str, Any]]:
    return [{"md5": one.value, "paths": list(one.paths), "reason": one.reason} for one in lost]
