"""Datasets in the native API: those that runs recorded, and how they were used."""

from __future__ import annotations

from collections import defaultdict

from treering.assembly import Services
from treering.entities.dataset import DatasetVersion
from treering.server.handling import Handlers
from treering.wire.native import datasets as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchDatasets) -> wire.DatasetList:
    found = services.tracking.datasets.search(asked.experiment_ids)
    return wire.DatasetList([wire.DatasetUse(*use) for use in found])


@HANDLERS.handles(wire.OVERVIEW)
def _overview(services: Services, asked: wire.AskDatasets) -> wire.DatasetOverview:
    found, truncated = services.tracking.datasets.overview(asked.experiment_ids, asked.name)
    # They come by their last use, so the names do as well.
    named: dict[str, list[DatasetVersion]] = defaultdict(list)
    for version in found:
        named[version.dataset.name].append(version)
    return wire.DatasetOverview(
        [
            wire.NamedDataset(
                name,
                sum(one.runs for one in versions),
                min(one.first_used for one in versions),
                max(one.last_used for one in versions),
                versions,
            )
            for name, versions in named.items()
        ],
        truncated,
    )
