"""The registry on each database keeps the promises of the registry."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from treering.core.uri import scheme_of
from treering.registry.base import ModelRegistry
from treering.registry.service import open_registry
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.registry import RegistrySuite
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking

Opened = tuple[Tracking, ModelRegistry]


class TestInMemory(RegistrySuite):
    @pytest.fixture
    def store(self) -> MetadataStore:
        return METADATA.load("memory")("memory://")

    @pytest.fixture
    def tracking(self, store: MetadataStore) -> Tracking:
        return open_tracking(store, "memory://artifacts")

    @pytest.fixture
    def registry(self, store: MetadataStore, tracking: Tracking) -> ModelRegistry:
        return open_registry(store, tracking)


def opened(uri: str) -> Iterator[Opened]:
    store = METADATA.load(scheme_of(uri))(uri)
    tracking = open_tracking(store, "memory://artifacts")
    yield tracking, open_registry(store, tracking)
    store.database.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    yield from opened(f"sqlite:///{tmp_path_factory.mktemp('home') / 'treering.db'}")


class TestOnSqlite(RegistrySuite):
    @pytest.fixture
    def tracking(self, on_sqlite: Opened) -> Tracking:
        return on_sqlite[0]

    @pytest.fixture
    def registry(self, on_sqlite: Opened) -> ModelRegistry:
        return on_sqlite[1]


@pytest.fixture(scope="module")
def on_postgresql(new_postgresql: Callable[[], str]) -> Iterator[Opened]:
    yield from opened(new_postgresql())


@pytest.mark.postgresql
class TestOnPostgresql(RegistrySuite):
    @pytest.fixture
    def tracking(self, on_postgresql: Opened) -> Tracking:
        return on_postgresql[0]

    @pytest.fixture
    def registry(self, on_postgresql: Opened) -> ModelRegistry:
        return on_postgresql[1]


@pytest.fixture(scope="module")
def on_mariadb(new_mariadb: Callable[[], str]) -> Iterator[Opened]:
    yield from opened(new_mariadb())


@pytest.mark.mariadb
class TestOnMariadb(RegistrySuite):
    @pytest.fixture
    def tracking(self, on_mariadb: Opened) -> Tracking:
        return on_mariadb[0]

    @pytest.fixture
    def registry(self, on_mariadb: Opened) -> ModelRegistry:
        return on_mariadb[1]


def test_no_suite_hides_a_test_of_another() -> None:
    names = Counter(name for suite in RegistrySuite.__bases__ for name in vars(suite) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []
