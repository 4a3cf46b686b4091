"""The verb `repro`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.narrator import Narrator
from treering.cli.dvc.staging import tell_git
from treering.cli.dvc.wording import UP_TO_DATE, spoken
from treering.core.variables import process_variables
from treering.pipelines.reproduce import ReproFailed, ReproOptions, ReproReport, reproduce

__all__ = ["asked_options", "repro", "run_added"]


def repro(call: Call) -> None:
    """Run the stages that changed."""
    asked = call.options
    options = asked_options(
        call,
        glob=asked.glob,
        commit=not asked.no_commit,
        run_cache=not asked.no_run_cache,
        jobs=getattr(asked, "jobs", 1),
        # What commands print would stand in the middle of it; it is in their logs.
        captured=call.wants_json,
        resources=_resources(getattr(asked, "resource", None) or ()),
    )
    try:
        report = _reproduce(call, options)
    except ReproFailed as error:
        if call.wants_json:
            call.show(_as_json(error.report))
        raise
    if call.wants_json:
        call.show(_as_json(report))
        return
    if not options.dry:
        tell_git(call, report.touched)
    push = spoken("push", ours=call.ours)
    call.say(f"Use `{push}` to send your updates to remote storage." if report.reproduced else UP_TO_DATE)


def _reproduce(call: Call, options: ReproOptions) -> ReproReport:
    listener = Narrator(call, several=options.jobs > 1, go_on=options.keep_going or options.ignore_errors)
    targets = call.options.targets
    if not _is_tracked(call):
        return reproduce(call.repo, targets, options, listener, base=call.here)
    # The tracking store is loaded for those who keep runs in it.
    with import_module("treering.cli.dvc.tracking").tracked(call, listener) as runs:
        followed = replace(options, environment=runs.environment)
        return reproduce(call.repo, targets, followed, runs, base=call.here)


def _is_tracked(call: Call) -> bool:
    if getattr(call.options, "track", False):
        return True
    # The settings take time to load; where the variable is not there, they say no.
    if not process_variables().get("TREERING_TRACK_PIPELINES"):
        return False
    return bool(import_module("treering.core.settings").read_settings().track_pipelines)


def run_added(call: Call, address: str) -> list[Path]:
    """Run a stage that was just written; the files for Git that changed."""
    options = ReproOptions(single_item=True, force=True)
    report = reproduce(call.repo, [address], options, Narrator(call), base=call.here)
    return [Path(file) for file in report.touched]


def asked_options(call: Call, **more: Any) -> ReproOptions:
    """What `repro` and `exp run` are asked for alike."""
    asked = call.options
    # What fetches data is loaded for those who want it fetched.
    puller = import_module("treering.cli.dvc.bringing").Bringer(call) if asked.pull else None
    return ReproOptions(
        force=asked.force,
        single_item=asked.single_item,
        pipeline=asked.pipeline,
        all_pipelines=asked.all_pipelines,
        recursive=asked.recursive,
        downstream=asked.downstream,
        force_downstream=asked.force_downstream,
        pull=asked.pull,
        allow_missing=asked.allow_missing,
        dry=asked.dry,
        keep_going=asked.on_error == "keep-going",
        ignore_errors=asked.on_error == "ignore",
        confirm=call.confirm if asked.interactive else None,
        puller=puller,
        **more,
    )


def _resources(said: Iterable[str]) -> dict[str, float]:
    found = {}
    for one in said:
        name, _, amount = one.partition("=")
        try:
            found[name] = float(amount)
        except ValueError as error:
            msg = f"{one!r} does not say how much there is of what. Write a name and a number, such as gpu=2."
            raise Misuse(msg) from error
    return found


def _as_json(report: ReproReport) -> dict[str, Any]:
    return {
        "done": {address: done.how for address, done in report.done.items()},
        "failed": {address: str(error) for address, error in report.failed.items()},
        "blocked": dict(report.blocked),
    }
