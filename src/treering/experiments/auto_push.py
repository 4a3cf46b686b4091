"""Pushes an experiment as soon as it is made, where `exp.auto_push` says so. It never fails the experiment."""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.experiments.committing import Committed
from treering.experiments.remote import exp_push
from treering.pipelines.stage_source import StageSource
from treering.versioning.repository import Repository
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.sources import PointerSource
from treering.versioning.transfer import TransferOptions, push

__all__ = ["push_made"]


def push_made(repo: Repository, committed: Committed, remote: str) -> None:
    """Push an experiment with its data and the record of its runs; what goes wrong is told in the log."""

    def move(commits: Sequence[str]) -> int:
        scope = RevisionScope(revs=tuple(commits))
        options = TransferOptions(revisions=scope, workspace=False, run_cache=True, lenient=True)
        return push(repo, options, sources=(PointerSource(), StageSource(repo))).moved

    try:
        done = exp_push(repo, remote, [committed.ref.path], data=move)
        if done.data_error is not None:
            logger.warning("The data of %r could not be pushed: %s", committed.name, done.data_error)
    except (TreeringError, OSError) as error:
        logger.warning("The experiment %r could not be pushed to %r: %s", committed.name, remote, error)
