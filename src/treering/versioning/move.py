"""Giving tracked data another place or name; its pointer goes with it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.core.log import logger
from treering.versioning.autostage import autostage
from treering.versioning.entries import Dependency, Output
from treering.versioning.errors import NotTracked, OutputClash
from treering.versioning.gitignore import GitIgnores
from treering.versioning.link_record import LinkRecord
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import SUFFIX, Pointer, write_pointer
from treering.versioning.repository import Repository
from treering.versioning.save import Taking, saved_output
from treering.versioning.sources import OutputSource, Tracked

__all__ = ["MoveReport", "move"]


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What was done; `touched` and `staged` as in `AddReport`."""

    old: Pointer
    new: Pointer
    touched: tuple[Path, ...] = ()
    staged: bool = False


def move(
    repo: Repository, source: str | Path, target: str | Path, *, sources: list[OutputSource] | None = None
) -> MoveReport:
    """Move the data of a pointer, and the pointer.

    Args:
        source: The output; relative to the current folder.
        target: Its new place, or a folder that exists, to be moved into.
        sources: Whose outputs there are beside those of pointers.

    Raises:
        NotTracked: If the source is no output.
        InvalidInput: If its stage has a command, which makes it where it is.
        AlreadyExists: If something is at the new place, or a pointer for it.
        OutputClash: If the new place lies in another output, or holds one.
    """
    with repo.lock():
        outputs = Outputs(repo, sources)
        old_path = os.path.abspath(source)
        one = outputs.at(old_path)
        if one is None:
            msg = f"Unable to find DVC file with output {os.fspath(source)!r}. Give the path of an output."
            raise NotTracked(msg)
        pointer = one.pointer
        if pointer is None or pointer.cmd:
            msg = (
                f"move is not permitted for stages that are not data sources: {one.address!r}. Change the stage's outs."
            )
            raise InvalidInput(msg)
        new_path = os.path.abspath(target)
        if os.path.isdir(new_path):
            new_path = os.path.join(new_path, os.path.basename(old_path))
        new = _moved(pointer, one, new_path)
        _check(repo, outputs, one, new, new_path)
        return _do(repo, one, pointer, new, new_path)


def _moved(pointer: Pointer, one: Tracked, path: str) -> Pointer:
    """The pointer as it will be; it gets another name only where it is called after the data."""
    if os.path.basename(pointer.file) != os.path.basename(one.path) + SUFFIX:
        folder = os.path.join(os.path.dirname(pointer.file), pointer.wdir)
        return replace(pointer, outs=_replaced(pointer, one, os.path.relpath(path, folder)))
    file = Path(path + SUFFIX)
    deps = tuple(_kept(pointer, dep, os.path.dirname(path)) for dep in pointer.deps)
    return replace(pointer, file=file, wdir=".", outs=_replaced(pointer, one, os.path.basename(path)), deps=deps)


def _replaced(pointer: Pointer, one: Tracked, path: str) -> tuple[Output, ...]:
    slashed = path.replace(os.sep, "/")
    return tuple(replace(out, path=slashed) if pointer.output_path(out) == one.path else out for out in pointer.outs)


def _kept(pointer: Pointer, dep: Dependency, folder: str) -> Dependency:
    """A dependency that is where it was, told from another folder."""
    if not dep.is_local or os.path.isabs(dep.path):
        return dep
    return replace(dep, path=os.path.relpath(pointer.path_of(dep.path), folder).replace(os.sep, "/"))


def _check(repo: Repository, outputs: Outputs, one: Tracked, new: Pointer, path: str) -> None:
    shown = repo.relpath(path)
    if shown.startswith("../"):
        msg = f"{shown!r} lies outside of the repository. Choose a place inside."
        raise InvalidInput(msg)
    if os.path.lexists(path):
        msg = f"{shown!r} already exists. Move it away, or choose another place."
        raise AlreadyExists(msg)
    if new.file != Path(repo.root, one.address) and os.path.lexists(new.file):
        msg = f"{repo.relpath(new.file)!r} already exists. Remove it, or choose another place."
        raise AlreadyExists(msg)
    around = outputs.around(path)
    if around is not None:
        msg = f"{shown!r} lies in the output {repo.relpath(around.path)!r} of {around.address!r}. Choose another place."
        raise OutputClash(msg)
    if not os.path.isdir(os.path.dirname(path)):
        msg = f"The folder {repo.relpath(os.path.dirname(path))!r} does not exist. Make it first."
        raise NotFound(msg)


def _do(repo: Repository, one: Tracked, pointer: Pointer, new: Pointer, path: str) -> MoveReport:
    old_key, key = repo.relpath(one.path), repo.relpath(path)
    if os.path.lexists(one.path):
        os.rename(one.path, path)
        _move_index(repo, old_key, key, path)
        record = LinkRecord(repo.our_tmp)
        record.drop(old_key)
        outs = tuple(
            saved_output(repo, out, path, Taking(), record) if str(new.output_path(out)) == path else out
            for out in new.outs
        )
        new = replace(new, outs=outs)
        record.save()
        repo.index.save()
    else:
        logger.warning("%r is missing, so only its pointer is moved.", old_key)
    write_pointer(new)
    touched = [new.file]
    if repo.git_root is not None and (one.output.cache or pointer.is_repo_import):
        with GitIgnores(repo.git_root, repo.environ) as ignores:
            ignores.unignore(one.path)
            ignores.ignore(Path(path))
            ignores.apply()
        touched += ignores.touched
    if new.file != pointer.file:
        os.unlink(pointer.file)
        touched.append(pointer.file)
    return MoveReport(pointer, new, tuple(touched), autostage(repo, touched))


def _move_index(repo: Repository, old_key: str, key: str, path: str) -> None:
    """Moving changes neither time nor inode, so what was known of the files still holds."""
    record = repo.index.tree(old_key)
    if record is not None:
        repo.index.keep_tree(key, record, repo.index.now(path))
        repo.index.drop_tree(old_key)
    elif os.path.isfile(path):
        found = os.stat(path)
        value = repo.index.file(old_key, found)
        if value is not None:
            repo.index.keep_file(key, found, value, repo.index.now(path))
        repo.index.drop_file(old_key)
