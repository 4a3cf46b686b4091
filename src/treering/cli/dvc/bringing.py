"""Brings data from remotes and other repositories for verbs that find out on their way that they need it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.storage.content.oid import Oid
from treering.versioning.checkout import CheckoutOptions
from treering.versioning.data_access import DataStore
from treering.versioning.pointers import Output
from treering.versioning.pull import pull
from treering.versioning.remotes import open_remote
from treering.versioning.run_cache_copy import fetch_runs
from treering.versioning.run_many import Stop
from treering.versioning.sources import FileTree, OutputSource, Tracked
from treering.versioning.transfer import TransferOptions, fetch

__all__ = ["Bringer", "bring_objects"]


def bring_objects(call: Call, oids: Sequence[Oid]) -> None:
    """Bring objects into the cache, such as the list of a folder's files."""
    nameless = Tracked("", Output("data"), call.repo.root)
    DataStore(call.repo).fetch(oids, nameless, call.bar)


class _Given(OutputSource):
    """Outputs that are given, whatever documents say."""

    def __init__(self, wanted: Sequence[tuple[Output, str]]) -> None:
        self._wanted = wanted

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """All of them."""
        del tree
        for out, path in self._wanted:
            yield Tracked(path, out, Path(path))


class Bringer:
    """Brings what pipelines miss, as `pipelines.manner.Puller`; what is not to be had is left to whoever misses it."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def runs(self) -> None:
        """Bring the record of runs."""
        try:
            fetch_runs(self._call.repo, open_remote(self._call.repo), Stop())
        except TreeringError as error:
            logger.warning("Earlier runs were not fetched: %s", error)

    def outputs(self, wanted: Sequence[tuple[Output, str]]) -> None:
        """Bring the content of outputs into the cache."""
        try:
            fetch(self._call.repo, TransferOptions(), sources=[_Given(wanted)], progress=self._call.bar)
        except TreeringError as error:
            logger.warning("Nothing was fetched: %s", error)

    def paths(self, paths: Sequence[str]) -> None:
        """Bring what is tracked at some places into the working tree."""
        for path in paths:
            options = TransferOptions(targets=[path])
            try:
                pull(
                    self._call.repo, options, CheckoutOptions(allow_missing=True), sources=all_sources(self._call.repo)
                )
            except TreeringError as error:
                logger.debug("%s was not pulled: %s", path, error)
