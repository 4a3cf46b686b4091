"""The registry on each database keeps the promises of the registry."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.registry.base import ModelRegistry
from treering.registry.service import open_registry
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.registry import RegistrySuite
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking


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


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracking, ModelRegistry]]:
    folder: Path = tmp_path_factory.mktemp("home")
    store = METADATA.load("sqlite")(f"sqlite:///{folder / 'treering.db'}")
    tracking = open_tracking(store, (folder / "artifacts").as_uri())
    yield tracking, open_registry(store, tracking)
    store.database.close()


class TestOnSqlite(RegistrySuite):
    @pytest.fixture
    def tracking(self, on_sqlite: tuple[Tracking, ModelRegistry]) -> Tracking:
        return on_sqlite[0]

    @pytest.fixture
    def registry(self, on_sqlite: tuple[Tracking, ModelRegistry]) -> ModelRegistry:
        return on_sqlite[1]


def test_no_suite_hides_a_test_of_another() -> None:
    names = Counter(name for suite in RegistrySuite.__bases__ for name in vars(suite) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []
