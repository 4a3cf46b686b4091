"""What a transfer is about: the objects of chosen outputs, by the remote that each goes to or comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from re import compile as pattern_of

from treering.core.errors import InvalidInput, NotSupported, TreeringError
from treering.core.log import logger
from treering.storage.content.manifest import Manifest
from treering.versioning.entries import Dependency
from treering.versioning.errors import NotTracked, UnknownRemote
from treering.versioning.outputs import Outputs, Selected
from treering.versioning.remotes import Remote, open_remote
from treering.versioning.repository import Repository
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.sources import FileTree, OutputSource, Tracked
from treering.versioning.used import POINTERS, Scope, tracked_in, trees_in

__all__ = ["Plan", "Shipment", "TransferOptions", "plan_transfer", "rows_of"]

_GLOBBED = frozenset("*?[")
_SHORT = 7


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """What to transfer, and how.

    Attributes:
        targets: Pointers, outputs, paths in outputs, pipelines and stages, relative to the current folder; none: all.
        remote: Instead of the default one. Outputs with a remote of their own that is another one are left out.
        jobs: How many objects travel at once; None: as the config has it.
        revisions: Of these, too.
        workspace: Whether of the working tree.
        with_deps: Also what the stages of targets need, and so on.
        recursive: Whether a folder means all stages below it.
        run_cache: Also the record of what stages made of what.
        glob: Whether targets are patterns.
        patterns: Only files whose path, in the output or the repository, matches one of these.
        max_size: Only outputs of at most so many bytes.
        types: Only `metrics`, or `plots`.
        ask_all: Whether a remote is asked for each object, also for those that it is known to have had.
        lenient: Whether what is nowhere is only told of in the log when it should be sent, as DVC does.
    """

    targets: Sequence[str] = ()
    remote: str = ""
    jobs: int | None = None
    revisions: RevisionScope = field(default_factory=RevisionScope)
    workspace: bool = True
    with_deps: bool = False
    recursive: bool = False
    run_cache: bool = False
    glob: bool = False
    patterns: Sequence[str] = ()
    max_size: int | None = None
    types: Sequence[str] = ()
    ask_all: bool = False
    lenient: bool = False


@dataclass(slots=True)
class Shipment:
    """Objects for one remote.

    Attributes:
        legacy: Whether they are those of DVC 2, which have a place of their own.
        trees: Lists of files, each with the outputs that it belongs to.
        files: Single files.
    """

    remote: Remote
    legacy: bool
    trees: dict[str, list[Selected]] = field(default_factory=dict)
    files: dict[str, list[Selected]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.trees and not self.files


@dataclass(slots=True)
class Plan:
    """All that is to be transferred.

    Attributes:
        versioned: Outputs whose remote keeps versions of files under their own names.
        imports: Outputs that come from other repositories, or of which nothing was downloaded yet.
    """

    shipments: list[Shipment] = field(default_factory=list)
    versioned: list[tuple[Remote, Selected]] = field(default_factory=list)
    imports: list[Tracked] = field(default_factory=list)


def plan_transfer(
    repo: Repository, options: TransferOptions, sources: Sequence[OutputSource] | None, *, sending: bool
) -> Plan:
    """Find out what there is to transfer.

    Raises:
        NotTracked: If a target means nothing.
        UnknownRemote: If a remote that is needed is not configured.
        NotSupported: If it would be sent to a remote that keeps versions.
        InvalidInput: If a document of the working tree cannot be read; a revision with such a one is passed over.
    """
    _refuse_types(options.types)
    planner = _Planner(repo, options, sending)
    scope = Scope(options.workspace, options.revisions)
    if options.targets:
        _plan_targets(planner, repo, options, sources or POINTERS)
        return planner.plan

    def refused(rev: str, error: TreeringError) -> None:
        if not rev:
            raise error
        logger.warning("Of revision %s nothing is transferred: %s", rev[:_SHORT], error)

    for one in tracked_in(repo, scope, sources or POINTERS, refused):
        planner.add(Selected(one))
    return planner.plan


def _plan_targets(
    planner: _Planner, repo: Repository, options: TransferOptions, sources: Sequence[OutputSource]
) -> None:
    """What targets mean may be another thing in each revision, and nothing in some."""
    unknown: TreeringError | None = None
    any_read = False
    for tree in trees_in(repo, Scope(options.workspace, options.revisions)):
        try:
            for one in _selected(repo, tree, options, sources):
                planner.add(one)
            any_read = True
        except TreeringError as error:
            unknown = unknown or error
            if not tree.rev and not (isinstance(error, NotTracked) and options.revisions):
                raise
            logger.warning("Of revision %s nothing is transferred: %s", tree.rev[:_SHORT] or "workspace", error)
    if not any_read and unknown is not None:
        raise unknown


def rows_of(
    manifest: Manifest, chosen: Iterable[Selected], options: TransferOptions, repo: Repository
) -> set[str] | None:
    """The MD5s of those files of a folder that were asked for; None for all of them."""
    chosen = list(chosen)
    within = [one.within for one in chosen]
    match = _matcher(options.patterns)
    if match is None and "" in within:
        return None
    tops = {repo.relpath(one.tracked.path) for one in chosen}
    return {
        digest
        for path, digest in manifest
        if any(not part or path == part or path.startswith(f"{part}/") for part in within)
        and (match is None or match(path) or any(match(f"{top}/{path}") for top in tops))
    }


def _matcher(patterns: Sequence[str]) -> Callable[[str], object] | None:
    return pattern_of("|".join(f"(?:{translate(one)})" for one in patterns)).match if patterns else None


class _Planner:
    """Sorts outputs by where they go to."""

    def __init__(self, repo: Repository, options: TransferOptions, sending: bool) -> None:  # noqa: FBT001 - passed on
        self._repo, self._options, self._sending = repo, options, sending
        self._remotes: dict[str, Remote] = {}
        self._shipments: dict[tuple[str, bool], Shipment] = {}
        self._match = _matcher(options.patterns)
        self._seen: set[tuple[object, ...]] = set()
        self.plan = Plan()

    def add(self, one: Selected) -> None:
        out = one.tracked.output
        # What lies in buckets is told by mappings, which are no keys.
        versions = repr((out.files, out.cloud)) if out.files or out.cloud else ""
        key = (one.tracked.path, one.within, out.oid, versions, out.remote, out.push)
        if key in self._seen or not self._is_meant(one):
            return
        self._seen.add(key)
        pointer = one.tracked.pointer
        if pointer is not None and (pointer.is_repo_import or pointer.is_partial):
            if not self._sending:
                self.plan.imports.append(one.tracked)
            return
        if out.oid is None and out.files is None and not out.version_id and not out.cloud:
            if not one.tracked.rev:
                logger.warning("Nothing is known of %s yet, so that it is not transferred.", one.tracked.path)
            return
        remote = self._remote(out.remote)
        if remote.version_aware or out.files is not None:
            self._add_versioned(remote, one)
        elif out.oid is not None:
            self._add(remote, one)

    def _add(self, remote: Remote, one: Selected) -> None:
        oid = one.tracked.output.oid
        assert oid is not None  # noqa: S101 - as was looked before
        key = (remote.name, oid.legacy)
        shipment = self._shipments.get(key)
        if shipment is None:
            shipment = self._shipments[key] = Shipment(remote, oid.legacy)
            self.plan.shipments.append(shipment)
        group = shipment.trees if oid.is_dir else shipment.files
        if not oid.is_dir and self._match is not None and not self._match(self._repo.relpath(one.tracked.path)):
            return
        group.setdefault(oid.value, []).append(one)

    def _add_versioned(self, remote: Remote, one: Selected) -> None:
        if self._sending:
            msg = (
                f"The remote {remote.name!r} keeps versions of files (version_aware or worktree). Such remotes are only"
                " fetched from; push to one without, such as with -r NAME, or use DVC for it."
            )
            raise NotSupported(msg)
        self.plan.versioned.append((remote, one))

    def _is_meant(self, one: Selected) -> bool:
        out, options = one.tracked.output, self._options
        if not out.cache or not out.is_local or (self._sending and not out.push):
            return False
        if options.remote and out.remote and out.remote.lower() != options.remote.lower():
            return False
        if options.max_size is not None and (out.size or 0) > options.max_size:
            return False
        wanted = {"metrics": bool(out.metric), "plots": bool(out.plot)}
        return not options.types or any(wanted[kind] for kind in options.types)

    def _remote(self, own: str) -> Remote:
        name = own or self._options.remote
        if name not in self._remotes:
            try:
                self._remotes[name] = open_remote(self._repo, name, jobs=self._options.jobs)
            except UnknownRemote as error:
                if not own:
                    raise
                msg = f"An output goes to the remote {own!r}, but: {error}"
                raise UnknownRemote(msg) from error
        return self._remotes[name]


def _selected(
    repo: Repository, tree: FileTree, options: TransferOptions, sources: Sequence[OutputSource]
) -> Iterator[Selected]:
    outputs = Outputs(repo, sources, tree)
    targets = _expanded(outputs, options) if options.glob else options.targets
    chosen = outputs.select(targets, recursive=options.recursive)
    yield from _with_deps(outputs, chosen) if options.with_deps else chosen


def _expanded(outputs: Outputs, options: TransferOptions) -> list[str]:
    """What patterns mean: outputs by their paths, and stages by their addresses."""
    here = os.getcwd()
    names = {os.path.relpath(one.path, here).replace(os.sep, "/") for one in outputs} | {one.address for one in outputs}
    found: list[str] = []
    for target in options.targets:
        if not _GLOBBED & set(target):
            found.append(target)
            continue
        match = pattern_of(translate(target)).match
        hits = sorted(name for name in names if match(name))
        if not hits:
            msg = f"Nothing that is tracked matches {target!r}. List what is with `treering data list`."
            raise NotTracked(msg)
        found += hits
    return found


def _with_deps(outputs: Outputs, chosen: Sequence[Selected]) -> Iterator[Selected]:
    """With the outputs that their stages need, and so on."""
    yield from chosen
    seen = {one.tracked.address for one in chosen}
    by_address: dict[str, list[Tracked]] = {}
    for one in outputs:
        by_address.setdefault(one.address, []).append(one)
    waiting = [one.tracked for one in chosen]
    while waiting:
        stage = waiting.pop()
        for path in _needs(stage):
            makers = [outputs.around(path)] if outputs.around(path) else outputs.below(path)
            for maker in makers:
                if maker is not None and maker.address not in seen:
                    seen.add(maker.address)
                    for out in by_address[maker.address]:
                        yield Selected(out)
                        waiting.append(out)


def _needs(stage: Tracked) -> Iterator[str]:
    for dep in stage.deps:
        if _is_path(dep):
            # An output's path, absolute and as written, tells where the stage works.
            written = stage.output.path
            folder = str(stage.path)[: -len(written) - 1] if ".." not in written else str(stage.path.parent)
            yield os.path.normpath(os.path.join(folder, dep.path))


def _is_path(dep: Dependency) -> bool:
    return dep.repo is None and "://" not in dep.path


def _refuse_types(types: Sequence[str]) -> None:
    unknown = sorted(set(types) - {"metrics", "plots"})
    if unknown:
        msg = f"{unknown[0]!r} is no type of output to choose by. Choose metrics or plots."
        raise InvalidInput(msg)
