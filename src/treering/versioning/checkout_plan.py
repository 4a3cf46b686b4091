"""What there is to do to bring an output to what was tracked, and what would be lost by it. Nothing is changed here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import translate
from re import compile as pattern_of

from treering.core.errors import NotFound
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.bounds import refuse_foreign_names, refuse_outside
from treering.versioning.entries import Output
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.relink import is_linked, rows_to_relink
from treering.versioning.repository import Repository
from treering.versioning.snapshots import Snapshot, part_of, snapshot
from treering.versioning.tree_diff import Difference, difference
from treering.versioning.trees import stored_tree, tree_of

__all__ = ["CheckoutOptions", "FilePlan", "FolderPlan", "Planner", "There", "Wanted", "is_folder"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output that is to be as it was tracked.

    Attributes:
        path: Where it lies, absolute.
        within: A path inside of it, with `/`, if only that is wanted; "" for all of it.
    """

    out: Output
    path: str
    within: str = ""

    @property
    def legacy(self) -> bool:
        """Whether its objects are those of DVC 2."""
        return self.out.oid is not None and self.out.oid.legacy


@dataclass(frozen=True, slots=True)
class CheckoutOptions:
    """How to check out.

    Attributes:
        force: Overwrite and remove what is in no cache, too.
        relink: Make the links of unchanged files anew, as the config now wants them.
        allow_missing: What is not in the cache is no error; the rest is put there.
        patterns: Only files whose path, in the output or the repository, matches one of these, with `*` for anything.
    """

    force: bool = False
    relink: bool = False
    allow_missing: bool = False
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class There:
    """What lies at a path: a folder, the content of a file, or nothing."""

    folder: Snapshot | None = None
    file: Oid | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing lies there."""
        return self.folder is None and self.file is None


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What is to be done for a folder.

    Attributes:
        change: "added" or "modified"; "" where only links change.
        new: What is to be there in the end, apart from what was not selected.
        relinked: Numbers of the rows that are there and get another link.
    """

    wanted: Wanted
    there: There
    change: str
    new: Manifest
    steps: Difference
    relinked: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What is to be done for a file; `change` as in `FolderPlan`."""

    wanted: Wanted
    there: There
    change: str
    oid: Oid


def is_folder(out: Output) -> bool:
    """Whether what was tracked is a folder."""
    return out.oid.is_dir if out.oid is not None else out.files is not None


class Planner:
    """Looks and compares.

    Args:
        repo: Whose outputs these are.
    """

    def __init__(self, repo: Repository, options: CheckoutOptions, progress: Progress = NO_PROGRESS) -> None:
        self._repo = repo
        self._options = options
        self._progress = progress
        patterns = options.patterns
        self._match = pattern_of("|".join(f"(?:{translate(one)})" for one in patterns)).match if patterns else None

    def look(self, wanted: Wanted) -> There:
        """Find out what is there."""
        if os.path.isdir(wanted.path):
            return There(folder=snapshot(self._repo, wanted.path, legacy=wanted.legacy, progress=self._progress))
        found = tree_of(self._repo, wanted.path, legacy=wanted.legacy)
        return There(file=None if found is None else found.oid)

    def plan(self, wanted: Wanted) -> FolderPlan | FilePlan | None:
        """What there is to do for an output; None if there is nothing.

        Raises:
            NotFound: If something that is needed is not in the cache.
            DamagedData: If the list of a folder's files is damaged there.
            OutOfBounds: If nothing may be put where it lies.
        """
        out = wanted.out
        refuse_outside(self._repo, wanted.path)
        if out.oid is None and out.files is None:
            msg = "Nothing is known of what it should contain. Run its stage, or add it."
            raise NotFound(msg)
        if out.oid is None or out.oid.is_dir:
            return self._folder(wanted)
        return self._file(wanted, out.oid)

    def unsaved(self, plan: FolderPlan | FilePlan) -> list[str]:
        """Files that would be overwritten or removed, and whose content is in no cache; relative to the repository."""
        if not isinstance(plan, FolderPlan) or plan.there.folder is None:
            return self.lost(plan.wanted, plan.there) if plan.change else []
        rows = sorted([*plan.steps.deleted, *(here for here, _ in plan.steps.modified)])
        return self._not_cached(plan.wanted, part_of(plan.there.folder.manifest, rows))

    def lost(self, wanted: Wanted, there: There) -> list[str]:
        """As `unsaved`, if all that is there were removed."""
        if there.file is not None:
            return [] if self._repo.cache.has(there.file) else [self._repo.relpath(wanted.path)]
        return [] if there.folder is None else self._not_cached(wanted, there.folder.manifest)

    def _not_cached(self, wanted: Wanted, manifest: Manifest) -> list[str]:
        key = self._repo.relpath(wanted.path)
        return [f"{key}/{manifest.paths[at]}" for at in self._repo.cache.missing(manifest, legacy=wanted.legacy)]

    def _folder(self, wanted: Wanted) -> FolderPlan | None:
        there = self.look(wanted)
        seen, oid = there.folder, wanted.out.oid
        if seen is not None and oid is not None and seen.value == oid.value and not self._options.relink:
            return None
        new = stored_tree(self._repo, wanted.out)
        refuse_foreign_names(new, wanted.path)
        if oid is None and not self._repo.cache.missing(new):
            # Where files are told one by one, DVC still looks for their list in the cache.
            self._repo.cache.put_manifest(new)
        selected = self._selection(wanted)
        old = Manifest([], b"") if seen is None else seen.manifest
        steps = difference(old, new, selected)
        relinked = []
        if seen is not None and self._options.relink:
            touched = {at for at, _ in steps.modified}.union(steps.deleted)
            rows = rows_to_relink(self._repo.cache, wanted.path, seen, legacy=wanted.legacy)
            relinked = [at for at in rows if at not in touched and (selected is None or selected(old.paths[at]))]
        # What is missing for a folder that is not there yet shows before any of it can be seen.
        if seen is not None or self._options.allow_missing:
            steps = self._without_missing(wanted, new, steps)
        change = "added" if there.nothing else "modified" if steps or seen is None else ""
        return FolderPlan(wanted, there, change, new, steps, relinked) if change or relinked else None

    def _without_missing(self, wanted: Wanted, new: Manifest, steps: Difference) -> Difference:
        needed = [*steps.added, *(at for _, at in steps.modified)]
        lacking = self._repo.cache.missing(part_of(new, needed), legacy=wanted.legacy)
        if not lacking:
            return steps
        missing = {needed[at] for at in lacking}
        if not self._options.allow_missing:
            path, digest = new[min(missing)]
            msg = (
                f"{len(missing)} of its files are not in the cache, such as {path} ({digest}). Fetch it from a remote."
            )
            raise NotFound(msg)
        added = [at for at in steps.added if at not in missing]
        modified = [pair for pair in steps.modified if pair[1] not in missing]
        return Difference(added, modified, steps.deleted)

    def _file(self, wanted: Wanted, oid: Oid) -> FilePlan | None:
        selected = self._selection(wanted)
        if selected is not None and not selected(""):
            return None
        there = self.look(wanted)
        if there.file == oid:
            if not self._options.relink or self._is_right(wanted, oid):
                return None
            change = ""
        else:
            change = "added" if there.nothing else "modified"
        if not self._repo.cache.has(oid):
            if self._options.allow_missing:
                return None
            msg = f"The object {oid.value} is not in the cache. Fetch it from a remote."
            raise NotFound(msg)
        return FilePlan(wanted, there, change, oid)

    def _is_right(self, wanted: Wanted, oid: Oid) -> bool:
        # What may be run is never a link: the permission would be the object's, too.
        return wanted.out.isexec or is_linked(self._repo.cache, wanted.path, oid)

    def _selection(self, wanted: Wanted) -> Callable[[str], bool] | None:
        within, match = wanted.within, self._match
        if not within and match is None:
            return None
        key = self._repo.relpath(wanted.path)

        def selected(path: str) -> bool:
            if within and path != within and not path.startswith(f"{within}/"):
                return False
            return match is None or bool(match(path) or match(f"{key}/{path}" if path else key))

        return selected
