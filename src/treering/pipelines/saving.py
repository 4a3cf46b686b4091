"""What a stage made, found out and kept: its outputs in the cache, its entry in the lock file, the run in the run cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.contents import Contents
from treering.pipelines.lockfile import entry_of, params_entry, stage_entry
from treering.pipelines.params import Params
from treering.pipelines.runcache import RunCache
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.versioning.errors import OutputClash
from treering.versioning.gitignore import GitIgnores
from treering.versioning.path_locks import PathUse
from treering.versioning.pointers import Dependency, Output
from treering.versioning.save import save_output
from treering.versioning.trees import tree_of

__all__ = ["Saver", "paths_of"]

_SAMPLE = 512
# As much of a text may be other than ASCII's letters and spaces.
_STRANGE = 0.3
_LETTERS = bytes(range(0x20, 0x7F)) + b"\n\r\t\f\b"


class Saver:
    """Saves what stages of one repository made. Whoever calls it has the repository.

    Args:
        stages: All stages.
        contents: What lies in the working tree.
        runs: The run cache.
        expected: Absolute paths of outputs that may come to be saved, so that Git can be asked for all of them at once.

    Attributes:
        touched: Absolute paths of files for Git that were changed.
    """

    def __init__(self, stages: StageSet, contents: Contents, runs: RunCache, expected: Iterable[str] = ()) -> None:
        self._stages = stages
        self._repo = stages.repo
        self._contents = contents
        self._runs = runs
        self._expected = frozenset(expected)
        self.touched: dict[str, None] = {}

    def needed(self, stage: Stage, *, allow_missing: bool = False) -> dict[str, Any]:
        """The part of a stage's entry that is known before it runs: command, dependencies and parameters.

        Raises:
            NotFound: If a dependency is not there, unless that is allowed.
            InvalidInput: If a parameter is not there.
        """
        return stage_entry(
            stage.cmd or "",
            [*self._deps(stage, allow_missing=allow_missing), *map(self._stages.datasets.entry, stage.datasets)],
            params_entry((params, self._values(stage, params)) for params in stage.params),
            (),
        )

    def _deps(self, stage: Stage, *, allow_missing: bool) -> Iterable[dict[str, Any]]:
        for dep in stage.deps:
            path = stage.path_of(dep.path)
            if not dep.is_local:
                yield entry_of(self._outside(dep))
                continue
            tree = self._contents.tree(path)
            if dep.oid is not None and dep.oid.legacy and not self._contents.dep_state(dep, path):
                yield entry_of(dep)
            elif tree is not None:
                found = replace(dep, oid=tree.oid, hash="md5", size=tree.size, nfiles=tree.nfiles, isexec=tree.isexec)
                yield entry_of(replace(found, etag="", checksum="", version_id="", files=None, cloud={}))
            elif allow_missing:
                yield entry_of(dep)
            else:
                raise self._missing(path)

    def _outside(self, dep: Dependency) -> Dependency:
        found = self._contents.outside(dep)
        if found is None:
            raise self._missing(dep.path)
        return found

    def _values(self, stage: Stage, params: Params) -> Mapping[str, Any]:
        path = stage.path_of(params.path)
        found = self._contents.params(params, path)
        if found is None:
            raise self._missing(path)
        absent = [key for key in params.keys if key not in found]
        if absent:
            msg = f"Parameters '{', '.join(absent)}' are missing from '{self._stages.shown(path)}'. Add them there."
            raise InvalidInput(msg)
        return found

    def _missing(self, path: str) -> NotFound:
        return NotFound(
            f"dependency '{self._stages.shown(path)}' does not exist. Make it, or pull it if it is tracked."
        )

    def outputs(
        self, stage: Stage, *, commit: bool, allow_missing: bool = False, link: bool = True
    ) -> tuple[Output, ...]:
        """A stage's outputs as they are now, kept in the cache and out of Git.

        Args:
            stage: The stage.
            commit: Unless set, nothing is put into the cache.
            allow_missing: One that is not there stays as it was locked.
            link: Unless set, what lies in the working tree stays as it is.

        Raises:
            NotFound: If one is not there.
            OutputClash: If Git tracks one that is to be cached.
        """
        absent = [out for out in stage.outs if not os.path.lexists(stage.path_of(out.path))]
        if absent and not allow_missing:
            msg = f"output '{self._stages.shown(stage.path_of(absent[0].path))}' does not exist. Its command should have made it."
            raise NotFound(msg)
        present = [out for out in stage.outs if out not in absent]
        for out in present:
            if out.metric:
                _refuse_binary(stage.path_of(out.path))
        self._keep_from_git([stage.path_of(out.path) for out in present if out.cache])
        saved = {
            out.path: save_output(self._repo, out, stage.path_of(out.path), commit=commit and out.cache, link=link)
            for out in present
        }
        return tuple(saved.get(out.path, out) for out in stage.outs)

    def _keep_from_git(self, paths: list[str]) -> None:
        if self._repo.git_root is None or not paths:
            return
        git = self._repo.git
        asked = self._tracked_by_git if self._expected.issuperset(paths) or git is None else git.tracked(paths)
        tracked = sorted(asked.intersection(paths))
        if tracked:
            shown = self._stages.shown(tracked[0])
            msg = (
                f"output '{shown}' is already tracked by SCM (e.g. Git). Take it from Git, so that the cache can keep it:"
                f" git rm -r --cached '{shown}' && git commit -m \"stop tracking {shown}\""
            )
            raise OutputClash(msg)
        with GitIgnores(self._repo.git_root, self._repo.environ) as ignores:
            for path in paths:
                ignores.ignore(Path(path))
        self.touched.update(dict.fromkeys(map(str, ignores.touched)))

    @cached_property
    def _tracked_by_git(self) -> frozenset[str]:
        inside = [path for path in self._expected if self._is_inside(path)]
        return frozenset(self._repo.git.tracked(inside)) if self._repo.git is not None and inside else frozenset()

    def keep_run(self, stage: Stage, entry: Mapping[str, Any]) -> None:
        """Remember a run, and with it the content of outputs that are not cached otherwise."""
        if not self.is_repeatable(stage):
            return
        for out in stage.outs:
            if not out.cache:
                tree_of(self._repo, stage.path_of(out.path), store=True)
        self._runs.save(entry)

    def is_repeatable(self, stage: Stage) -> bool:
        """Whether a run of a stage stands for others: nothing but what is locked has a say in what it makes."""
        if stage.is_callback or stage.always_changed or stage.datasets:
            return False
        if not stage.cmd or not (stage.deps or stage.params) or not stage.outs:
            return False
        if any(not self._contents.params(params, stage.path_of(params.path)) for params in stage.params):
            return False
        return all(dep.is_local for dep in stage.deps) and not any(
            out.persist or not out.is_local or not self._is_inside(stage.path_of(out.path)) for out in stage.outs
        )

    def _is_inside(self, path: str) -> bool:
        return path.startswith(str(self._repo.root).rstrip(os.sep) + os.sep)


def paths_of(stage: Stage) -> PathUse:
    """What other processes keep away from while a stage is worked on."""
    return PathUse(
        " ".join(sys.argv),
        tuple(path for path in stage.needs() if "://" not in path),
        tuple(path for path in stage.makes() if "://" not in path),
    )


def _refuse_binary(path: str) -> None:
    if os.path.isdir(path):
        return
    with open(path, "rb") as file:
        sample = file.read(_SAMPLE)
    strange = len(sample.translate(None, _LETTERS))
    if b"\0" in sample or (sample and strange / len(sample) > _STRANGE):
        msg = f"binary file '{path}' cannot be used as metrics. Write them as JSON, YAML or TOML."
        raise InvalidInput(msg)
