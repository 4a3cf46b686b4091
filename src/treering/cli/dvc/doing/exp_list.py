"""The verb `exp list`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.experiments.found import Selection, describe
from treering.experiments.listing import exp_list

__all__ = ["list_experiments"]

_SHORT = 7


def list_experiments(call: Call) -> None:
    """Print names and commits of experiments, below the commits that they come from."""
    asked = call.options
    selection = Selection(asked.rev, asked.num, asked.all_commits)
    found = exp_list(call.repo, selection, remote=asked.git_remote or "")
    if call.wants_json:
        call.show({baseline: [{"name": name, "rev": rev} for name, rev in one] for baseline, one in found.items()})
        return
    names = {} if asked.name_only or asked.sha_only else describe(call.repo.require_git(), list(found))
    for baseline, experiments in found.items():
        if not (asked.name_only or asked.sha_only):
            call.say(f"{names.get(baseline) or baseline[:_SHORT]}:")
        for name, rev in experiments:
            if asked.name_only:
                call.give(name)
            elif asked.sha_only:
                call.give(str(rev))
            else:
                call.say(f"\t{rev[:_SHORT]} [{name}]" if rev else f"\t{name}")
