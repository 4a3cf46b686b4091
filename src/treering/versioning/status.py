"""Whether the workspace is what pointers say, in the words and shape of `dvc status --json`.

Stages of pipelines are compared on the floor above, which joins its answers to these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.log import logger
from treering.versioning.outputs import Outputs, Selected, display
from treering.versioning.pointers import Dependency, Pointer, stage_checksum
from treering.versioning.repository import Repository
from treering.versioning.trees import is_unchanged, output_state, tree_of

__all__ = ["StatusEntry", "StatusOptions", "UpdateCheck", "dependency_state", "pointer_status", "status"]

StatusEntry = str | dict[str, dict[str, str]]
"""`{"changed deps": {path: state}}`, `{"changed outs": ...}`, "always changed" or "changed checksum"."""

UpdateCheck = Callable[[Pointer, Dependency], str]
"""What there is to say of a source that is not in this repository: "update available", "deleted", or ""."""


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """How to look.

    Attributes:
        recursive: Whether a folder means all stages below it.
        base: What paths are shown relative to; the repository's root, unless given.
        updates: Asks the sources of imports; without it they are not asked.
    """

    recursive: bool = False
    base: str | Path | None = None
    updates: UpdateCheck | None = None


def status(
    repo: Repository, targets: Sequence[str | Path] | None = None, options: StatusOptions | None = None
) -> dict[str, list[StatusEntry]]:
    """What changed, by pointer; one of which nothing changed is left out.

    Args:
        targets: Pointers, outputs and paths in outputs, relative to the current folder. None: all pointers.

    Raises:
        NotTracked: If a target means nothing.
    """
    options = options or StatusOptions()
    chosen: dict[str, list[Selected]] = {}
    outputs = Outputs(repo)
    for one in outputs.select(targets, recursive=options.recursive):
        chosen.setdefault(one.tracked.address, []).append(one)
    found = {}
    for selected in chosen.values():
        pointer = selected[0].tracked.pointer
        if pointer is not None and (entries := pointer_status(repo, pointer, selected, options)):
            found[display(repo, pointer.file, options.base)] = entries
    repo.index.save()
    return found


def pointer_status(
    repo: Repository, pointer: Pointer, selected: Sequence[Selected], options: StatusOptions
) -> list[StatusEntry]:
    """What changed of a pointer.

    Args:
        selected: Those of its outputs that are asked about.
    """
    entries: list[StatusEntry] = []
    is_versioned = any(dep.version_id or dep.files for dep in pointer.deps)
    asks = options.updates is not None and (pointer.is_repo_import or (pointer.is_import and is_versioned))
    if pointer.frozen and not pointer.is_repo_import and not is_versioned:
        logger.warning(
            "%s is frozen. Its dependencies are not going to be shown.", display(repo, pointer.file, options.base)
        )
    if not pointer.frozen or asks:
        deps = {
            _shown(repo, pointer, dep, options): state
            for dep in pointer.deps
            if (state := dependency_state(repo, pointer, dep, options.updates))
        }
        if deps:
            entries.append({"changed deps": deps})
    outs = {}
    for one in selected:
        out, path = one.tracked.output, str(one.tracked.path)
        if not out.is_local:
            continue
        # Of an output in which something was asked about, too, all is compared, as DVC does.
        if state := output_state(repo, out, path):
            outs[display(repo, path, options.base)] = state
    if outs:
        entries.append({"changed outs": outs})
    if pointer.always_changed or (pointer.cmd and not pointer.deps and not pointer.outs):
        entries.append("always changed")
    if pointer.md5 != stage_checksum(pointer):
        entries.append("changed checksum")
    return entries


def dependency_state(repo: Repository, pointer: Pointer, dep: Dependency, updates: UpdateCheck | None) -> str:
    """What there is to say of a dependency: nothing, "modified", "deleted", or what the source says of itself."""
    if not dep.is_local:
        return "" if updates is None else updates(pointer, dep)
    path = pointer.path_of(dep.path)
    if dep.oid is not None and is_unchanged(repo, path, dep.oid):
        return ""
    return "deleted" if tree_of(repo, path) is None else "modified"


def _shown(repo: Repository, pointer: Pointer, dep: Dependency, options: StatusOptions) -> str:
    if dep.repo is not None:
        return f"{dep.path} ({dep.repo.url})"
    return display(repo, pointer.path_of(dep.path), options.base) if dep.is_local else dep.path
