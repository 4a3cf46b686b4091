"""The commit that a run was started from, as a thing that it came of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import scheme_of
from treering.entities.lineage import Edge
from treering.provenance.service import open_lineage
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import run_info

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAGS = {"mlflow.source.git.commit": COMMIT, "mlflow.source.git.repoURL": "https://example.com/r.git"}


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    yield opened
    opened.database.close()


def test_a_run_came_of_its_commit_and_the_commit_leads_to_its_runs(store: MetadataStore) -> None:
    other = store.experiments.create("other", "file:///a", "", {}).experiment_id
    first = store.runs.create(run_info(), TAGS).info.run_id
    second = store.runs.create(run_info(other), {**TAGS, "mlflow.source.git.dirty": "true"}).info.run_id
    store.runs.create(run_info(), {"mlflow.source.git.commit": "x' OR 1=1"})
    lineage = open_lineage(store)
    found = lineage.get(f"runs:/{second}")
    assert [(node.kind, node.label, node.detail) for node in found.nodes[1:]] == [
        ("code", COMMIT[:12], "https://example.com/r.git")
    ]
    assert list(found.edges) == [Edge(f"code:/{COMMIT}", f"runs:/{second}", "code", "with changes")]
    below = lineage.get(f"code:/{COMMIT}")
    assert {node.id for node in below.nodes[1:]} == {f"runs:/{first}", f"runs:/{second}"}
    assert lineage.get(f"code:/{COMMIT}", limit=1).nodes[0].more_down == 1


@pytest.mark.parametrize(("uri", "kind"), [("code:/main", InvalidInput), (f"code:/{'f' * 40}", NotFound)])
def test_what_is_no_commit_of_a_run_is_said(store: MetadataStore, uri: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        open_lineage(store).get(uri)
