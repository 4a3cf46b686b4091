"""Parameters of a repository: what stages depend on, and what else is known as a parameter."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.pipelines.params import DEFAULT_FILE, merge_keys, pick
from treering.pipelines.readings import Files, expand, in_file, load, reading
from treering.pipelines.snapshots import HERE, Choice, Snapshot, over_revisions
from treering.pipelines.stage import Stage
from treering.pipelines.targets import choose
from treering.versioning.repository import Repository

__all__ = ["params_at", "params_show"]


def params_show(
    repo: Repository,
    targets: Sequence[str] = (),
    choice: Choice = HERE,
    *,
    deps: bool = False,
    stages: Sequence[str] = (),
    base: Path | None = None,
) -> dict[str, dict[str, Any]]:
    """The parameters by revision and file, in the shape of `metrics_show`.

    Args:
        targets: Files, relative to `base`; of a repository that names none, `params.yaml` and what dvc.yaml names.
        choice: At which revisions.
        deps: Only those that stages depend on.
        stages: Only those of these stages.
        base: The folder where the user stands.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    return over_revisions(repo, choice, lambda at: params_at(at, targets, deps=deps, stages=stages), base=base)


def params_at(
    at: Snapshot, targets: Sequence[str] = (), *, deps: bool = False, stages: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """The parameters of one revision by file, as they stand in `params_show` under `data`."""
    chosen = [stage for name in stages for stage in choose(at.stages, name)] if stages else list(at.stages)
    wanted: dict[str, list[str]] = {}
    if targets:
        wanted = {in_file(str(at.stages.base), target): [] for target in targets}
    if not targets or stages:
        _add_deps(wanted, chosen)
    if not targets and not deps and not stages:
        _add_whole(wanted, at)
    found = {
        at.stages.shown(path): reading(lambda path=path, keys=keys: _read(at.files, path, at.stages.shown(path), keys))  # type: ignore[misc]
        for named, keys in wanted.items()
        for path in expand(at.files, [named])
    }
    return found if targets or stages else found | _used_by_templates(at, found)


def _add_deps(wanted: dict[str, list[str]], stages: Sequence[Stage]) -> None:
    """The keys that stages depend on; of a file that one depends on whole, all."""
    whole = {path for path, keys in wanted.items() if not keys}
    for stage in stages:
        for params in stage.params:
            path = stage.path_of(params.path)
            if not params.keys:
                whole.add(path)
            wanted.setdefault(path, []).extend(params.keys)
    for path in whole & wanted.keys():
        wanted[path] = []


def _add_whole(wanted: dict[str, list[str]], at: Snapshot) -> None:
    """The files that stand under `params` in a dvc.yaml, and params.yaml at the root."""
    for definition in at.stages.pipelines().values():
        for path in definition.top("params"):
            wanted[in_file(definition.folder, path)] = []
    default = posixpath.join(at.stages.repo.root, DEFAULT_FILE)
    if default in wanted or _is_there(at.files, default):
        wanted[default] = []


def _is_there(files: Files, path: str) -> bool:
    try:
        files.read_bytes(path)
    except (FileNotFoundError, IsADirectoryError):
        return False
    return True


def _read(files: Files, path: str, shown: str, keys: Sequence[str]) -> Any:
    found = load(files, path, shown)
    return merge_keys(pick(found, list(dict.fromkeys(keys)))) if keys else found


def _used_by_templates(at: Snapshot, known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What templates took from files that are no files of parameters otherwise."""
    used: dict[str, dict[str, Any]] = {}
    for stage in at.stages:
        for path, values in (stage.used or {}).items():
            shown = at.stages.shown(in_file(str(at.stages.base), path))
            if shown not in known:
                used.setdefault(shown, {}).update(values)
    return {path: {"data": values} for path, values in used.items()}
