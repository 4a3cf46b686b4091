"""Finds all pointers and pipeline files of a repository: in the working tree, or in a revision.

The whole tree is looked through, but for what `.dvcignore` and Git ignore, repositories
inside of this one, and outputs: what lies in those is data. Pointers that have not
changed since they were last read are not parsed again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import NotFound
from treering.versioning.document_cache import MISSING, DocumentCache, stamp_of
from treering.versioning.documents import mistake_in, parse_yaml
from treering.versioning.entries import EntryMistake
from treering.versioning.gitignore import git_ignore
from treering.versioning.ignore import Ignore
from treering.versioning.pointers import Pointer, is_pointer_name, pointer_of

__all__ = ["PIPELINE_FILE", "Found", "PointerReader", "find_documents", "is_stage_file"]

PIPELINE_FILE = "dvc.yaml"
_CACHE = "pointers.json"


@dataclass(frozen=True, slots=True)
class Found:
    """What a repository has.

    Attributes:
        pointers: By path relative to the root, in the order of paths.
        pipelines: Paths of dvc.yaml files relative to the root, sorted.
    """

    pointers: Mapping[str, Pointer]
    pipelines: tuple[str, ...]

    def files(self) -> list[str]:
        """All paths relative to the root, sorted."""
        return sorted([*self.pipelines, *self.pointers])


def is_stage_file(name: str) -> bool:
    """Whether a file of this name has stages."""
    return name == PIPELINE_FILE or is_pointer_name(name)


class PointerReader:
    """Reads pointers of one working tree, and remembers them beside it.

    Args:
        root: Of the repository.
        our_tmp: The folder for what can be made again.
    """

    def __init__(self, root: str | os.PathLike[str], our_tmp: str | os.PathLike[str]) -> None:
        self._root = os.path.normpath(os.fspath(root))
        self._cache = DocumentCache(os.path.join(our_tmp, _CACHE))

    def read(self, relpath: str, stat: os.stat_result | None = None) -> Pointer:
        """The pointer at a path relative to the root.

        Args:
            stat: Of the file, if it is known.

        Raises:
            NotFound: If it is not there.
            InvalidInput: As `read_pointer`.
        """
        name = f"{self._root}/{relpath}"
        try:
            stamp = stamp_of(os.stat(name) if stat is None else stat)
            document = self._cache.get(relpath, stamp)
            if document is MISSING:
                with open(name, "rb") as opened:
                    document = parse_yaml(opened.read(), name)
                self._cache.put(relpath, stamp, document)
        except (FileNotFoundError, NotADirectoryError) as error:
            msg = f"There is no pointer {name!r}. Give the path of a .dvc file that exists."
            raise NotFound(msg) from error
        return _pointer(name, document)

    def save(self, *, whole: bool) -> None:
        """Remember what was read since this was made; with `whole`, because that is all there is, nothing else."""
        self._cache.save(whole=whole)


def _pointer(name: str, document: Any) -> Pointer:
    try:
        return pointer_of(Path(name), document)
    except EntryMistake as mistake:
        raise mistake_in(name, Path(name).read_bytes(), mistake.keys, mistake.why) from mistake


def find_documents(
    ignore: Ignore,
    our_tmp: str | os.PathLike[str],
    git_root: str | os.PathLike[str] | None = None,
    outputs_of: Callable[[str], Iterable[str]] | None = None,
) -> Found:
    """All pointers and pipeline files of a working tree.

    Args:
        ignore: That of the repository.
        our_tmp: As `PointerReader`.
        git_root: Of the Git working tree: what Git ignores there is not looked at.
        outputs_of: Gives the absolute paths of what a dvc.yaml makes, by its path relative to the
            root: these are not looked into. Those that Git ignores need not be given.

    Raises:
        InvalidInput: If a pointer is not what it should be.
    """
    walk = _Walk(ignore, PointerReader(ignore.root, our_tmp), None if git_root is None else git_ignore(git_root))
    pointers: dict[str, Pointer] = {}
    pipelines = []
    for relpath, stat in walk.files():
        if not is_pointer_name(relpath.rpartition("/")[2]):
            pipelines.append(relpath)
            walk.outputs.update(() if outputs_of is None else outputs_of(relpath))
            continue
        pointer = walk.reader.read(relpath, stat)
        pointers[relpath] = pointer
        for out in pointer.outs:
            if out.is_local and (out.oid is None or out.oid.is_dir):
                walk.outputs.add(pointer.path_of(out.path))
    walk.reader.save(whole=True)
    return Found(dict(sorted(pointers.items())), tuple(sorted(pipelines)))


class _Walk:
    """The way down, on which outputs that are found meanwhile are not entered."""

    def __init__(self, ignore: Ignore, reader: PointerReader, git: Ignore | None) -> None:
        self.reader = reader
        self.outputs: set[str] = set()
        self._ignore = ignore
        self._git = git

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Stage files by path relative to the root."""
        start = len(self._ignore.root.rstrip(os.sep)) + 1
        for path, dirs, files in self._ignore.walk():
            folder = path[start:]
            wanted = [entry for entry in files if is_stage_file(entry.name)]
            wanted, kept = self._unignored(path, wanted, dirs)
            for entry in wanted:
                yield (f"{folder}/{entry.name}" if folder else entry.name), entry.stat()
            dirs[:] = [entry for entry in kept if f"{path}/{entry.name}" not in self.outputs]

    def _unignored(
        self, path: str, files: list[os.DirEntry[str]], dirs: list[os.DirEntry[str]]
    ) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
        folder = None if self._git is None else self._git.relative(path)
        if self._git is None or folder is None or not (files or dirs):
            return files, dirs
        rules = self._git.rules(folder)
        if rules is None:
            return [], []
        skip_file, skip_dir = rules.tests()
        return [f for f in files if not skip_file(f.name)], [d for d in dirs if not skip_dir(d.name)]
