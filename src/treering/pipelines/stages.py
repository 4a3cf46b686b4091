"""All stages of a repository: those of its dvc.yaml files and its `.dvc` files, in the working tree or in a revision.

Files are read when a stage of them is first asked for, so that a verb that names
its stage does not read the whole repository.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput, NotFound, TreeringError
from treering.pipelines.datasets import Datasets
from treering.pipelines.definition import Definition, parse_definition
from treering.pipelines.files import Files, WorkingFiles
from treering.pipelines.graph import Graph, Outputs, build_graph
from treering.pipelines.lockfile import LockFile, lock_of, lock_path, parse_lock
from treering.pipelines.params import ParamFiles
from treering.pipelines.stage import Stage, stage_of_entry, stage_of_pointer
from treering.versioning.discovery import PIPELINE_FILE, Found, find_documents, is_stage_file
from treering.versioning.document_cache import Stamp
from treering.versioning.gitignore import git_ignore
from treering.versioning.ignore import Ignore
from treering.versioning.pointers import Pointer, is_pointer_name, read_pointer
from treering.versioning.repository import Repository

if TYPE_CHECKING:
    # It brings what reads Git, which only those who look into revisions need.
    from treering.versioning.sources import FileTree

__all__ = ["PIPELINE_FILE", "StageSet", "is_stage_file", "load_stages"]


class StageSet:
    """The stages of a repository by address. Not for several threads at a time.

    Args:
        repo: The repository.
        read: Gives a file's bytes by its absolute path; raises FileNotFoundError or IsADirectoryError.
        discover: Gives the paths of all files with stages, relative to the root.
        base: The folder, absolute, that addresses are relative to: where the user stands.
        pointer: Gives a `.dvc` file, by its path relative to the root, that `discover` has read anyway.
    """

    def __init__(
        self,
        repo: Repository,
        read: Files | Callable[[str], bytes],
        discover: Callable[[], Sequence[str]],
        base: Path,
        pointer: Callable[[str], Pointer | None] = lambda _file: None,
    ) -> None:
        self.repo = repo
        self.base = base
        self.read = read if isinstance(read, Files) else Files(read)
        self.params = ParamFiles(self.read.load, self.shown)
        self._discover = discover
        self._known_pointer = pointer
        self._stages: dict[str, Stage] = {}
        self._definitions: dict[str, Definition] = {}
        self._locks: dict[str, LockFile] = {}
        self._stamps: dict[str, Stamp | None] = {}

    @cached_property
    def files(self) -> Sequence[str]:
        """All files with stages, relative to the root. Those of pipelines are not looked at, but for what they make.

        Raises:
            InvalidInput: If a pointer cannot be used.
        """
        return self._discover()

    @property
    def pipeline_files(self) -> list[str]:
        """All dvc.yaml files, relative to the root."""
        return [file for file in self.files if not is_pointer_name(os.path.basename(file))]

    def made_by(self, file: str) -> list[str]:
        """The absolute paths of what the stages of a file make; none where that file cannot be used."""
        try:
            return [path for stage in self.in_file(file) for path in stage.makes()]
        except TreeringError:
            # It is told when the file is asked for.
            return []

    @cached_property
    def all(self) -> Mapping[str, Stage]:
        """All stages by address, in the order of files and of what stands in them.

        Raises:
            InvalidInput: If one of the files cannot be used.
        """
        stages = {stage.address: stage for file in self.files for stage in self.in_file(file)}
        self.read.save()
        return stages

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.all.values())

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, address: str) -> Stage:
        return self.all[address]

    @cached_property
    def outputs(self) -> Outputs:
        """Who makes what.

        Raises:
            OutputClash: If outputs are the same or overlap.
        """
        return Outputs(list(self.all.values()))

    @cached_property
    def graph(self) -> Graph:
        """Which stage needs which, checked.

        Raises:
            OutputClash: If outputs are the same or overlap.
            InvalidInput: If stages need each other in a circle.
        """
        return build_graph(list(self.all.values()), self.outputs)

    @cached_property
    def active_graph(self) -> Graph:
        """The same as `repro` walks it: frozen stages need nothing."""
        return self.graph.without_edges_of(stage.address for stage in self if stage.frozen)

    @cached_property
    def datasets(self) -> Datasets:
        """All datasets."""
        return Datasets(
            (definition.top("datasets"), self.lock(file).datasets) for file, definition in self.pipelines().items()
        )

    def pipelines(self) -> Mapping[str, Definition]:
        """All dvc.yaml files by path relative to the root."""
        return {file: self.definition(file) for file in self.pipeline_files}

    def has_file(self, file: str) -> bool:
        """Whether there is a file of this path, relative to the root."""
        try:
            self.read.read(self._absolute(file))
        except (FileNotFoundError, IsADirectoryError):
            return False
        return True

    def definition(self, file: str) -> Definition:
        """The dvc.yaml at a path relative to the root.

        Raises:
            NotFound: If it is not there.
            InvalidInput: If it cannot be used.
        """
        if file not in self._definitions:
            absolute = self._absolute(file)
            shown = self.shown(absolute)
            text = self._bytes(file)
            data = self.read.load(absolute, lambda read: parse_definition(read, shown))
            folder = os.path.dirname(absolute)
            self._definitions[file] = Definition(
                shown, text.decode(), data, self.params, folder, self._unpacking, self.shown
            )
        return self._definitions[file]

    def lock(self, file: str) -> LockFile:
        """What is locked of the dvc.yaml at a path relative to the root.

        Raises:
            InvalidInput: If the lock file cannot be used, or Git ignores it.
        """
        if file not in self._locks:
            absolute = self._absolute(lock_path(file))
            self._refuse_ignored(absolute)
            self._stamps[file] = self.read.stamp(absolute)
            try:
                data = self.read.load(absolute, lambda text: parse_lock(text, self.shown(absolute)))
            except FileNotFoundError:
                data = {}
            self._locks[file] = lock_of(data)
        return self._locks[file]

    def is_known(self, stage: Stage) -> bool:
        """Whether what stands in the lock file of a stage is what was read, or what this process has written."""
        file = self.repo.relpath(stage.file)
        return file in self._stamps and self.read.stamp(self._absolute(lock_path(file))) == self._stamps[file]

    def current(self, stage: Stage) -> Stage:
        """A stage as it is locked by now, if another process may have run it since it was read."""
        if stage.is_pointer or self.is_known(stage):
            return stage
        file = self.repo.relpath(stage.file)
        self._locks.pop(file, None)
        for name in self.definition(file).names():
            self._stages.pop(self.address(file, name), None)
        return self.stage(file, stage.name)

    def latest(self, stage: Stage) -> Stage:
        """A stage as it is locked after what this process has written."""
        return self._stages.get(stage.address) or self.stage(self.repo.relpath(stage.file), stage.name)

    def wrote_pointer(self, stage: Stage, pointer: Pointer) -> None:
        """Take note that this process itself has written a `.dvc` file."""
        self._stages[stage.address] = stage_of_pointer(stage.address, pointer)

    def wrote(self, stage: Stage, entry: Mapping[str, Any]) -> None:
        """Take note that this process itself has written a stage's entry into the lock file."""
        file = self.repo.relpath(stage.file)
        known = self.lock(file)
        self._locks[file] = replace(known, stages={**known.stages, stage.name: entry})
        self._stages.pop(stage.address, None)
        self._stamps[file] = self.read.stamp(self._absolute(lock_path(file)))

    def in_file(self, file: str) -> list[Stage]:
        """The stages of a file whose path is relative to the root.

        Raises:
            NotFound: If it is not there.
            InvalidInput: If it cannot be used.
        """
        if is_pointer_name(os.path.basename(file)):
            return [self._pointer(file)]
        return [self.stage(file, name) for name in self.definition(file).names()]

    def stage(self, file: str, name: str) -> Stage:
        """The stage of a name in the dvc.yaml at a path relative to the root.

        Raises:
            NotFound: If there is none.
            InvalidInput: If it cannot be used.
        """
        address = self.address(file, name)
        if address not in self._stages:
            definition = self.definition(file)
            if not definition.has(name):
                known = ", ".join(definition.raw_stages) or "none"
                msg = f"Stage '{name}' not found inside '{definition.file}' file. Stages there: {known}."
                raise NotFound(msg)
            locked = self.lock(file).stage(name)
            self._stages[address] = stage_of_entry(address, Path(self._absolute(file)), definition.entry(name), locked)
        return self._stages[address]

    def address(self, file: str, name: str) -> str:
        """What a stage is called from where the user stands."""
        path = self.shown(self._absolute(file))
        if not name:
            return path
        return name if path == PIPELINE_FILE else f"{path}:{name}"

    def shown(self, path: str) -> str:
        """A path as DVC shows it: relative to where the user stands; absolute, outside of the repository."""
        if "://" in path or not _is_within(path, str(self.repo.root)):
            return path
        return os.path.relpath(path, self.base).replace(os.sep, "/")

    def _absolute(self, file: str) -> str:
        return os.path.join(self.repo.root, file)

    def _bytes(self, file: str) -> bytes:
        try:
            return self.read.read(self._absolute(file))
        except (FileNotFoundError, IsADirectoryError) as error:
            msg = f"'{self.shown(self._absolute(file))}' does not exist. Give the path of a file with stages."
            raise NotFound(msg) from error

    def _pointer(self, file: str) -> Stage:
        address = self.address(file, "")
        if address not in self._stages:
            pointer = self._known_pointer(file) or read_pointer(Path(self._absolute(file)), self._bytes(file))
            self._stages[address] = stage_of_pointer(address, pointer)
        return self._stages[address]

    def _refuse_ignored(self, path: str) -> None:
        relative = self._git.relative(path) if self._git is not None else None
        if self._git is None or not relative:
            return
        folder, _, name = relative.rpartition("/")
        rules = self._git.rules(folder)
        if rules is None or rules.tests()[0](name):
            msg = f"'{self.shown(path)}' is git-ignored. Take it out of .gitignore: it belongs to the code."
            raise InvalidInput(msg)

    @cached_property
    def _git(self) -> Ignore | None:
        if not isinstance(self.read, WorkingFiles) or self.repo.git_root is None:
            return None
        return git_ignore(self.repo.git_root)

    @cached_property
    def _unpacking(self) -> tuple[str, str]:
        config = self.repo.config
        return config.get("parsing", "bool") or "store_true", config.get("parsing", "list") or "nargs"


def load_stages(repo: Repository, tree: FileTree | None = None, *, base: Path | None = None) -> StageSet:
    """The stages of a repository. Files are read when they are asked for.

    Args:
        repo: The repository.
        tree: The revision to look into; None for the working tree.
        base: The folder that addresses are relative to; the root of the repository where none is given.
    """
    found: list[Found] = []
    files: Files = Files(_reader(tree)) if tree is not None and tree.rev else WorkingFiles(repo)

    def discover() -> list[str]:
        if tree is None:
            found.append(find_documents(repo.ignore, repo.our_tmp, repo.git_root, stages.made_by))
        else:
            found.append(tree.documents(stages.made_by))
        return sorted(found[0].files(), key=_walk_order)

    stages = StageSet(
        repo, files, discover, base or repo.root, lambda file: found[0].pointers.get(file) if found else None
    )
    return stages


def _walk_order(file: str) -> list[tuple[bool, str]]:
    """Files of a folder before those of the folders in it: the order in which DVC shows stages."""
    *folders, name = file.split("/")
    return [*((True, folder) for folder in folders), (False, name)]


def _reader(tree: FileTree) -> Callable[[str], bytes]:
    prefix = str(tree.root).rstrip(os.sep) + os.sep

    def read(path: str) -> bytes:
        if not path.startswith(prefix):
            raise FileNotFoundError(path)
        return tree.read_bytes(path.removeprefix(prefix).replace(os.sep, "/"))

    return read


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
