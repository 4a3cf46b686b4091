"""The verb `exp track`, which DVC does not have: experiments become runs of the tracking store."""

from __future__ import annotations

from collections.abc import Sequence

from treering.cli.dvc.call import Call, Misuse
from treering.cli.session import session
from treering.client.context import user_name
from treering.core.settings import read_settings
from treering.experiments.found import Selection
from treering.experiments.tracked import TrackReport, track_experiments

__all__ = ["keep", "track"]


def track(call: Call) -> int:
    """Bring experiments into the store; 1 where one could not be brought."""
    asked = call.options
    selection = Selection(asked.rev, asked.num, asked.all_commits, asked.all_branches, asked.all_tags)
    if asked.experiment and (asked.rev or asked.all_commits or asked.all_branches or asked.all_tags):
        msg = "Name experiments, or say of which commits: not both."
        raise Misuse(msg)
    report = keep(call, asked.experiment, selection, into=asked.into)
    if call.wants_json:
        call.show(
            {
                "experiment_id": report.experiment_id,
                "created": dict(report.created),
                "known": report.known,
                "failed": dict(report.failed),
            }
        )
        return 1 if report.failed else 0
    for name, run_id in report.created.items():
        call.say(f"Tracked {name!r} as run {run_id}.")
    if report.known:
        call.say("1 was tracked before." if report.known == 1 else f"{report.known} were tracked before.")
    if not (report.created or report.known or report.failed):
        call.say("There are no experiments to track. `treering exp list --all-commits` lists all.")
    for name, reason in report.failed.items():
        call.tell(f"{name!r} was not tracked: {reason}")
    return 1 if report.failed else 0


def keep(call: Call, names: Sequence[str] = (), selection: Selection | None = None, *, into: str = "") -> TrackReport:
    """Bring experiments into the store that the settings name."""
    settings = read_settings()
    with session(settings) as services:
        return track_experiments(
            call.repo,
            services.tracking,
            selection,
            names=names,
            experiment=into or settings.experiment_name,
            user=user_name(),
        )
