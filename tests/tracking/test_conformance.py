"""Tracking on each database keeps the promises of tracking."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treering.core.uri import scheme_of
from treering.storage.metadata import METADATA
from treering.testing.tracking import TrackingSuite
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking


class TestInMemory(TrackingSuite):
    @pytest.fixture
    def tracking(self) -> Tracking:
        return open_tracking(METADATA.load("memory")("memory://"), "memory://artifacts")


def opened(uri: str, artifacts: str) -> Iterator[Tracking]:
    store = METADATA.load(scheme_of(uri))(uri)
    yield open_tracking(store, artifacts)
    store.database.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    folder: Path = tmp_path_factory.mktemp("home")
    yield from opened(f"sqlite:///{folder / 'treering.db'}", (folder / "artifacts").as_uri())


class TestOnSqlite(TrackingSuite):
    @pytest.fixture
    def tracking(self, on_sqlite: Tracking) -> Tracking:
        return on_sqlite


@pytest.fixture(scope="module")
def on_postgresql(new_postgresql: Callable[[], str]) -> Iterator[Tracking]:
    yield from opened(new_postgresql(), "memory://artifacts")


@pytest.mark.postgresql
class TestOnPostgresql(TrackingSuite):
    @pytest.fixture
    def tracking(self, on_postgresql: Tracking) -> Tracking:
        return on_postgresql


@pytest.fixture(scope="module")
def on_mariadb(new_mariadb: Callable[[], str]) -> Iterator[Tracking]:
    yield from opened(new_mariadb(), "memory://artifacts")


@pytest.mark.mariadb
class TestOnMariadb(TrackingSuite):
    @pytest.fixture
    def tracking(self, on_mariadb: Tracking) -> Tracking:
        return on_mariadb


def test_no_suite_hides_a_test_of_another() -> None:
    names = Counter(name for suite in TrackingSuite.__bases__ for name in vars(suite) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []
