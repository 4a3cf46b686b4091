"""Code: the git commit that a run was started from, as its tags say. Whether the commit is still there, nobody looks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from treering.core.errors import InvalidInput, NotFound
from treering.entities.lineage import Edge, Node
from treering.entities.page import Query
from treering.entities.run import Run
from treering.provenance.base import Links
from treering.storage.metadata.base import MetadataStore

__all__ = ["CodeRelations", "code_uri"]

_RUN, _CODE = "runs:/", "code:/"
_COMMIT_TAG = "mlflow.source.git.commit"
_REPOSITORY_TAG = "mlflow.source.git.repoURL"
_DIRTY_TAG = "mlflow.source.git.dirty"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHOWN = 12
_MOST_EXPERIMENTS = 50_000


def code_uri(commit: str) -> str:
    """`code:/<commit>`."""
    return f"{_CODE}{commit}"


class CodeRelations:
    """Relations of runs with the commits that they were started from."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def resolve(self, uri: str) -> str | None:
        """See Relations."""
        if not uri.startswith(_CODE):
            return None
        commit = uri.removeprefix(_CODE).strip("/")
        if not _COMMIT.fullmatch(commit):
            msg = f"{uri!r} names no commit. Write code:/ and all 40 or 64 digits of its hash."
            raise InvalidInput(msg)
        if not self._runs(commit, 1)[0]:
            msg = f"No run was started from the commit {commit}. Check the hash."
            raise NotFound(msg)
        return code_uri(commit)

    def describe(self, uri: str) -> Node | None:
        """See Relations."""
        if not uri.startswith(_CODE):
            return None
        commit = uri.removeprefix(_CODE)
        runs, _ = self._runs(commit, 1)
        return Node(uri, "code", commit[:_SHOWN], runs[0].data.tags.get(_REPOSITORY_TAG, "") if runs else "")

    def up(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if not uri.startswith(_RUN):
            return Links()
        try:
            tags = self._store.runs.get(uri.removeprefix(_RUN)).data.tags
        except NotFound:
            return Links()
        commit = tags.get(_COMMIT_TAG, "")
        if not _COMMIT.fullmatch(commit):
            return Links()
        detail = "with changes" if tags.get(_DIRTY_TAG) == "true" else ""
        return Links([Edge(code_uri(commit), uri, "code", detail)] if limit else (), 1)

    def down(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if not uri.startswith(_CODE):
            return Links()
        runs, total = self._runs(uri.removeprefix(_CODE), limit)
        return Links([Edge(uri, f"{_RUN}{run.info.run_id}", "code") for run in runs], total)

    def _runs(self, commit: str, limit: int) -> tuple[Sequence[Run], int]:
        experiments = self._store.experiments.search(Query(max_results=_MOST_EXPERIMENTS)).items
        query = Query(
            f"tags.`{_COMMIT_TAG}` = '{commit}'",
            ["start_time DESC"],
            max(limit, 1),
            experiment_ids=[one.experiment_id for one in experiments],
            with_total=True,
        )
        page = self._store.runs.search(query)
        return page.items[:limit], page.total or 0
