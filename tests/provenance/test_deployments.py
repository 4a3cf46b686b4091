"""Deployments as things that came of registered versions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import scheme_of
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.lineage import Edge
from treering.provenance.service import open_lineage
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import model_version, run_info


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    yield opened
    opened.database.close()


def _release(version: str, *, registered: bool = True, run_id: str = "") -> Release:
    return Release(f"models:/iris/{version}", "iris", version, registered=registered, run_id=run_id)


def _put(store: MetadataStore, name: str, current: Release, candidate: Release | None = None) -> None:
    store.deployments.put(
        Deployment(name, "local", DeploymentState.READY, current, candidate=candidate), [], expected=0
    )


def test_a_deployment_came_of_its_versions_and_each_leads_to_it(store: MetadataStore) -> None:
    _put(store, "shop", _release("3"), _release("4"))
    _put(store, "batch", _release("4"))
    # Called the same at its server, and not of the registry.
    _put(store, "elsewhere", _release("4", registered=False))
    lineage = open_lineage(store)
    found = lineage.get("deployments:/shop", up=1, down=0)
    assert (found.nodes[0].kind, found.nodes[0].label, found.nodes[0].detail, found.nodes[0].state) == (
        "deployment", "shop", "local", "ready",
    )  # fmt: skip
    assert list(found.edges) == [
        Edge("models:/iris/3", "deployments:/shop", "deployed"),
        Edge("models:/iris/4", "deployments:/shop", "deployed", "candidate"),
    ]
    store.registered_models.create("iris", "", {})
    run_id = store.runs.create(run_info(), {}).info.run_id
    for _ in range(4):
        store.model_versions.create(model_version("iris", run_id=run_id))
    below = lineage.get(f"runs:/{run_id}", up=0, down=2)
    assert {node.id for node in below.nodes if node.kind == "deployment"} == {"deployments:/shop", "deployments:/batch"}


def test_many_deployments_of_one_version_are_counted(store: MetadataStore) -> None:
    for number in range(12):
        _put(store, f"d{number:02}", _release("1"))
    store.registered_models.create("iris", "", {})
    store.model_versions.create(model_version("iris"))
    found = open_lineage(store).get("models:/iris/1", up=0, down=1, limit=10)
    assert len(found.edges) == 10
    assert found.nodes[0].more_down == 2


def test_one_that_was_made_of_a_run_alone_leads_back_to_it(store: MetadataStore) -> None:
    run_id = store.runs.create(run_info(), {}).info.run_id
    _put(store, "shop", _release("", registered=False, run_id=run_id))
    found = open_lineage(store).get("deployments:/shop")
    assert Edge(f"runs:/{run_id}", "deployments:/shop", "deployed") in found.edges


@pytest.mark.parametrize(
    ("uri", "kind"),
    [("deployments:/", InvalidInput), ("deployments:/a/b", InvalidInput), ("deployments:/gone", NotFound)],
)
def test_what_is_no_deployment_is_said(store: MetadataStore, uri: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        open_lineage(store).get(uri)
