"""Sets how a plots file of a stage is drawn, where it is written in dvc.yaml."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.plots_templates import find_template
from treering.pipelines.stage import Stage
from treering.pipelines.stage_edit import edit_stage
from treering.pipelines.stages import StageSet, load_stages
from treering.versioning.pointers import Output
from treering.versioning.repository import Repository

__all__ = ["modify_plot"]

_SECTIONS = ("plots", "outs", "metrics")


def modify_plot(
    repo: Repository,
    target: str,
    properties: Mapping[str, Any],
    unset: Sequence[str] = (),
    *,
    base: Path | None = None,
) -> Stage:
    """Set and take away properties of a plot; the stage that makes it.

    An output that was no plot becomes one, and moves to the section `plots`.

    Args:
        target: The file, relative to `base`.
        properties: Template, x, y, labels, title or header.
        unset: Names of properties to take away.
        base: The folder where the user stands.

    Raises:
        NotFound: If no stage makes the file, or there is no such template.
        InvalidInput: If a property to be taken away is not there, or the stage does not stand by itself in dvc.yaml.
    """
    if properties.get("template"):
        find_template(str(properties["template"]), repo.dvc_dir / "plots")
    with repo.lock():
        stage, out = _output(load_stages(repo, base=base), target)
        known = dict(out.plot) if isinstance(out.plot, Mapping) else {}
        if unset and not out.plot:
            msg = f"'{target}' is not a known plot. Setting a property makes it one, such as --title."
            raise InvalidInput(msg)
        missing = [name for name in unset if name not in known]
        if missing:
            msg = (
                f"display properties {missing} not found in plot '{target}'. Known ones: {', '.join(known) or 'none'}."
            )
            raise InvalidInput(msg)
        number = stage.outs.index(out)
        edit_stage(stage, lambda written: _edit(written, stage, number, properties, unset))
        return stage


def _output(stages: StageSet, target: str) -> tuple[Stage, Output]:
    path = os.path.normpath(stages.base / target)
    for stage in stages:
        for out in stage.outs:
            if stage.path_of(out.path) == path:
                if stage.is_pointer:
                    msg = f"'{target}' is an output of {stage.address}, not of a stage: write it under 'plots' at the top of dvc.yaml."
                    raise InvalidInput(msg)
                return stage, out
    msg = f"Unable to find DVC file with output '{target}'. Name an output of a stage."
    raise NotFound(msg)


def _edit(
    written: dict[str, Any], stage: Stage, number: int, properties: Mapping[str, Any], unset: Sequence[str]
) -> None:
    """Change the entry of an output. Templates in its path are left, so it is found by its place."""
    section, name, flags = _taken(written, stage, number)
    entry = {key: value for key, value in flags.items() if key not in unset} | dict(properties)
    shown: Any = {name: entry} if entry else name
    plots = written.setdefault("plots", [])
    if section == "plots":
        at = next(index for index, one in enumerate(plots) if name == one or (isinstance(one, dict) and name in one))
        plots[at] = (
            shown if not isinstance(plots[at], dict) or len(plots[at]) == 1 else {**plots[at], name: entry or None}
        )
        return
    plots.append(shown)
    written[section] = [one for one in written[section] if not _is_entry(one, name)]
    if not written[section]:
        del written[section]


def _taken(written: Mapping[str, Any], stage: Stage, number: int) -> tuple[str, str, dict[str, Any]]:
    """The section, the name as written and the flags of an output."""
    names = [
        (section, name, flags) for section in ("outs", "metrics", "plots") for name, flags in _entries(written, section)
    ]
    if len(names) != len(stage.outs):
        msg = f"An output of '{stage.address}' stands twice in {stage.file}. Leave one of them."
        raise InvalidInput(msg)
    return names[number]


def _entries(written: Mapping[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for one in written.get(section) or ():
        found += [(name, dict(flags or {})) for name, flags in one.items()] if isinstance(one, dict) else [(one, {})]
    return found


def _is_entry(one: Any, name: str) -> bool:
    return one == name or (isinstance(one, dict) and list(one) == [name])
