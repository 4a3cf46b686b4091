"""Which stages a user means: names, groups, files, folders, outputs and wildcards, as DVC takes them."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.graph import Graph
from treering.pipelines.stage import Stage
from treering.pipelines.stages import PIPELINE_FILE, StageSet, is_stage_file
from treering.versioning.errors import NotTracked
from treering.versioning.pointers import is_pointer_name

__all__ = ["Chosen", "choose", "choose_granular", "split_target"]

_TARGET = re.compile(r"(?P<path>.*?)(?::(?P<name>[^\\/:]*))?")
_LOCK = "dvc.lock"


class Chosen(NamedTuple):
    """A stage that was meant, and the one output, or path within an output, of it that was; "" for all of it."""

    stage: Stage
    path: str = ""


def split_target(target: str, *, glob: bool = False) -> tuple[str, str]:
    """The file and the name that a target consists of, either of them "" where it does not say.

    A name may be a path as well; which of them it is depends on what is there.

    Raises:
        InvalidInput: If it is a lock file.
    """
    if glob:
        path, _, name = target.rpartition(":")
        return path or PIPELINE_FILE, name
    # The key of a generated stage may have whatever it likes.
    group, at, key = target.partition("@")
    match = _TARGET.fullmatch(group)
    path, name = (match["path"], match["name"] or "") if match else (target, "")
    if path and os.path.basename(path) == _LOCK:
        msg = f"'{target}' is a lock file. Did you mean `{target.replace('.lock', '.yaml', 1)}`?"
        raise InvalidInput(msg)
    if path and not name:
        return (target, "") if is_stage_file(os.path.basename(target)) else ("", target)
    return path or PIPELINE_FILE, f"{name}{at}{key}"


def choose(stages: StageSet, target: str, *, recursive: bool = False, glob: bool = False) -> list[Stage]:
    """The stages that a target means.

    Args:
        stages: All stages.
        target: A name or group in ./dvc.yaml, `path/dvc.yaml:name`, a file with stages, or an output.
        recursive: A folder means all stages whose files are in it.
        glob: The name has wildcards.

    Raises:
        NotFound: If there are none.
        InvalidInput: If the stages it means cannot be used.
    """
    absolute = _absolute(stages, target)
    if recursive and os.path.isdir(absolute):
        return [stages[address] for address in _inside(stages, absolute)]
    path, name = split_target(target, glob=glob)
    file = _relative(stages, path or PIPELINE_FILE)
    try:
        return list(_named(stages, file, name, glob=glob))
    except NotFound:
        maker = _maker(stages, absolute) if not path and not glob else None
        if maker is None:
            raise
        return [maker]


def choose_granular(stages: StageSet, target: str, *, with_deps: bool = False, recursive: bool = False) -> list[Chosen]:
    """The stages that a target means to verbs that also take a part of an output.

    Args:
        stages: All stages.
        target: As in `choose`, without wildcards.
        with_deps: All that they need as well.
        recursive: As in `choose`.

    Raises:
        NotTracked: If the target is neither a stage nor an output.
        InvalidInput: If the stages it means cannot be used.
    """
    absolute = _absolute(stages, target)
    is_folder = recursive and os.path.isdir(absolute)
    path, name = split_target(target)
    if not path and not is_folder:
        found = _in_pipeline(stages, name)
        if not found:
            maker = _maker(stages, absolute)
            if maker is None:
                msg = f"'{target}' does not exist as an output or a stage name in '{PIPELINE_FILE}'. Check the name, or add it."
                raise NotTracked(msg)
            return [Chosen(maker, absolute)]
    else:
        found = choose(stages, target, recursive=recursive)
    if with_deps:
        wanted = stages.graph.reached(stage.address for stage in found)
        found = [stages[address] for address in _ordered(stages.graph, wanted)]
    return [Chosen(stage) for stage in found]


def _ordered(graph: Graph, wanted: set[str]) -> list[str]:
    return graph.ordered(within=wanted)


def _named(stages: StageSet, file: str, name: str, *, glob: bool) -> Iterator[Stage]:
    if is_pointer_name(os.path.basename(file)) or not name:
        yield from stages.in_file(file)
        return
    definition = stages.definition(file)
    if definition.is_group(name):
        names: Iterable[str] = definition.members(name)
    elif glob:
        names = fnmatch.filter(definition.names(), name)
    else:
        names = [name]
    for full in names:
        yield stages.stage(file, full)


def _in_pipeline(stages: StageSet, name: str) -> list[Stage]:
    """The stages of a name in the dvc.yaml where the user stands; none where there is no such."""
    file = _relative(stages, PIPELINE_FILE)
    if not stages.has_file(file):
        return []
    definition = stages.definition(file)
    if not definition.is_group(name) and not definition.has(name):
        return []
    return list(_named(stages, file, name, glob=False))


def _inside(stages: StageSet, folder: str) -> list[str]:
    prefix = folder.rstrip(os.sep) + os.sep
    return [address for address in stages.graph.ordered() if stages[address].file_path().startswith(prefix)]


def _maker(stages: StageSet, absolute: str) -> Stage | None:
    for _, address in stages.outputs.above(absolute):
        return stages[address]
    return None


def _absolute(stages: StageSet, path: str) -> str:
    return os.path.normpath(os.path.join(stages.base, path))


def _relative(stages: StageSet, path: str) -> str:
    return stages.repo.relpath(_absolute(stages, path))
