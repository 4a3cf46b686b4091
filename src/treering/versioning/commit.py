"""Taking changes of tracked data over into the pointers and the cache, without running or adding anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.errors import Conflict
from treering.versioning.autostage import autostage
from treering.versioning.gitignore import GitIgnores
from treering.versioning.link_record import LinkRecord
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import Dependency, Pointer, stage_checksum, write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.save import Taking, saved_output
from treering.versioning.trees import is_unchanged, tracked_oid, tree_of

__all__ = ["CommitOptions", "CommitReport", "commit"]


@dataclass(frozen=True, slots=True)
class CommitOptions:
    """How to commit.

    Attributes:
        force: Do not ask.
        confirm: Asks the user, with a question; without it, nobody is asked and changes need `force`.
        recursive: Whether a folder means all stages below it.
        link: Unless set, the workspace's files are left as they are.
        allow_missing: Whether an output that is not there is passed over.
    """

    force: bool = False
    confirm: Callable[[str], bool] | None = None
    recursive: bool = False
    link: bool = True
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class CommitReport:
    """What was done; `touched` and `staged` as in `AddReport`."""

    pointers: tuple[Pointer, ...] = ()
    touched: tuple[Path, ...] = ()
    staged: bool = False


def commit(
    repo: Repository,
    targets: Iterable[str | Path] | None = None,
    options: CommitOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> CommitReport:
    """Store what the outputs of pointers hold now, and write it into them.

    Stages of pipelines are committed on the floor above.

    Args:
        targets: Pointers, outputs and paths in outputs; relative to the current folder. None: all pointers.

    Raises:
        NotTracked: If a target means nothing.
        Conflict: If something changed, and nobody said that it is to be taken over.
        NotFound: If an output is not there.
        StorageFull: If the cache has no room.
    """
    options = options or CommitOptions()
    with repo.lock():
        chosen = Outputs(repo).select(targets, recursive=options.recursive)
        pointers = {
            str(one.tracked.pointer.file): one.tracked.pointer for one in chosen if one.tracked.pointer is not None
        }
        record = LinkRecord(repo.our_tmp)
        done: list[Pointer] = []
        touched: list[Path] = []
        try:
            for pointer in pointers.values():
                _confirm(repo, pointer, options)
                saved = _saved(repo, pointer, options, record, progress)
                if write_pointer(saved):
                    touched.append(saved.file)
                done.append(saved)
        finally:
            record.save()
            repo.index.save()
            touched += _ignored(repo, done)
        return CommitReport(tuple(done), tuple(touched), autostage(repo, touched))


def _confirm(repo: Repository, pointer: Pointer, options: CommitOptions) -> None:
    if options.force:
        return
    deps = [dep.path for dep in pointer.deps if dep.is_local and not _same(repo, pointer.path_of(dep.path), dep)]
    outs = [out.path for out in pointer.outs if out.is_local and _changed(repo, pointer, out.path)]
    name = f"stage: {repo.relpath(pointer.file)!r}"
    if deps and outs:
        what = f"dependencies {deps} and outputs {outs} of {name} changed."
    elif deps:
        what = f"dependencies {deps} of {name} changed."
    elif outs:
        what = f"outputs {outs} of {name} changed."
    elif pointer.md5 != stage_checksum(pointer):
        what = f"'md5' of {name} changed."
    else:
        return
    if options.confirm is None or not options.confirm(f"{what} Are you sure you want to commit it?"):
        msg = f"unable to commit changed {name}. Use `-f|--force` to force."
        raise Conflict(msg)


def _changed(repo: Repository, pointer: Pointer, path: str) -> bool:
    out = next(out for out in pointer.outs if out.path == path)
    oid = tracked_oid(repo, out)
    return oid is None or not is_unchanged(repo, pointer.output_path(out), oid)


def _same(repo: Repository, path: str, dep: Dependency) -> bool:
    return dep.oid is not None and is_unchanged(repo, path, dep.oid)


def _saved(
    repo: Repository, pointer: Pointer, options: CommitOptions, record: LinkRecord, progress: Progress
) -> Pointer:
    outs = []
    for out in pointer.outs:
        path = str(pointer.output_path(out))
        if not out.is_local or (options.allow_missing and tree_of(repo, path) is None):
            outs.append(out)
            continue
        outs.append(saved_output(repo, out, path, Taking(link=options.link), record, progress))
    return replace(pointer, outs=tuple(outs), deps=tuple(_saved_dependency(repo, pointer, dep) for dep in pointer.deps))


def _saved_dependency(repo: Repository, pointer: Pointer, dep: Dependency) -> Dependency:
    """A dependency as it is now. What sources elsewhere are now, `update` finds out."""
    if not dep.is_local or not dep.path or dep.params is not None:
        return dep
    path = pointer.path_of(dep.path)
    if dep.oid is not None and is_unchanged(repo, path, dep.oid):
        return dep
    tree = tree_of(repo, path)
    if tree is None:
        return dep
    return replace(dep, oid=tree.oid, hash="md5", size=tree.size, nfiles=tree.nfiles, isexec=tree.isexec)


def _ignored(repo: Repository, pointers: Sequence[Pointer]) -> list[Path]:
    if repo.git_root is None or not pointers:
        return []
    with GitIgnores(repo.git_root, repo.environ) as ignores:
        for pointer in pointers:
            for out in pointer.outs:
                if (out.cache or pointer.is_repo_import) and out.is_local:
                    ignores.ignore(pointer.output_path(out))
        ignores.apply()
    return list(ignores.touched)
