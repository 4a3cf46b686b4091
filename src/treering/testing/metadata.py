"""What every metadata database must do, as suites to inherit from.

A driver's test gives each suite its stores and runs them all:

    class TestRuns(RunSuite):
        @pytest.fixture
        def store(self):
            store = open_mine("mine://...")
            yield store
            store.database.close()

The `store` must be new and empty for each test.
"""

from __future__ import annotations

from treering.testing.metadata_deployments import DeploymentStoreSuite
from treering.testing.metadata_experiments import ExperimentSuite
from treering.testing.metadata_governance import GovernanceStoreSuite
from treering.testing.metadata_logged_models import LoggedModelSuite
from treering.testing.metadata_registry import RegistrySuite
from treering.testing.metadata_relations import RelationSuite
from treering.testing.metadata_runs import ApplySuite, RunSuite, SeriesSuite
from treering.testing.metadata_search import PagingSuite, SearchSuite
from treering.testing.metadata_threads import ThreadSuite
from treering.testing.metadata_upkeep import UpkeepSuite
from treering.testing.metadata_views import ViewSuite
from treering.testing.metadata_webhooks import WebhookSuite

__all__ = [
    "ApplySuite",
    "DeploymentStoreSuite",
    "ExperimentSuite",
    "GovernanceStoreSuite",
    "LoggedModelSuite",
    "PagingSuite",
    "RegistrySuite",
    "RelationSuite",
    "RunSuite",
    "SearchSuite",
    "SeriesSuite",
    "ThreadSuite",
    "UpkeepSuite",
    "ViewSuite",
    "WebhookSuite",
]
