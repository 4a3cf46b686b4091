"""The work behind `treering.data`'s calls for tracked data: repositories are opened, and their files read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from treering.client.data_calls import DataPlace
from treering.core.errors import InvalidInput
from treering.core.variables import process_variables
from treering.versioning.artifacts import ArtifactName, find_artifact
from treering.versioning.contents import Node
from treering.versioning.external import OpenedSource, Place, Surroundings, open_source
from treering.versioning.get import GetOptions, data_url
from treering.versioning.get import get as copy_from
from treering.versioning.listing import ListOptions, list_place
from treering.versioning.pointers import RepoSource
from treering.versioning.repository import Repository
from treering.versioning.roots import find_root
from treering.versioning.sources import FileTree, OutputSource, PointerSource, Tracked

__all__ = [
    "PlaceFile",
    "all_sources",
    "artifact",
    "copy_out",
    "listing",
    "names_in_git",
    "open_file",
    "open_node",
    "open_repository",
    "place_of",
    "url",
]

_STAGES = "treering.pipelines.stage_source"
_MODES = {"r": False, "rt": False, "rb": True, "br": True, "tr": False}


class _StageOutputs:
    """The outputs of pipelines; what knows of those is loaded where there is one."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """As `OutputSource.outputs`."""
        if tree.documents().pipelines:
            yield from import_module(_STAGES).StageSource(self._repo).outputs(tree)


def all_sources(repo: Repository) -> Sequence[OutputSource]:
    """Pointers and pipelines, as `Sources`."""
    return PointerSource(), _StageOutputs(repo)


@contextmanager
def open_repository(wanted: DataPlace) -> Iterator[OpenedSource]:
    """The repository of a place."""
    around = Surroundings(Path.cwd(), process_variables(), sources=all_sources)
    source = RepoSource(wanted.repo or ".", wanted.rev or "", config=_config(wanted), remote=_remote(wanted))
    with open_source(source, around, working=True) as opened:
        yield opened


def _config(wanted: DataPlace) -> str | Mapping[str, Any] | None:
    if not (wanted.remote and wanted.remote_config):
        return wanted.config
    if isinstance(wanted.config, str):
        msg = "A config file cannot be given together with a remote and its options. Write the options into the file."
        raise InvalidInput(msg)
    remotes = {**(wanted.config or {}).get("remote", {}), wanted.remote: dict(wanted.remote_config)}
    return {**(wanted.config or {}), "remote": remotes, "core": {"remote": wanted.remote}}


def _remote(wanted: DataPlace) -> str | Mapping[str, Any] | None:
    return wanted.remote or wanted.remote_config


def place_of(opened: OpenedSource, wanted: DataPlace) -> Place:
    """The path of a place in its repository: one without a repository is relative to the current folder."""
    if wanted.repo is not None:
        return opened.at(wanted.path)
    root = find_root(Path.cwd()) if opened.is_local else ""
    inside = os.path.relpath(os.path.join(os.path.realpath(Path.cwd()), wanted.path), os.path.realpath(root))  # noqa: PTH118
    if inside.startswith(".."):
        msg = f"{wanted.path!r} lies outside of the repository {root}. Name the repository that it lies in with `repo`."
        raise InvalidInput(msg)
    return opened.at(inside)


def open_file(wanted: DataPlace, mode: str, encoding: str | None) -> IO[Any]:
    """As `data_calls.open`."""
    if mode not in _MODES:
        msg = f"Tracked data cannot be opened with the mode {mode!r}. It can be read, with `r` or `rb`."
        raise InvalidInput(msg)
    with open_repository(wanted) as opened:
        place = place_of(opened, wanted)
        file = open_node(place, place.node)
    return file if _MODES[mode] else io.TextIOWrapper(file, encoding or "utf-8")


def open_node(place: Place, node: Node) -> io.BufferedReader:
    """A file of a repository, which may be closed before it. Raises IsADirectoryError for a folder."""
    if node.is_dir:
        msg = f"{node.path!r} is a folder. Open a file in it, or copy it with `get`."
        raise IsADirectoryError(msg)
    path = place.local(node)
    if path is not None:
        return path.open("rb")
    first = place.read(node)
    return io.BufferedReader(PlaceFile(lambda at: place.read(node, at), place.contents.size(node), first), 1 << 20)


class PlaceFile(io.RawIOBase):
    """A file that is read in pieces from wherever it is; from another place of it after a `seek`.

    Args:
        start: Gives the pieces from an offset on.
        size: If it is known.
        first: The pieces from the beginning.
    """

    def __init__(self, start: Callable[[int], Iterator[bytes]], size: int | None, first: Iterator[bytes]) -> None:
        self._start = start
        self._size = size
        self._pieces: Iterator[bytes] | None = first
        self._left = b""
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How far it was read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go on elsewhere; what was asked for already is thrown away."""
        if whence == io.SEEK_END:
            offset += self._whole()
        elif whence == io.SEEK_CUR:
            offset += self._at
        if offset != self._at:
            self._at, self._pieces, self._left = max(0, offset), None, b""
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """As `io.RawIOBase.readinto`. Raises DamagedData at the end, if all was read and is not what it should be."""
        if self._pieces is None:
            beyond = self._size is not None and self._at >= self._size
            self._pieces = iter(()) if beyond else self._start(self._at)
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        self._at += count
        return count

    def _whole(self) -> int:
        if self._size is None:
            # Nobody says how long it is, so it is read.
            self._size = sum(len(piece) for piece in self._start(0))
        return self._size


def url(wanted: DataPlace) -> str:
    """As `data_calls.get_url`."""
    with open_repository(wanted) as opened:
        return data_url(place_of(opened, wanted))


def listing(wanted: DataPlace, recursive: bool, dvc_only: bool) -> list[dict[str, Any]]:  # noqa: FBT001  # passed on
    """As `data_calls.ls`."""
    with open_repository(wanted) as opened:
        options = ListOptions(recursive=recursive, dvc_only=dvc_only)
        return [row.to_json() for row in list_place(place_of(opened, wanted), options)]


def copy_out(wanted: DataPlace, out: str | os.PathLike[str] | None, force: bool, only: tuple[str, ...]) -> Path:  # noqa: FBT001  # passed on
    """As `data_calls.get`."""
    with open_repository(wanted) as opened:
        return copy_from(place_of(opened, wanted), GetOptions(out, force=force, patterns=only)).path


def artifact(wanted: DataPlace, name: str, version: str, stage: str) -> dict[str, str]:
    """As `data_calls.artifacts_show`."""
    with open_repository(wanted) as opened:
        return find_artifact(opened, ArtifactName.parse(name), version, stage)._asdict()


def names_in_git(wanted: DataPlace, kind: str) -> list[str]:
    """Branches, tags or commits, by the name of what Git's repository has."""
    with open_repository(wanted) as opened:
        if opened.git is None:
            msg = f"{opened.url!r} is not under Git."
            raise InvalidInput(msg)
        return list(getattr(opened.git, kind)())
