"""Which runs recorded a content, and which run tracked a stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property

from treering.entities.dataset import DatasetVersion
from treering.entities.grid import RowsQuery
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query
from treering.tracking.base import Tracking

__all__ = ["Recorded", "newest_runs", "stage_runs"]

_STAGE, _ROOT = "treering.pipeline.stage", "treering.pipeline.root"
_MOST_EXPERIMENTS, _MOST_RUNS = 200, 500


class Recorded:
    """The datasets that runs recorded, found by their content. For one answer; what it found it keeps.

    Args:
        tracking: Where runs are.
    """

    def __init__(self, tracking: Tracking) -> None:
        self._datasets = tracking.datasets
        self._by_name: dict[str, dict[str, DatasetVersion]] = {}

    def find(self, path: str, oid: str) -> tuple[str, int]:
        """The URI of the dataset with this content and how many runs used it; "" and 0 if none did.

        Args:
            path: Where it lies: of datasets with the same content that is taken which is called so.
        """
        if not oid:
            return "", 0
        name = posixpath.basename(path)
        known, all_known = self._everything
        found = known.get((name, oid)) or known.get(("", oid))
        if found is None and not all_known:
            if name not in self._by_name:
                versions, _ = self._datasets.overview(name=name)
                self._by_name[name] = {one.dataset.digest: one for one in versions}
            found = self._by_name[name].get(oid)
        return (f"datasets:/{found.dataset.name}/{found.dataset.digest}", found.runs) if found else ("", 0)

    @cached_property
    def _everything(self) -> tuple[Mapping[tuple[str, str], DatasetVersion], bool]:
        versions, truncated = self._datasets.overview()
        known: dict[tuple[str, str], DatasetVersion] = {}
        for one in versions:
            known[one.dataset.name, one.dataset.digest] = one
            known.setdefault(("", one.dataset.digest), one)
        return known, not truncated


def stage_runs(tracking: Tracking, root: str) -> dict[str, tuple[str, bool]]:
    """The newest tracked run of each stage of a repository by address, and whether it failed; as far as it is among the last."""
    found: dict[str, tuple[str, bool]] = {}
    mark = "'" if "'" not in root else '"'
    if mark in root:
        # The words of a search cannot say it.
        return found
    for run_id, status, stage in newest_runs(tracking, _STAGE, f"tags.`{_ROOT}` = {mark}{root}{mark}"):
        found.setdefault(stage, (run_id, status in {RunStatus.FAILED, RunStatus.KILLED}))
    return found


def newest_runs(tracking: Tracking, tag: str, condition: str = "") -> Iterator[tuple[str, str, str]]:
    """Id, status and the tag of those of the last runs that have it, the newest first.

    Args:
        condition: What they have to fulfil besides, in the words of a search.
    """
    experiments = tracking.experiments.search(Query(max_results=_MOST_EXPERIMENTS)).items
    has_it = f"tags.`{tag}` LIKE '%'"
    query = RowsQuery(
        [one.experiment_id for one in experiments],
        f"{condition} AND {has_it}" if condition else has_it,
        limit=_MOST_RUNS,
        columns=[f"tags.`{tag}`"],
    )
    rows = tracking.grid.rows(query)
    for run_id, status, value in zip(rows.run_ids, rows.statuses, rows.columns[0], strict=True):
        yield run_id, status, str(value)
