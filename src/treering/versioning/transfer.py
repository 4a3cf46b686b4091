"""Push, fetch and pull: bringing objects of chosen outputs to a remote, or from it, and the question what differs.

Only what is missing on the other side travels, several objects at a time, and each
is compared with its name on the way. A folder's list of files comes last, so that who
sees it can rely on the files. A transfer that ends early has lost nothing: the next
one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from treering.core.errors import DamagedData, NotFound
from treering.core.log import logger
from treering.storage.content.oid import Oid
from treering.versioning.moving import Fetching, Pushing, Work
from treering.versioning.outcome import Lost
from treering.versioning.presence import present
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote, open_remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop
from treering.versioning.shipments import Plan, TransferOptions, plan_transfer
from treering.versioning.sources import OutputSource, Tracked

__all__ = ["Lost", "TransferOptions", "TransferReport", "cloud_status", "fetch", "missing_in", "push"]

# Loaded where it is asked for.
_RUNS = "treering.versioning.run_cache_copy"


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What was done.

    Attributes:
        moved: Objects that were sent or fetched, lists of files included; `size` in bytes.
        runs: Records of runs of stages.
        missing: What is nowhere: neither in the cache nor in the remote.
        damaged: What has other bytes than it should where it would have come from.
        failed: What could not be transferred for another reason.
        imports: Outputs of other repositories that are not in the cache; fetching them is another verb's work.
    """

    moved: int = 0
    size: int = 0
    runs: int = 0
    missing: tuple[Lost, ...] = ()
    damaged: tuple[Lost, ...] = ()
    failed: tuple[Lost, ...] = ()
    imports: tuple[Tracked, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for is where it should be."""
        return not (self.missing or self.damaged or self.failed)

    @property
    def lost(self) -> tuple[Lost, ...]:
        """All that could not be transferred."""
        return (*self.missing, *self.damaged, *self.failed)


def push(
    repo: Repository,
    options: TransferOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
    progress: Progress = NO_PROGRESS,
) -> TransferReport:
    """Send objects that the remote does not have.

    Args:
        sources: What tells of outputs; pointers only, unless given.

    Raises:
        NotTracked: If a target means nothing.
        UnknownRemote: If there is no such remote, or none by default.
        NotSupported: If the remote keeps versions, or takes nothing.
        Unavailable: If it cannot be reached.
        StorageFull: If it has no more room. What was sent stays, as with all errors.
    """
    options = options or TransferOptions()
    with repo.lock(write=False):
        work = Work(repo, options, progress, "Pushing")
        plan = plan_transfer(repo, options, sources, sending=True)
        if options.run_cache:
            remote = open_remote(repo, options.remote, jobs=options.jobs)
            work.runs = import_module(_RUNS).push_runs(repo, remote, work.stop)
        for shipment in plan.shipments:
            Pushing(work, shipment).go()
        report = _report(work)
    if not options.lenient:
        return report
    for one in report.missing:
        logger.warning("%s: %s", ", ".join(one.paths), one.reason)
    return replace(report, missing=())


def fetch(
    repo: Repository,
    options: TransferOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
    progress: Progress = NO_PROGRESS,
) -> TransferReport:
    """Fetch objects that the cache does not have.

    Args:
        sources: As for `push`.

    Raises:
        NotTracked, UnknownRemote, Unavailable, StorageFull: As `push`.
    """
    options = options or TransferOptions()
    with repo.lock(write=False):
        work = Work(repo, options, progress, "Fetching")
        plan = plan_transfer(repo, options, sources, sending=False)
        if options.run_cache:
            remote = open_remote(repo, options.remote, jobs=options.jobs)
            work.runs = import_module(_RUNS).fetch_runs(repo, remote, work.stop)
        for shipment in plan.shipments:
            Fetching(work, shipment).go()
        work.take_versions(plan)
        return _report(work, _not_cached(repo, plan))


def cloud_status(
    repo: Repository, options: TransferOptions | None = None, *, sources: Sequence[OutputSource] | None = None
) -> dict[str, str]:
    """What differs between cache and remote, by path relative to the repository.

    Returns:
        `new` for what only the cache has, `deleted` for what only the remote has, `missing` for what neither has.

    Raises:
        NotTracked, UnknownRemote, Unavailable: As `push`.
    """
    options = options or TransferOptions()
    with repo.lock(write=False):
        work = Work(repo, options, NO_PROGRESS, "Asking")
        plan = plan_transfer(repo, options, sources, sending=True)
        found: dict[str, str] = {}
        for shipment in plan.shipments:
            found.update(Pushing(work, shipment).differences())
    return found


def missing_in(remote: Remote) -> Callable[[Sequence[Oid]], set[Oid]]:
    """Asks a remote which of some objects it does not have; for `data_status`."""

    def ask(oids: Sequence[Oid]) -> set[Oid]:
        found: set[Oid] = set()
        for legacy in (False, True):
            group = {oid.value for oid in oids if oid.legacy == legacy}
            there = present(remote, group, legacy=legacy, stop=Stop())
            found |= {Oid(value, legacy) for value in group - there}
        return found

    return ask


def _report(work: Work, imports: tuple[Tracked, ...] = ()) -> TransferReport:
    outcome = work.outcome
    lost = (tuple(work.missing), tuple(work.damaged), tuple(work.failed))
    return TransferReport(len(outcome.done), outcome.size, work.runs, *lost, imports)


def _not_cached(repo: Repository, plan: Plan) -> tuple[Tracked, ...]:
    """Imports whose content is not in the cache."""
    missing = []
    for one in plan.imports:
        oid = one.output.oid
        if oid is None or not repo.cache.has(oid):
            missing.append(one)
        elif oid.is_dir:
            try:
                if repo.cache.missing(repo.cache.read_manifest(oid)):
                    missing.append(one)
            except (NotFound, DamagedData):
                missing.append(one)
    return tuple(missing)
