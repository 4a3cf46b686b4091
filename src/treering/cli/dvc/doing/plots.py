"""Verbs that draw plots."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.staging import tell_git
from treering.core.errors import NotFound
from treering.pipelines.plots import OUT, Plots, plots_diff, plots_show
from treering.pipelines.plots_modify import modify_plot
from treering.pipelines.plots_templates import TEMPLATES

__all__ = ["diff", "modify", "show", "templates"]

_SHORT = 7
_PROPERTIES = ("template", "x", "y", "title", "x_label", "y_label")


def show(call: Call) -> None:
    """Draw plots of the working tree."""
    _check(call)
    plots = plots_show(call.repo, call.options.targets, properties=_properties(call), base=call.here)
    if call.ours:
        _refuse_unreadable(call.options.targets, plots)
    _draw(call, plots)


def _refuse_unreadable(targets: Sequence[str], plots: Plots) -> None:
    """Fail for a file that was named and cannot be drawn; DVC only warns."""
    for one in plots.revisions:
        for target in targets:
            if target in one.errors:
                msg = f"{target!r} cannot be drawn. Give a JSON, YAML, CSV or TSV file that exists, or none to see all plots."
                raise NotFound(msg)


def diff(call: Call) -> None:
    """Draw plots of several commits."""
    _check(call)
    asked = call.options
    revisions = list(asked.revisions)
    if asked.experiment and len(revisions) == 1:
        # What knows experiments is loaded for those who compare one with where it comes from.
        found = import_module("treering.experiments.found")
        baseline = found.baseline_of(call.repo.require_git(), revisions[0])
        revisions += [baseline[:_SHORT]] if baseline else []
    _draw(call, plots_diff(call.repo, revisions, asked.targets or (), properties=_properties(call), base=call.here))


def modify(call: Call) -> None:
    """Set how a plots file is drawn."""
    asked = call.options
    stage = modify_plot(call.repo, asked.target, _properties(call), asked.unset or (), base=call.here)
    call.say(f"Modifying stage '{stage.address}' in '{os.path.relpath(stage.file, call.here)}'")
    tell_git(call, [stage.file])


def templates(call: Call) -> None:
    """Print the names of templates, or one template."""
    name = call.options.template
    if not name and call.wants_json:
        call.show([*TEMPLATES])
    elif not name:
        for known in TEMPLATES:
            call.give(known)
    elif name in TEMPLATES:
        call.show(TEMPLATES[name])
    else:
        msg = f"There is no template {name!r}. Known ones: {', '.join(TEMPLATES)}."
        raise NotFound(msg)


def _check(call: Call) -> None:
    asked = call.options
    wrong = ""
    if asked.show_vega and asked.json:
        wrong = "--show-vega and --json exclude each other."
    elif asked.show_vega and len(asked.targets or ()) != 1:
        wrong = "--show-vega shows one plot: name it."
    if wrong:
        raise Misuse(wrong)


def _properties(call: Call) -> dict[str, Any]:
    given = {name: getattr(call.options, name) for name in _PROPERTIES}
    found = {name: value for name, value in given.items() if value is not None}
    return found if call.options.header else {**found, "header": False}


def _draw(call: Call, plots: Plots) -> None:
    asked, config = call.options, call.repo.config
    out = Path(asked.out or config.get("plots", "out_dir") or OUT)
    if asked.json:
        call.show(plots.json(out, split=asked.split), default=str)
        return
    if asked.show_vega:
        if (specification := plots.vega()) is not None:
            call.show(specification)
        return
    _tell_problems(call, plots)
    frame = asked.html_template or config.get("plots", "html_template") or ""
    text = (call.repo.dvc_dir / frame if not asked.html_template else Path(frame)).read_text("utf-8") if frame else ""
    page = plots.write_page(out, text)
    if page is None:
        return
    call.say(page.resolve().as_uri())
    if asked.open or config.get("plots", "auto_open"):
        webbrowser.open(page.resolve().as_uri())


def _tell_problems(call: Call, plots: Plots) -> None:
    if call.quiet:
        return
    for warning in plots.warnings:
        call.warn(warning)
    if plots.errored:
        print(f"Some files could not be read at these revisions: '{', '.join(plots.errored)}'.", file=sys.stderr)
    if plots.is_empty:
        print("No plots were loaded, so there is no page.", file=sys.stderr)
