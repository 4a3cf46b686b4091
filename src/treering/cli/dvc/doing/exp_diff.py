"""The verb `exp diff`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.experiments.diff import exp_diff
from treering.experiments.shown import WORKSPACE
from treering.pipelines.value_changes import DEFAULT_PRECISION, changes_table

__all__ = ["diff"]


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
            no_change="diff not supported",
        )
        if text:
            call.say(text)
