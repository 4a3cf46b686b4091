"""Every database driver passes the public suites."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treering.core.uri import scheme_of
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata import (
    ApplySuite,
    DeploymentStoreSuite,
    ExperimentSuite,
    GovernanceStoreSuite,
    LoggedModelSuite,
    PagingSuite,
    RegistrySuite,
    RelationSuite,
    RunSuite,
    SearchSuite,
    SeriesSuite,
    ThreadSuite,
    UpkeepSuite,
    ViewSuite,
    WebhookSuite,
)


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    yield opened
    opened.database.close()


class TestExperiments(ExperimentSuite):
    pass


class TestRuns(RunSuite):
    pass


class TestApply(ApplySuite):
    pass


class TestSeries(SeriesSuite):
    pass


class TestLoggedModels(LoggedModelSuite):
    pass


class TestRegistry(RegistrySuite):
    pass


class TestSearch(SearchSuite):
    pass


class TestPaging(PagingSuite):
    pass


class TestUpkeep(UpkeepSuite):
    pass


class TestWebhooks(WebhookSuite):
    pass


class TestViews(ViewSuite):
    pass


class TestRelations(RelationSuite):
    pass


class TestThreads(ThreadSuite):
    pass


class TestGovernance(GovernanceStoreSuite):
    pass


class TestDeployments(DeploymentStoreSuite):
    pass
