"""Tracking on each database keeps the promises of tracking."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.storage.metadata import METADATA
from treering.testing.tracking import TrackingSuite
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking


class TestInMemory(TrackingSuite):
    @pytest.fixture
    def tracking(self) -> Tracking:
        return open_tracking(METADATA.load("memory")("memory://"), "memory://artifacts")


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    folder: Path = tmp_path_factory.mktemp("home")
    store = METADATA.load("sqlite")(f"sqlite:///{folder / 'treering.db'}")
    yield open_tracking(store, (folder / "artifacts").as_uri())
    store.database.close()


class TestOnSqlite(TrackingSuite):
    @pytest.fixture
    def tracking(self, on_sqlite: Tracking) -> Tracking:
        return on_sqlite


def test_no_suite_hides_a_test_of_another() -> None:
    names = Counter(name for suite in TrackingSuite.__bases__ for name in vars(suite) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []
