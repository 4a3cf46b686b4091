"""Bringing outputs of the workspace to what their pointers say. Only what differs is touched.

First it is found out what there is to do for all outputs, and whether anything would
be lost: content that is in no cache is not overwritten or removed unless that is
ordered. Then it is done, output by output; one whose content is not in the cache
stays as it is, and is told of at the end.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from treering.core.errors import Conflict, DamagedData, NotFound, NotSupported, PermissionDenied
from treering.core.log import logger
from treering.storage.content.links import LinkKind
from treering.storage.content.oid import Oid
from treering.versioning.bounds import is_inside
from treering.versioning.checkout_plan import CheckoutOptions, FilePlan, FolderPlan, Planner, There, Wanted, is_folder
from treering.versioning.entries import Output
from treering.versioning.errors import CheckoutFailed, OutOfBounds
from treering.versioning.link_record import LinkRecord
from treering.versioning.outputs import Outputs
from treering.versioning.placing import Place, Placed, Placer, Stage, clear_stage
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.snapshots import Snapshot, after, fresh, part_of
from treering.versioning.sources import OutputSource
from treering.versioning.walk import Rows

__all__ = [
    "CheckoutOptions",
    "CheckoutReport",
    "Incomplete",
    "Unsaved",
    "Wanted",
    "checkout",
    "checkout_outputs",
    "remove_unused",
    "set_exec",
]

_STEP = 256
_MAY_RUN = 0o100
# One output that cannot be brought does not keep the others back.
_OF_ONE_OUTPUT = (NotFound, DamagedData, NotSupported, Conflict, PermissionDenied)


@dataclass(frozen=True, slots=True)
class CheckoutReport:
    """What was done; paths are relative to the repository, those of folders end with `/`.

    Attributes:
        added: Outputs that were not there.
        failed: Outputs that could not be brought, or not whole.
        problems: Why not, for each of them.
        files: How many files were added, modified and deleted.
    """

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    files: tuple[int, int, int] = (0, 0, 0)


class Incomplete(CheckoutFailed):
    """Some outputs could not be brought; the others were.

    Attributes:
        report: What was done nevertheless.
    """

    def __init__(self, report: CheckoutReport) -> None:
        reasons = "\n".join(f"{path}: {why}" for path, why in zip(report.failed, report.problems, strict=True))
        msg = f"Checkout failed for the following targets:\n{reasons}\nIs your cache up to date?"
        super().__init__(msg, report.failed)
        self.report = report


class Unsaved(CheckoutFailed):
    """Files would be lost that are in no cache; nothing was done."""

    def __init__(self, paths: Sequence[str]) -> None:
        lines = "\n".join(paths)
        msg = f"Can't remove the following unsaved files without confirmation. Use `--force` to force.\n{lines}"
        super().__init__(msg, paths)


def checkout(
    repo: Repository,
    targets: Sequence[str | Path] | None = None,
    options: CheckoutOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
    recursive: bool = False,
    progress: Progress = NO_PROGRESS,
) -> CheckoutReport:
    """Bring the workspace to what its pointers say.

    Without targets, outputs that Treering made and that nothing tracks any more are taken away, too.

    Args:
        targets: Pointers, outputs, paths in outputs, stages; relative to the current folder. None: everything.
        sources: Whose outputs there are; pointers only, unless given. In a repository with
            pipelines nothing is taken away then, because theirs are not known.
        recursive: Whether a folder means all stages below it.

    Raises:
        NotTracked: If a target means nothing.
        Unsaved, Incomplete, StorageFull: As `checkout_outputs`.
    """
    options = options or CheckoutOptions()
    with repo.lock():
        outputs = Outputs(repo, sources)
        chosen = outputs.select(targets, recursive=recursive)
        wanted = [
            Wanted(one.tracked.output, str(one.tracked.path), one.within)
            for one in chosen
            if one.tracked.output.is_local
        ]
        if not targets:
            wanted = _without_external(repo, wanted)
        if targets or not outputs.are_all:
            return checkout_outputs(repo, wanted, options, progress)
        deleted = tuple(remove_unused(repo, outputs.keys(), force=options.force))
        try:
            report = checkout_outputs(repo, wanted, options, progress)
        except Incomplete as error:
            raise Incomplete(replace(error.report, deleted=deleted)) from error
    return replace(report, deleted=deleted)


def checkout_outputs(
    repo: Repository,
    wanted: Sequence[Wanted],
    options: CheckoutOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> CheckoutReport:
    """Bring outputs to what was tracked. Those without a cache are passed over.

    Raises:
        Unsaved: If content would be lost that is in no cache; nothing was changed then.
        Incomplete: If some content is missing in the cache, or damaged there.
        StorageFull: If the disk is full; every file is either old or new.
    """
    options = options or CheckoutOptions()
    with repo.lock():
        clear_stage(repo.our_tmp)
        planner = Planner(repo, options, progress)
        stage = Stage(repo.our_tmp)
        work = _Work(repo, stage, progress)
        cached = (one for one in wanted if one.out.cache)
        plans = [plan for one in cached if (plan := work.planned(planner, one)) is not None]
        if not options.force and (unsaved := [path for plan in plans for path in planner.unsaved(plan)]):
            raise Unsaved(unsaved)
        with stage:
            try:
                for plan in plans:
                    work.apply(plan)
            finally:
                work.finish()
    report = work.report()
    if report.failed and not options.allow_missing:
        raise Incomplete(report)
    return report


def remove_unused(repo: Repository, used: Collection[str], *, force: bool = False) -> list[str]:
    """Take away outputs that Treering made and that nothing tracks any more.

    What is in no cache stays, unless that is forced, and is told of in the log.

    Args:
        used: The paths of all outputs, relative to the repository.

    Returns:
        What was removed, relative to the repository; a folder ends with `/`.
    """
    record = LinkRecord(repo.our_tmp)
    planner = Planner(repo, CheckoutOptions(force=force))
    removed = []
    for key, inode, oid in list(record.unused(used)):
        wanted = Wanted(Output(key, oid), os.path.join(repo.root, key))
        record.drop(key)
        if not os.path.lexists(wanted.path) or os.lstat(wanted.path).st_ino != inode or _is_near(key, used):
            continue
        there = planner.look(wanted)
        if not force and (unsaved := planner.lost(wanted, there)):
            logger.warning("%s is not tracked any more, but stays: %s is in no cache.", key, unsaved[0])
            continue
        with suppress(Conflict):
            _clear(wanted.path, there)
            removed.append(key if there.folder is None else f"{key}/")
        repo.index.drop_tree(key)
        repo.index.drop_file(key)
    repo.index.save()
    record.save()
    return removed


def set_exec(path: str) -> None:
    """Let the owner run a file that is no link into the cache, whose object would change with it."""
    found = os.lstat(path)
    if not found.st_mode & _MAY_RUN and found.st_nlink == 1 and not os.path.islink(path):
        os.chmod(path, found.st_mode | _MAY_RUN)


class _Work:
    """Does what was planned, and remembers what it did."""

    def __init__(self, repo: Repository, stage: Stage, progress: Progress) -> None:
        self._repo = repo
        self._stage = stage
        self._progress = progress
        self._record = LinkRecord(repo.our_tmp)
        self._verify = bool(repo.config.get("cache", "verify"))
        self._changes: dict[str, list[str]] = {"added": [], "modified": []}
        self._failed: dict[str, str] = {}
        self._files = [0, 0, 0]
        self._folders: list[tuple[Wanted, Snapshot]] = []
        self._single: list[tuple[Wanted, Oid]] = []

    def planned(self, planner: Planner, wanted: Wanted) -> FolderPlan | FilePlan | None:
        """As `Planner.plan`; what cannot be done is noted as failed."""
        try:
            plan = planner.plan(wanted)
        except (NotFound, DamagedData, OutOfBounds) as error:
            self._fail(wanted, error)
            return None
        if plan is None and os.path.lexists(wanted.path):
            self._own(wanted)
            if wanted.out.isexec:
                set_exec(wanted.path)
        return plan

    def apply(self, plan: FolderPlan | FilePlan) -> None:
        """Do it. If that fails the output stays as it was, as far as the reason shows before anything is changed."""
        wanted = plan.wanted
        place = Place(wanted.path, self._stage)
        # What may be run is never a link: the permission would be the object's, too.
        kinds = (LinkKind.REFLINK, LinkKind.COPY) if wanted.out.isexec else self._repo.cache.kinds
        placer = Placer(self._repo.cache, kinds, legacy=wanted.legacy, verify=self._verify)
        try:
            if isinstance(plan, FolderPlan):
                self._folder(plan, place, placer)
            else:
                self._file(plan, place, placer)
        except _OF_ONE_OUTPUT as error:
            self._fail(wanted, error)
            return
        if plan.change:
            self._changes[plan.change].append(self._repo.relpath(wanted.path) + ("/" if is_folder(wanted.out) else ""))
        self._own(wanted)

    def finish(self) -> None:
        """Note in the index what was written; called also when something failed, for what was done before."""
        newest = max((max(seen.rows.mtimes, default=0) for _, seen in self._folders), default=0)
        single = [(wanted, oid, os.stat(wanted.path)) for wanted, oid in self._single]
        newest = max([newest, *(found.st_mtime_ns for _, _, found in single)])
        if newest:
            stamp = self._repo.index.settled(newest)
            for wanted, seen in self._folders:
                seen.keep(self._repo, wanted.path, stamp, legacy=wanted.legacy)
            for wanted, oid, found in single:
                key = self._repo.relpath(wanted.path)
                self._repo.index.keep_file(key, found, oid.value, stamp, legacy=wanted.legacy)
        self._repo.index.save()
        self._record.save()

    def report(self) -> CheckoutReport:
        """What was done."""
        added, modified = (tuple(sorted(paths, key=_folders_first)) for paths in self._changes.values())
        files = (self._files[0], self._files[1], self._files[2])
        return CheckoutReport(
            added, modified, failed=tuple(self._failed), problems=tuple(self._failed.values()), files=files
        )

    def _folder(self, plan: FolderPlan, place: Place, placer: Placer) -> None:
        there = plan.there.folder
        if there is None:
            seen = self._fill(plan, place, placer)
            if os.path.lexists(plan.wanted.path):
                _clear(plan.wanted.path, plan.there)
            place.settle_folder()
        else:
            seen = self._change(plan, there, place, placer)
        self._files[0] += len(plan.steps.added)
        self._files[1] += len(plan.steps.modified)
        self._files[2] += len(plan.steps.deleted)
        self._folders.append((plan.wanted, seen))

    def _fill(self, plan: FolderPlan, place: Place, placer: Placer) -> Snapshot:
        """Make the whole folder where nobody sees it."""
        new = plan.new
        part = new if len(plan.steps.added) == len(new) else part_of(new, plan.steps.added)
        folder = place.fresh_folder()
        rows = Rows(part.paths)
        put_mtime, put_inode, put_size = rows.mtimes.append, rows.inodes.append, rows.sizes.append
        make, total = placer.make, len(part)
        last, made = "", {""}
        for at, (path, digest) in enumerate(part):
            parent = path.rpartition("/")[0]
            if parent != last:
                if parent not in made:
                    os.makedirs(f"{folder}/{parent}", exist_ok=True)
                    made.add(parent)
                last = parent
            mtime, inode, size = make(digest, f"{folder}/{path}")
            put_mtime(mtime)
            put_inode(inode)
            put_size(size)
            if at % _STEP == 0:
                self._progress("Checking out", at, total)
        self._progress("Checking out", total, total)
        oid = plan.wanted.out.oid
        return fresh(rows, part, oid.value if part is new and oid is not None else "")

    def _change(self, plan: FolderPlan, seen: Snapshot, place: Place, placer: Placer) -> Snapshot:
        """Change what differs in a folder that is there."""
        new, steps = plan.new, plan.steps
        _remove_files(plan.wanted.path, [seen.rows.paths[at] for at in steps.deleted])
        placed: dict[int, Placed] = {}
        needed = [*steps.added, *(at for _, at in steps.modified)]
        for done, at in enumerate(needed):
            path, digest = new[at]
            placed[at] = place.put(path, partial(placer.make, digest))
            if done % _STEP == 0:
                self._progress("Checking out", done, len(needed))
        self._progress("Checking out", len(needed), len(needed))
        old = seen.manifest
        for at in plan.relinked:
            path, digest = old[at]
            found = place.put(path, partial(placer.make, digest))
            seen.rows.mtimes[at], seen.rows.inodes[at], seen.rows.sizes[at] = found
        return after(seen, new, steps, placed)

    def _file(self, plan: FilePlan, place: Place, placer: Placer) -> None:
        wanted, oid = plan.wanted, plan.oid

        def make(target: str) -> Placed:
            found = placer.make(oid.value, target)
            if wanted.out.isexec:
                os.chmod(target, os.stat(target).st_mode | _MAY_RUN)
            if plan.there.folder is not None:
                # Not before it is known that there is something to put in its place.
                _clear(wanted.path, plan.there)
            return found

        place.put("", make)
        if plan.change:
            self._files[0 if plan.change == "added" else 1] += 1
        self._single.append((wanted, oid))

    def _own(self, wanted: Wanted) -> None:
        if wanted.out.oid is not None:
            self._record.note(self._repo.relpath(wanted.path), wanted.path, wanted.out.oid)

    def _fail(self, wanted: Wanted, error: Exception) -> None:
        self._failed[self._repo.relpath(wanted.path)] = str(error)


def _without_external(repo: Repository, wanted: list[Wanted]) -> list[Wanted]:
    """DVC 2 could track what lies outside of a repository; DVC 3 says nothing of that, and leaves it alone."""
    inside = [one for one in wanted if is_inside(repo, one.path)]
    for one in wanted:
        if one.out.cache and not is_inside(repo, one.path):
            logger.warning(
                "%r is left alone: it does not lie in the repository, and outputs are put nowhere else.", one.path
            )
    return inside


def _clear(path: str, there: There) -> None:
    """Remove what lies at a path, but for what is ignored."""
    if there.folder is None:
        os.unlink(path)
        return
    _remove_files(path, there.folder.rows.paths)
    for folder, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(folder)
        except OSError as error:
            msg = f"{folder!r} stays: it has files that are ignored. Move them away, and run the command again."
            raise Conflict(msg) from error


def _remove_files(root: str, paths: Sequence[str]) -> None:
    """Remove files, and the folders below the root that are empty then."""
    folders = set()
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(f"{root}/{path}")
        folders.add(path.rpartition("/")[0])
    for folder in sorted(folders, reverse=True):
        parent = folder
        with suppress(OSError):
            while parent:
                os.rmdir(f"{root}/{parent}")
                parent = parent.rpartition("/")[0]


def _is_near(key: str, used: Collection[str]) -> bool:
    """Whether a path lies in one that is used, or the reverse."""
    return any(other.startswith(f"{key}/") or key.startswith(f"{other}/") for other in used)


def _folders_first(path: str) -> tuple[bool, str]:
    return not path.endswith("/"), path
