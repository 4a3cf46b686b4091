"""The verb `exp show`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.paging import page
from treering.experiments.found import Selection
from treering.experiments.show import ShowOptions, exp_show
from treering.experiments.shown import to_json
from treering.experiments.table import TableOptions, csv_text, markdown_text, plain_text

__all__ = ["show"]


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
