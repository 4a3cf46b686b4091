"""All outputs of a repository by their place, and which of them a user's words mean."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.versioning.errors import NotTracked
from treering.versioning.pointers import Pointer, is_pointer_name
from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree, OutputSource, PointerSource, Tracked, WorkingTree

__all__ = ["Outputs", "Selected", "display"]

_PIPELINE = "dvc.yaml"


@dataclass(frozen=True, slots=True)
class Selected:
    """An output that a target means, or a part of it.

    Attributes:
        within: The part's path in the output, with `/`; "" for all of it.
    """

    tracked: Tracked
    within: str = ""


class Outputs:
    """The outputs that some sources tell of.

    Args:
        sources: Unless given, pointers only; whoever has pipelines gives theirs, too.
        tree: Where they are told from; the working tree, unless given.
    """

    def __init__(
        self, repo: Repository, sources: Sequence[OutputSource] | None = None, tree: FileTree | None = None
    ) -> None:
        self.repo = repo
        self.tree = tree or WorkingTree(repo)
        self.are_all = sources is not None or not self.tree.documents().pipelines
        self.tracked: list[Tracked] = [
            one for source in sources or (PointerSource(),) for one in source.outputs(self.tree)
        ]
        self._by_path = {str(one.path): one for one in self.tracked}
        self._sorted = sorted(self._by_path)

    def __iter__(self) -> Iterator[Tracked]:
        return iter(self.tracked)

    def keys(self) -> set[str]:
        """The paths of all, relative to the repository."""
        return {self.repo.relpath(path) for path in self._by_path}

    def pointers(self) -> dict[str, Pointer]:
        """All pointers of the tree, by path relative to the repository."""
        return dict(self.tree.documents().pointers)

    def at(self, path: str) -> Tracked | None:
        """The output that lies just there; the path is absolute."""
        return self._by_path.get(path)

    def around(self, path: str) -> Tracked | None:
        """The output that lies there, or in which the path lies."""
        top = str(self.repo.root)
        while (found := self._by_path.get(path)) is None:
            above = os.path.dirname(path)
            if path in (top, above):
                return None
            path = above
        return found

    def below(self, path: str) -> list[Tracked]:
        """The outputs that lie in a folder, not the folder itself."""
        start = f"{path.rstrip(os.sep)}{os.sep}"
        found = []
        for at in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[at].startswith(start):
                break
            found.append(self._by_path[self._sorted[at]])
        return found

    def select(self, targets: Iterable[str | Path] | None, *, recursive: bool = False) -> list[Selected]:
        """What targets mean: pointers, outputs, paths in outputs, pipelines and stages; each output once.

        Args:
            targets: Relative to the current folder. None, or none at all: everything.
            recursive: Whether a folder means all stages below it.

        Raises:
            NotTracked: If one means nothing.
        """
        words = [os.fspath(target) for target in targets or ()]
        if not words:
            return [Selected(one) for one in self.tracked]
        found: dict[tuple[str, str], Selected] = {}
        for word in words:
            for one in self._meant(word, recursive=recursive):
                found[str(one.tracked.path), one.within] = one
        # Who asks for all of an output and for a part of it asks for all of it.
        return [one for one in found.values() if not one.within or (str(one.tracked.path), "") not in found]

    def _meant(self, word: str, *, recursive: bool) -> list[Selected]:
        path = os.path.abspath(word)
        key = self.repo.relpath(path)
        if recursive and os.path.isdir(path):
            start = "" if key == "." else f"{key}/"
            inside = [Selected(one) for one in self.tracked if one.address.startswith(start)]
            # A folder may be an output itself; with nothing in it, it means nothing, as with DVC.
            if inside or self.around(path) is None:
                return inside
        if is_pointer_name(os.path.basename(path)) or os.path.basename(path) == _PIPELINE:
            named = [one for one in self.tracked if one.address == key or one.address.startswith(f"{key}:")]
            if named or key in self.tree.documents().pointers or os.path.basename(path) == _PIPELINE:
                return [Selected(one) for one in named]
        if named := [one for one in self.tracked if one.address in self._addresses(word)]:
            return [Selected(one) for one in named]
        found = self.around(path)
        if found is None:
            msg = f"{word!r} does not exist as an output or a stage. List what is tracked with `treering data list`."
            raise NotTracked(msg)
        within = os.path.relpath(path, found.path).replace(os.sep, "/")
        return [Selected(found, "" if within == "." else within)]

    def _addresses(self, word: str) -> set[str]:
        """What the address of a stage of that name would be."""
        file, colon, name = word.rpartition(":")
        here = self.repo.relpath(os.getcwd())
        at = "" if here == "." else f"{here}/"
        if not colon:
            return {f"{at}{_PIPELINE}:{name}"}
        return {f"{self.repo.relpath(os.path.abspath(file or _PIPELINE))}:{name}"}


def display(repo: Repository, path: str | os.PathLike[str], base: str | os.PathLike[str] | None) -> str:
    """A path of the repository as it is shown: relative to `base` where that lies in the repository, else to the root."""
    if base is None or repo.relpath(base).startswith(".."):
        return repo.relpath(path)
    return os.path.relpath(path, base)
