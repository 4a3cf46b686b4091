"""Verbs that show experiments."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.paging import page
from treering.experiments.diff import exp_diff
from treering.experiments.found import Selection, describe
from treering.experiments.listing import exp_list
from treering.experiments.show import ShowOptions, exp_show
from treering.experiments.shown import WORKSPACE, to_json
from treering.experiments.table import TableOptions, csv_text, markdown_text, plain_text
from treering.pipelines.value_changes import DEFAULT_PRECISION, changes_table

__all__ = ["diff", "list_experiments", "show"]

_SHORT = 7


def show(call: Call) -> None:
    """Print the table of experiments."""
    asked = call.options
    options = ShowOptions(
        Selection(asked.rev, asked.num, asked.all_commits, asked.all_branches, asked.all_tags),
        hide_queued=asked.hide_queued,
        hide_failed=asked.hide_failed,
        hide_workspace=asked.hide_workspace,
        sha=asked.sha,
        param_deps=asked.param_deps,
        force=asked.force,
    )
    lines = exp_show(call.repo, options)
    if asked.json:
        call.show(to_json(lines), default=str)
        return
    table = TableOptions(
        sort_by=asked.sort_by or "",
        descending=asked.sort_order == "desc",
        only_changed=asked.only_changed,
        drop=asked.drop,
        keep=asked.keep,
        precision=asked.precision,
    )
    if asked.csv:
        call.give(csv_text(lines, table).rstrip("\n"))
    elif asked.markdown:
        call.say(markdown_text(lines, table))
    elif asked.no_pager:
        call.say(plain_text(lines, table))
    else:
        page(call, plain_text(lines, table))


def diff(call: Call) -> None:
    """Print how metrics and params of two experiments differ."""
    asked = call.options
    old, new = asked.a_rev or "HEAD", asked.b_rev or WORKSPACE
    found = exp_diff(call.repo, old, new, param_deps=asked.param_deps, unchanged=asked.all)
    if asked.json:
        call.show(found, default=str)
        return
    precision = asked.precision or DEFAULT_PRECISION
    for key, title, digits in (("metrics", "Metric", precision), ("params", "Param", None)):
        if key == "params" and found:
            call.say()
        text = changes_table(
            found.get(key, {}),
            ("Path", title, old, new),
            path=not asked.no_path,
            precision=digits,
            markdown=asked.markdown,
        )
        if text:
            call.say(text)


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
