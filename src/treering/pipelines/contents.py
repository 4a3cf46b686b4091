"""What lies in the working tree, found out once for all stages that look at it, and what states that means."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from treering.core.errors import NotFound
from treering.pipelines.params import ParamFiles, Params, changes, pick
from treering.storage.content.oid import Oid
from treering.versioning.pointers import Dependency, Output
from treering.versioning.repository import Repository
from treering.versioning.trees import Tree, is_cached, output_state, tree_of

__all__ = ["Contents"]


class Contents:
    """Remembers what it found until it is told that something may have changed.

    Args:
        repo: The repository.
        params: Reads files of parameters.
    """

    def __init__(self, repo: Repository, params: ParamFiles) -> None:
        self._repo = repo
        self._params = params
        self._trees: dict[tuple[str, bool], Tree | None] = {}
        self._states: dict[tuple[str, Oid | None, bool], str] = {}
        self._cached: dict[Oid, bool] = {}
        self._outside: dict[str, Dependency | None] = {}

    def forget(self) -> None:
        """A command ran, or outputs were brought: what was found counts no more."""
        self._trees.clear()
        self._states.clear()
        self._cached.clear()
        self._outside.clear()
        self._params.forget()

    def tree(self, path: str, *, legacy: bool = False) -> Tree | None:
        """What lies at an absolute path; None for nothing."""
        key = path, legacy
        if key not in self._trees:
            self._trees[key] = tree_of(self._repo, path, legacy=legacy)
        return self._trees[key]

    def outside(self, dep: Dependency) -> Dependency | None:
        """A dependency at a URL with what tells its content from any other, as its store has it now; None for nothing.

        Raises:
            Unavailable: If it cannot be reached.
            NotSupported: If nothing speaks the URL's scheme.
        """
        if dep.path not in self._outside:
            source = import_module("treering.versioning.url_source").open_url(dep.path, self._repo, None, dep.fs_config)
            try:
                self._outside[dep.path] = source.marks(dep)
            except NotFound:
                self._outside[dep.path] = None
        return self._outside[dep.path]

    def is_cached(self, oid: Oid) -> bool:
        """Whether content is in the cache, with all its files."""
        if oid not in self._cached:
            self._cached[oid] = is_cached(self._repo, oid)
        return self._cached[oid]

    def dep_state(self, dep: Dependency, path: str) -> str:
        """What `status` says of a dependency: "", "modified" or "deleted".

        One that nothing is locked of counts as modified, as in DVC.
        """
        if not dep.is_local:
            marked = self.outside(dep)
            return "deleted" if marked is None else "" if _mark(marked) == _mark(dep) else "modified"
        found = self.tree(path, legacy=dep.oid is not None and dep.oid.legacy)
        if found is None:
            return "deleted"
        return "" if found.oid == dep.oid else "modified"

    def out_state(self, out: Output, path: str) -> str:
        """What `status` says of an output: "", "modified", "deleted" or "not in cache"."""
        if out.oid is None and out.files is None:
            return "deleted" if self.tree(path) is None else "modified"
        key = path, out.oid, out.cache
        if key not in self._states:
            self._states[key] = output_state(self._repo, out, path)
        return self._states[key]

    def params(self, params: Params, path: str) -> Mapping[str, Any] | None:
        """The values that are there now; None where the file is not.

        Raises:
            InvalidInput: If the file cannot be understood, or is a directory.
        """
        try:
            return pick(self._params.load(path), params.keys)
        except FileNotFoundError:
            return None

    def params_state(self, params: Params, path: str) -> str | dict[str, str]:
        """What `status` says of parameters: "", "deleted", "new" or the state of each key."""
        actual = self.params(params, path)
        if actual is None:
            return "deleted"
        if params.locked is None:
            return "new"
        return changes(params, actual) or ""


def _mark(dep: Dependency) -> object:
    """What tells one content from another."""
    return dep.oid or dep.etag.lower() or dep.checksum.lower() or None
