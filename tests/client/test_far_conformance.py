from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from treering.assembly import Services
from treering.client.connect import connect
from treering.core.settings import Settings
from treering.registry.base import ModelRegistry
from treering.testing.objects import ResumableSuite
from treering.testing.registry import RegistrySuite
from treering.testing.tracking import TrackingSuite
from treering.tracking.base import Tracking

_DATABASES = [
    "memory",
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(scope="module", params=_DATABASES)
def far(
    request: pytest.FixtureRequest, start_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """A client of a real server, once on each kind of database that a server can have."""
    folder = tmp_path_factory.mktemp("far")
    places = {"memory": "memory://", "sqlite": ""}
    database = places[request.param] if request.param in places else request.getfixturevalue(f"new_{request.param}")()
    server = start_server(folder / "home", database)
    services = connect(Settings(tracking_uri=server.url), folder)
    yield services
    services.close()


@pytest.fixture(scope="module")
def tracking(far: Services) -> Tracking:
    return far.tracking


@pytest.fixture(scope="module")
def registry(far: Services) -> ModelRegistry:
    return far.registry


class TestFarTracking(TrackingSuite):
    pass


class TestFarRegistry(RegistrySuite):
    pass


class TestProxiedArtifacts(ResumableSuite):
    @pytest.fixture
    def store(self, far: Services, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
        return far.open_artifacts(f"mlflow-artifacts:/suite/{tmp_path.name}-{abs(hash(request.node.nodeid))}")


def test_a_server_that_answers_passes_the_check(far: Services) -> None:
    far.check()
