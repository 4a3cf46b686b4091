"""No longer tracking: the pointer goes, the data stays with the user unless it is to go, too."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.errors import InvalidInput
from treering.versioning.autostage import autostage
from treering.versioning.bounds import refuse_outside
from treering.versioning.errors import NotTracked
from treering.versioning.link_record import LinkRecord
from treering.versioning.outputs import Outputs
from treering.versioning.patch import Fetch, Patch, patch_output
from treering.versioning.pointers import Pointer, is_pointer_name, write_pointer
from treering.versioning.release import OutputPlace, delete, release
from treering.versioning.repository import Repository
from treering.versioning.save import Taking
from treering.versioning.sources import Tracked

__all__ = ["RemoveReport", "remove"]


@dataclass(frozen=True, slots=True)
class RemoveReport:
    """What was done.

    Attributes:
        pointers: Those that are gone.
        changed: Those of folders of which a part is no longer tracked.
        touched: Files for Git, which may be gone.
        staged: As in `AddReport`.
    """

    pointers: tuple[Pointer, ...] = ()
    changed: tuple[Pointer, ...] = ()
    touched: tuple[Path, ...] = ()
    staged: bool = False


def remove(
    repo: Repository, targets: Iterable[str | Path], *, outs: bool = False, fetch: Fetch | None = None
) -> RemoveReport:
    """Stop tracking.

    Args:
        targets: Pointers, or paths inside of tracked folders; relative to the current folder.
        outs: Whether the data is deleted from the workspace, too. The cache keeps what it has.
        fetch: Brings the list of files of a folder that is changed, where it is not in the cache.

    Raises:
        NotTracked: If a target is neither.
        InvalidInput: If it is an output; its pointer is what can be removed.
        OutOfBounds: If data is to be deleted that lies outside of the repository.
    """
    gone: list[Pointer] = []
    changed: list[Pointer] = []
    touched: list[Path] = []
    with repo.lock():
        outputs = Outputs(repo)
        record = LinkRecord(repo.our_tmp)
        # All of them are found before the first goes, so that a mistake in one changes nothing.
        for path, found in [_meant(outputs, target) for target in targets]:
            if isinstance(found, Pointer):
                touched += _drop(repo, found, record, outs=outs)
                gone.append(found)
                continue
            one = found
            known = next((done for done in changed if done.file == Path(repo.root, one.address)), one.pointer)
            if known is not None:
                changed = [done for done in changed if done is not known]
                changed.append(_without(repo, known, one, path, fetch))
                touched.append(known.file)
                if outs:
                    delete(path)
        record.save()
        repo.index.save()
        staged = autostage(repo, touched)
    return RemoveReport(tuple(gone), tuple(changed), tuple(touched), staged)


def _meant(outputs: Outputs, target: str | Path) -> tuple[str, Pointer | Tracked]:
    """What a target is: a pointer, or a path in a tracked folder."""
    path = os.path.abspath(target)
    pointer = outputs.pointers().get(outputs.repo.relpath(path))
    return path, pointer if pointer is not None else _folder_around(outputs, os.fspath(target), path)


def _folder_around(outputs: Outputs, word: str, path: str) -> Tracked:
    if is_pointer_name(os.path.basename(path)):
        msg = f"{word!r} does not exist. Give the path of a pointer that does."
        raise NotTracked(msg)
    found = outputs.around(path)
    if found is None:
        msg = (
            f"{word!r} is neither tracked nor a stage. Give the path of a pointer, or of something in a tracked folder."
        )
        raise NotTracked(msg)
    if str(found.path) == path:
        msg = f"{word!r} is not a .dvc file. Do you mean {found.address!r}?"
        raise InvalidInput(msg)
    if found.pointer is None:
        msg = f"{word!r} lies in an output of the stage {found.address!r}, which its command makes. Change the stage."
        raise InvalidInput(msg)
    return found


def _drop(repo: Repository, pointer: Pointer, record: LinkRecord, *, outs: bool) -> list[Path]:
    places = [
        OutputPlace(str(pointer.output_path(out)), out.cache, out.cache or pointer.is_repo_import)
        for out in pointer.outs
        if out.is_local
    ]
    for place in places if outs else ():
        refuse_outside(repo, place.path)
    touched = [pointer.file, *release(repo, record, places, outs=outs)]
    with suppress(FileNotFoundError):
        os.unlink(pointer.file)
    return touched


def _without(repo: Repository, pointer: Pointer, one: Tracked, path: str, fetch: Fetch | None) -> Pointer:
    at = next(at for at, out in enumerate(pointer.outs) if pointer.path_of(out.path) == str(one.path))
    patch = Patch(str(one.path), path, Taking(), fetch, drop=True)
    out = patch_output(repo, pointer.outs[at], patch)
    pointer = replace(pointer, outs=(*pointer.outs[:at], out, *pointer.outs[at + 1 :]))
    write_pointer(pointer)
    return pointer
