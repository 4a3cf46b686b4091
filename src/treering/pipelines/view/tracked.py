"""What a repository tracks: its pointers' and stages' outputs with their state."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from treering.core.errors import TreeringError
from treering.entities.repository import OutputKind, PathState, Tracked, TrackedList
from treering.pipelines.contents import Contents
from treering.pipelines.leftovers import is_noted
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.view.harmless import harmless_address, harmless_text
from treering.pipelines.view.recorded import Recorded
from treering.versioning.pointers import Dependency, Output
from treering.versioning.repository import Repository

__all__ = ["dependency_state", "kind_of", "path_state", "shown_path", "stages_by_file", "tracked_list"]

_MOST = 20_000
_SHORT = 7


def tracked_list(stages: StageSet, recorded: Recorded, *, working: bool) -> TrackedList:
    """All that is tracked.

    Args:
        stages: Of the working tree, or of a revision.
        recorded: Tells what runs recorded.
        working: Whether to compare it with what lies there.
    """
    repo = stages.repo
    contents = Contents(repo, stages.params)
    problems: list[str] = []
    found: list[Tracked] = []
    for stage in stages_by_file(stages, problems):
        for out in stage.outs:
            state: PathState = ""
            try:
                # What is just being written is not read at the same time.
                if stage.is_pointer or not (working and is_noted(repo.our_tmp, stage.address)):
                    state = path_state(contents, stage, out, working=working)
            except (TreeringError, OSError) as error:
                problems.append(harmless_text(str(error), str(repo.root)))
            found.append(_tracked(repo, stage, out, state, recorded))
    repo.index.save()
    found.sort(key=lambda one: one.path)
    return TrackedList(found[:_MOST], len(found) > _MOST, list(dict.fromkeys(problems)))


def stages_by_file(stages: StageSet, problems: list[str]) -> Iterator[Stage]:
    """All stages of files that can be used; why the others cannot is added to `problems`."""
    root = str(stages.repo.root)
    try:
        files = stages.files
    except (TreeringError, OSError) as error:
        problems.append(harmless_text(str(error), root))
        return
    for file in files:
        try:
            yield from stages.in_file(file)
        except (TreeringError, OSError) as error:
            problems.append(harmless_text(str(error), root))
    stages.read.save()


def path_state(contents: Contents, stage: Stage, out: Output, *, working: bool) -> PathState:
    """How an output differs from what lies there; without `working`, whether it can be had at all.

    Raises:
        TreeringError: If that cannot be found out.
        OSError: If it cannot be read.
    """
    path = stage.path_of(out.path)
    if not out.is_local:
        return ""
    if out.oid is None and out.files is None:
        return "" if not working else "new" if os.path.lexists(path) else "deleted"
    if working:
        return _state_here(contents, out, path)
    return "not in cache" if out.cache and out.oid is not None and not contents.is_cached(out.oid) else ""


def _state_here(contents: Contents, out: Output, path: str) -> PathState:
    size = _size_of_file(path) if out.oid is not None and not out.oid.is_dir else None
    if size is not None and out.size is not None and size != out.size and out.oid is not None:
        # A file of another size need not be read to know that it is another one, however large it is.
        return "not in cache" if out.cache and not contents.is_cached(out.oid) else "modified"
    return contents.out_state(out, path)  # type: ignore[return-value]  # it says no other words


def dependency_state(contents: Contents, dep: Dependency, path: str) -> PathState:
    """How a dependency, whose path is absolute and local, differs from what is locked; "" where nothing is locked.

    Raises:
        TreeringError: If that cannot be found out.
        OSError: If it cannot be read.
    """
    if dep.oid is None:
        return "" if os.path.exists(path) else "deleted"
    if not dep.oid.is_dir and dep.size is not None and _size_of_file(path) not in (None, dep.size):
        return "modified"
    return contents.dep_state(dep, path)  # type: ignore[return-value]  # it says no other words


def _size_of_file(path: str) -> int | None:
    """None where no file lies."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def kind_of(stage: Stage, out: Output) -> OutputKind:
    """What an output is."""
    if stage.is_import:
        return "import"
    if out.metric:
        return "metric"
    if out.plot:
        return "plot"
    return "data" if stage.is_pointer else "output"


def shown_path(repo: Repository, path: str) -> str:
    """A path, absolute, or URL as it is shown to everybody."""
    if "://" in path:
        return harmless_address(path)
    relative = repo.relpath(path)
    return harmless_address(path) if relative.startswith("../") or relative == ".." else relative


def _tracked(repo: Repository, stage: Stage, out: Output, state: PathState, recorded: Recorded) -> Tracked:
    path = shown_path(repo, stage.path_of(out.path))
    oid = out.oid.value if out.oid is not None else ""
    dataset, runs = recorded.find(path, oid)
    file = repo.relpath(stage.file)
    size, files = out.size, out.nfiles
    if out.files is not None:
        sizes = [one.size for one in out.files]
        size = size if size is not None else sum(one or 0 for one in sizes)
        files = files if files is not None else len(sizes)
    return Tracked(
        path,
        f"{file}:{stage.name}" if stage.name else file,
        kind_of(stage, out),
        oid,
        size,
        files,
        state,
        (out.oid is not None and out.oid.is_dir) or out.files is not None,
        out.remote,
        out.desc or (stage.desc if stage.is_pointer else ""),
        out.type,
        out.labels,
        _origin(stage) if stage.is_import else "",
        dataset,
        runs,
    )


def _origin(stage: Stage) -> str:
    """Where an import came from."""
    dep = next(iter(stage.deps), None)
    if dep is None:
        return ""
    if dep.repo is None:
        return "" if dep.db is not None else harmless_address(dep.path)
    rev = dep.repo.rev or dep.repo.rev_lock[:_SHORT]
    url = harmless_address(dep.repo.url)
    return f"{url}@{rev}" if rev else url
