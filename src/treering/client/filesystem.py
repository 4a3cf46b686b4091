"""A file system for fsspec over everything in a repository: files of Git, and tracked data, there or not. It is read-only.

Names and extra fields of `info` are those of DVC's own file system.
"""

from __future__ import annotations

import errno
import os
import posixpath
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import IO, Any

from fsspec import AbstractFileSystem

from treering.client.data_calls import Config, DataPlace
from treering.client.tracked_data import open_node, open_repository
from treering.core.errors import NotFound
from treering.versioning.contents import Contents, Node, clean_path
from treering.versioning.external import OpenedSource, Place
from treering.versioning.get import GetOptions
from treering.versioning.get import get as copy_from

__all__ = ["DataFileSystem"]


class DataFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Paths are relative to the root of the repository, with or without a slash before them.

    Args:
        repo: Path or URL; the repository around the current folder unless given. So with `fo` and `url`,
            which are fsspec's and DVC's words for it.
        rev: A commit, branch, tag or experiment; the working tree unless given.
        remote: The remote to read from, if not the default one.
        config: Path of a config file, or options, that go before those of the repository.
        remote_config: Options of the remote.
    """

    protocol = "treering"
    root_marker = "/"
    cachable = False

    def __init__(
        self,
        repo: str | os.PathLike[str] | None = None,
        rev: str | None = None,
        *,
        remote: str | None = None,
        config: Config = None,
        remote_config: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        super().__init__()
        named = repo or more.get("fo") or more.get("url")
        self._wanted = DataPlace("", str(named) if named else None, rev, remote, config, remote_config)
        self._stack = ExitStack()
        self._end = weakref.finalize(self, self._stack.close)

    @cached_property
    def _opened(self) -> OpenedSource:
        return self._stack.enter_context(open_repository(self._wanted))

    def close(self) -> None:
        """End what was started for it; it goes on working, as far as no more is needed of Git."""
        self._end()

    @property
    def fsid(self) -> str:
        """Another one for another repository or commit."""
        return f"treering_{self._opened.root}_{self._opened.rev}"

    def ls(self, path: str, detail: bool = True, dvc_only: bool = False, **kwargs: Any) -> list[Any]:  # noqa: FBT001, FBT002  # fsspec's signature
        """What lies in a folder; a file lists itself.

        Args:
            dvc_only: Only what is tracked, and folders that lead there.
            kwargs: With `dvcfiles`, pointers, dvc.yaml and ignore files, too.
        """
        place, node = self._find(path)
        found = [(path, node)]
        if node.is_dir:
            level = place.contents.level(node.path, dvc_only=dvc_only, dvc_files=bool(kwargs.get("dvcfiles")))
            inner = sorted([*level.dirs, *level.files], key=lambda one: one.path)
            found = [(posixpath.join(path, one.name), one) for one in inner]
        if not detail:
            return [name for name, _ in found]
        return [_info(place.contents, name, one) for name, one in found]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """What is known of a path; under `dvc_info` what is known of it as tracked data. Raises FileNotFoundError."""
        del kwargs
        place, node = self._find(path)
        return _info(place.contents, path, _sized(place, node))

    def du(self, path: str, total: bool = True, maxdepth: int | None = None, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  # as above
        """Bytes of all files below a path, together or by name; whoever has them is asked, if need be."""
        names = self.find(path, maxdepth=maxdepth, **kwargs)
        sizes = {name: self.info(name)["size"] or 0 for name in names}
        return sum(sizes.values()) if total else sizes

    def isdvc(self, path: str, **kwargs: Any) -> bool:
        """Whether a path is an output, or lies in one."""
        del kwargs
        try:
            return self._find(path)[1].tracked is not None
        except FileNotFoundError:
            return False

    def get(self, rpath: Any, lpath: Any, recursive: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002  # as above
        """Copy to this machine: a folder as a whole, in several threads."""
        plain = isinstance(rpath, str) and isinstance(lpath, str | os.PathLike) and not kwargs.get("maxdepth")
        if not recursive or not plain or not self.exists(rpath):
            super().get(rpath, lpath, recursive=recursive, **kwargs)
            return
        place, _ = self._find(rpath)
        copy_from(place, GetOptions(lpath, force=True))

    def get_file(self, rpath: str, lpath: Any, **kwargs: Any) -> None:
        """Copy one file to this machine; it appears when it is whole."""
        del kwargs
        place, node = self._find(rpath)
        if node.is_dir:
            os.makedirs(lpath, exist_ok=True)  # noqa: PTH103  # a string of fsspec's
        elif isinstance(lpath, str | os.PathLike):
            copy_from(place, GetOptions(lpath, force=True))
        else:
            for piece in place.read(node):
                lpath.write(piece)

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> IO[bytes]:
        del kwargs
        if mode != "rb":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        place, node = self._find(path)
        if node.is_dir:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return open_node(place, node)

    def _find(self, path: str) -> tuple[Place, Node]:
        place = self._opened.at(clean_path(str(self._strip_protocol(path))))
        try:
            return place, place.node
        except NotFound as error:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error


def _sized(place: Place, node: Node) -> Node:
    """A file whose size no cache tells, with the one that the remote tells."""
    if node.is_dir or node.in_tree or node.size is not None or node.tracked is None or node.oid is None:
        return node
    return node._replace(size=place.data.asked_size(node.tracked, node.oid))


def _info(contents: Contents, name: str, node: Node) -> dict[str, Any]:
    kind = "directory" if node.is_dir else "file"
    info: dict[str, Any] = {"name": name, "type": kind, "size": contents.size(node), "isexec": node.is_exec}
    if node.in_tree:
        info["fs_info"] = {"name": node.path, "type": kind, "size": info["size"]}
    if node.leads_to_data:
        is_out = node.tracked is not None
        known = {"type": kind, "size": node.size, "isexec": node.is_exec, "isout": is_out, "isdvc": is_out}
        digest = {} if node.oid is None else {"md5-dos2unix" if node.oid.legacy else "md5": node.oid.value}
        info["dvc_info"] = {"name": node.path, **known, **digest}
        if not node.in_tree:
            info |= digest
    return info
