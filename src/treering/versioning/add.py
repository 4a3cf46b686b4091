"""Tracking files and folders: their content goes into the cache, a pointer to it into Git.

A path inside of a tracked folder gets no pointer of its own: the folder's list of
files is changed, for which the rest of the folder need not be there.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.versioning.autostage import autostage
from treering.versioning.checkout import CheckoutOptions, Wanted, checkout_outputs
from treering.versioning.entries import Output
from treering.versioning.errors import OutputClash
from treering.versioning.gitignore import GitIgnores, git_ignore
from treering.versioning.link_record import LinkRecord
from treering.versioning.outputs import Outputs
from treering.versioning.patch import Fetch, Patch, patch_output
from treering.versioning.pointers import SUFFIX, Pointer, is_pointer_name, write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.save import Taking, saved_output
from treering.versioning.sources import OutputSource, Tracked
from treering.versioning.trees import tree_of

__all__ = ["AddOptions", "AddReport", "add"]

_STAGE_FILES = {"dvc.yaml", "dvc.lock"}


@dataclass(frozen=True, slots=True)
class AddOptions:
    """How to add.

    Attributes:
        commit: Unless set, nothing is stored: the pointer says what there is.
        glob: Whether targets are patterns; `**` stands for folders at any depth.
        out: Where the target's content is to lie in the repository; the one target may lie anywhere then.
        force: With `out`: replace what lies there.
        link: Unless set, the workspace's files are left as they are.
        desc: A description for new pointers.
        remote: The only remote that new outputs go to.
        fetch: Brings the list of files of a folder that is patched, where it is not in the cache.
    """

    commit: bool = True
    glob: bool = False
    out: str | Path | None = None
    force: bool = False
    link: bool = True
    desc: str = ""
    remote: str = ""
    fetch: Fetch | None = None


@dataclass(frozen=True, slots=True)
class AddReport:
    """What was done.

    Attributes:
        pointers: As they are now, in the order of the targets.
        touched: Files for Git: pointers that changed, and `.gitignore` files.
        staged: Whether they were given to Git already, as `core.autostage` says.
    """

    pointers: tuple[Pointer, ...] = ()
    touched: tuple[Path, ...] = ()
    staged: bool = False


@dataclass(slots=True)
class _Target:
    """What one target means.

    Attributes:
        path: Absolute; where the output lies, or the part of it that is added.
        pointer: As it is before.
        out: The output of it.
        place: Where that lies, absolute.
    """

    path: str
    pointer: Pointer
    out: Output
    place: str

    @property
    def is_part(self) -> bool:
        return self.path != self.place


def add(
    repo: Repository,
    targets: Iterable[str | Path],
    options: AddOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
    progress: Progress = NO_PROGRESS,
) -> AddReport:
    """Track files and folders, or take their changes over.

    Targets are done one after the other; where one fails, those before it are tracked.

    Args:
        targets: Relative to the current folder.
        sources: Whose outputs there are beside those of pointers.

    Raises:
        NotFound: If a target does not exist.
        InvalidInput: If it cannot be tracked, as one that is ignored.
        OutputClash: If it is, holds, or lies in an output of something else, or Git tracks it.
        StorageFull: If the cache has no room.
    """
    options = options or AddOptions()
    with repo.lock():
        names = _expanded(targets, options)
        if not names:
            return AddReport()
        work = _Adding(repo, options, Outputs(repo, sources), progress)
        if options.out is not None:
            return work.run([work.bring(names)])
        return work.run(names)


def _refuse_name(repo: Repository, path: str) -> None:
    """Pointers are texts in UTF-8, and the name of a Git-ignored file is a line."""
    name = os.path.basename(path)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        msg = f"The name of {os.fsencode(path)!r} is no UTF-8, so it cannot be tracked. Rename it."
        raise InvalidInput(msg) from error
    if "\n" in name and repo.git_root is not None:
        msg = f"The name {name!r} has a line break, so that no .gitignore can name it. Rename it."
        raise InvalidInput(msg)


def _expanded(targets: Iterable[str | Path], options: AddOptions) -> list[str]:
    names = [os.fspath(target) for target in targets]
    if not options.glob:
        return names
    found = [path for name in names for path in sorted(glob.iglob(name, recursive=True))]
    if not found:
        msg = f"Glob {names} has no matches. Put patterns into quotation marks, so that the shell leaves them alone."
        raise NotFound(msg)
    return found


@dataclass
class _Adding:
    repo: Repository
    options: AddOptions
    outputs: Outputs
    progress: Progress
    done: dict[str, Pointer] = field(default_factory=dict)
    touched: list[Path] = field(default_factory=list)

    def run(self, names: Sequence[str]) -> AddReport:
        """Add targets that lie where they are to be tracked."""
        meant = {target.path: target for target in map(self.target, names)}
        self._check(list(meant.values()))
        record = LinkRecord(self.repo.our_tmp)
        ignored: list[str] = []
        try:
            for target in meant.values():
                self._one(target, record)
                ignored.append(target.place)
        finally:
            record.save()
            self.repo.index.save()
            self._ignore(ignored)
        staged = autostage(self.repo, self.touched)
        return AddReport(tuple(self.done.values()), tuple(self.touched), staged)

    def target(self, name: str) -> _Target:
        """Find out what a target means, and whether it may be tracked at all."""
        path = os.path.abspath(name)
        key = self.repo.relpath(path)
        base = os.path.basename(path)
        if is_pointer_name(base) or base in _STAGE_FILES:
            msg = f"DVC file {name!r} cannot be an output. Add the data that it is about."
            raise InvalidInput(msg)
        if key == "." or key.startswith("../"):
            msg = f"{name!r} lies outside of the repository {str(self.repo.root)!r}. Copy it into it with `--out`."
            raise InvalidInput(msg)
        _refuse_name(self.repo, path)
        self._refuse_linked(name, path)
        found = self.outputs.around(path)
        if found is not None:
            return self._of_output(name, path, found)
        file = Path(path + SUFFIX)
        if os.path.lexists(file) and not self.options.force:
            msg = (
                f"{self.repo.relpath(file)!r} already exists, and is about something else. Remove it, or use `--force`."
            )
            raise AlreadyExists(msg)
        out = Output(base, remote=self.options.remote)
        return _Target(path, Pointer(file, (out,), desc=self.options.desc), out, path)

    def bring(self, names: Sequence[str]) -> str:
        """Copy the one target to where it is to be tracked; gives the place."""
        if len(names) != 1 or self.options.out is None:
            msg = f"An output has one source, but {len(names)} were given. Add them one by one."
            raise InvalidInput(msg)
        source, out = os.path.abspath(names[0]), os.path.abspath(self.options.out)
        place = os.path.join(out, os.path.basename(source)) if os.path.isdir(out) else out
        if os.path.lexists(place) and not self.options.force:
            msg = f"The file {self.repo.relpath(place)!r} already exists locally. To replace it, use `--force`."
            raise AlreadyExists(msg)
        if not os.path.exists(source):
            msg = f"The source {names[0]!r} does not exist. Give the path of a file or folder."
            raise NotFound(msg)
        self._check([self.target(place)])
        tree = tree_of(self.repo, source, store=True, share=False, progress=self.progress)
        if tree is None:
            msg = f"The source {names[0]!r} is ignored, so it cannot be added. Change the ignore file."
            raise InvalidInput(msg)
        wanted = Wanted(Output(os.path.basename(place), tree.oid, isexec=tree.isexec), place)
        checkout_outputs(self.repo, [wanted], CheckoutOptions(force=True), self.progress)
        return place

    def _of_output(self, name: str, path: str, found: Tracked) -> _Target:
        pointer, place = found.pointer, str(found.path)
        if pointer is None or pointer.cmd:
            msg = (
                f"cannot update {name!r}: overlaps with an output of stage {found.address!r}."
                " Run the pipeline, or take the change over with `treering data commit`."
            )
            raise OutputClash(msg)
        out = found.output
        if path != place and (out.oid is not None and not out.oid.is_dir):
            msg = f"Cannot modify {self.repo.relpath(place)!r}, which is being tracked as a file. Add it, not what is in it."
            raise OutputClash(msg)
        # Another target of this call may have changed the same pointer.
        pointer = self.done.get(str(pointer.file), pointer)
        return _Target(path, pointer, out, place)

    def _refuse_linked(self, name: str, path: str) -> None:
        """What lies behind a link to a folder lies elsewhere, perhaps not in the repository."""
        folder, top = os.path.dirname(path), str(self.repo.root)
        while len(folder) > len(top):
            if os.path.islink(folder):
                msg = f"Cannot add {name!r}: {folder!r} is a symbolic link. Add what it leads to, at its own place."
                raise InvalidInput(msg)
            folder = os.path.dirname(folder)
        if os.path.islink(path) and os.path.isdir(path):
            msg = f"Cannot add {name!r}: it is a symbolic link to a folder. Add the folder that it leads to."
            raise InvalidInput(msg)

    def _check(self, targets: Sequence[_Target]) -> None:
        """Refuse what would overlap with other outputs, or with what Git tracks."""
        new = [target for target in targets if self.outputs.at(target.place) is None]
        places = {target.place for target in new}
        for target in new:
            key = self.repo.relpath(target.place)
            if inner := self.outputs.below(target.place):
                other, address = self.repo.relpath(inner[0].path), inner[0].address
                msg = (
                    f"Cannot add {key!r}, because it is overlapping with other DVC tracked output: {other!r}.\n"
                    f"To include {other!r} in {key!r}, run 'treering data remove {address}' and then 'treering data add {key}'"
                )
                raise OutputClash(msg)
            above = os.path.dirname(target.place)
            while len(above) > len(str(self.repo.root)):
                if above in places:
                    msg = f"The targets {self.repo.relpath(above)!r} and {key!r} overlap. Add the outer one only."
                    raise OutputClash(msg)
                above = os.path.dirname(above)
        git = self.repo.git
        if git is None or not new:
            return
        if tracked := git.tracked([target.place for target in new if target.out.cache]):
            shown = self.repo.relpath(min(tracked))
            msg = (
                f" output {shown!r} is already tracked by SCM (e.g. Git).\n"
                "    You can remove it from Git, then add to DVC.\n"
                "        To stop tracking from Git:\n"
                f"            git rm -r --cached {shown!r}\n"
                f'            git commit -m "stop tracking {shown}" '
            )
            raise OutputClash(msg)
        self._refuse_ignored_pointers(new)

    def _refuse_ignored_pointers(self, new: Sequence[_Target]) -> None:
        if self.repo.git_root is None:
            return
        ignores = git_ignore(self.repo.git_root, self.repo.environ)
        for target in new:
            if ignores.is_ignored(
                os.path.realpath(target.pointer.file.parent) + os.sep + target.pointer.file.name, is_dir=False
            ):
                shown = self.repo.relpath(target.pointer.file)
                msg = f"bad DVC file name {shown!r} is git-ignored. Change .gitignore: the pointer belongs into Git."
                raise InvalidInput(msg)

    def _one(self, target: _Target, record: LinkRecord) -> None:
        options = self.options
        pointer = self.done.get(str(target.pointer.file), target.pointer)
        at = next(at for at, one in enumerate(pointer.outs) if pointer.path_of(one.path) == target.place)
        out = pointer.outs[at]
        how = Taking(options.commit, options.link)
        if target.is_part:
            out = patch_output(self.repo, out, Patch(target.place, target.path, how, options.fetch), self.progress)
        else:
            out = saved_output(self.repo, out, target.path, how, record, self.progress)
        pointer = replace(pointer, outs=(*pointer.outs[:at], out, *pointer.outs[at + 1 :]))
        if write_pointer(pointer):
            self.touched.append(pointer.file)
        self.done[str(pointer.file)] = pointer

    def _ignore(self, places: Sequence[str]) -> None:
        if self.repo.git_root is None or not places:
            return
        with GitIgnores(self.repo.git_root, self.repo.environ) as ignores:
            for place in places:
                ignores.ignore(Path(place))
            ignores.apply()
        self.touched += ignores.touched
