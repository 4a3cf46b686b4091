"""The verb `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.wording import UP_TO_DATE
from treering.pipelines.stages import load_stages
from treering.pipelines.status import pipeline_status

__all__ = ["status"]

_STATE = 20
_NOTHING = """\
There are no data or pipelines tracked in this project yet.
Track files with `add`, or write a stage with `stage add`."""


def status(call: Call) -> int:
    """Print what changed; with --quiet nothing, and 1 where something did."""
    asked = call.options
    if asked.cloud or asked.remote:
        # What moves objects is loaded only for those who ask a remote.
        module = import_module("treering.cli.dvc.doing.cloud")
        found, otherwise = module.compare(call)
        return _tell(call, found, otherwise, 1)
    stages = load_stages(call.repo, base=call.here)
    found = pipeline_status(stages, asked.targets, with_deps=asked.with_deps, recursive=asked.recursive)
    if asked.check_updates and any(stage.pointer is not None and stage.pointer.is_repo_import for stage in stages):
        # What looks into other repositories is loaded for those who have imports.
        found = import_module("treering.cli.dvc.news").add_news(call, stages, found)
    return _tell(call, found, UP_TO_DATE if len(stages) else _NOTHING, 0)


def _tell(call: Call, found: Mapping[str, Any], otherwise: str, depth: int) -> int:
    call.bar.clear()
    if call.options.json:
        call.show(found)
    elif call.quiet:
        return int(bool(found))
    elif found:
        _print(call, found, depth)
    else:
        call.say(otherwise)
    return 0


def _print(call: Call, found: str | Sequence[Any] | Mapping[str, Any], depth: int) -> None:
    indent = "\t" * depth
    if isinstance(found, str):
        call.say(f"{indent}{found}")
    elif isinstance(found, Mapping):
        for key, value in found.items():
            if isinstance(value, str):
                call.say(f"{indent}{f'{value}:'.ljust(_STATE)}{key}")
            elif value:
                call.say(f"{indent}{key}:")
                _print(call, value, depth + 1)
    else:
        for one in found:
            _print(call, one, depth)
