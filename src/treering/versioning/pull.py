"""Pull: fetch what the working tree tracks, and put it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from treering.versioning.checkout import CheckoutOptions, CheckoutReport, Incomplete, checkout
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.sources import OutputSource, Tracked
from treering.versioning.transfer import TransferOptions, TransferReport, fetch

__all__ = ["Importer", "PullReport", "pull"]

Importer = Callable[[Sequence[Tracked]], object]
"""Brings outputs that come from other repositories into the cache, or says in an error why not."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What was done.

    Attributes:
        fetched: What came into the cache.
        checked_out: What came into the working tree.
    """

    fetched: TransferReport
    checked_out: CheckoutReport

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for is there."""
        return self.fetched.is_complete and not self.checked_out.failed


def pull(
    repo: Repository,
    options: TransferOptions | None = None,
    checking: CheckoutOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
    importer: Importer | None = None,
    progress: Progress = NO_PROGRESS,
) -> PullReport:
    """Fetch, and put what came into the working tree; what could not be fetched does not keep the rest back.

    Args:
        checking: How to check out.
        importer: Brings what comes from other repositories; without it, that is left out.

    Raises:
        Unsaved: If files of the working tree would be lost; everything was fetched then.
        NotTracked, UnknownRemote, Unavailable, StorageFull: As `fetch`.
    """
    options, checking = options or TransferOptions(), checking or CheckoutOptions()
    with repo.lock():
        fetched = fetch(repo, options, sources=sources, progress=progress)
        if fetched.imports and importer is not None:
            importer(fetched.imports)
            fetched = replace(fetched, imports=())
        checking = replace(checking, patterns=(*checking.patterns, *options.patterns))
        targets = list(options.targets) or None
        try:
            done = checkout(repo, targets, checking, sources=sources, recursive=options.recursive, progress=progress)
        except Incomplete as error:
            done = error.report
    return PullReport(fetched, done)
