"""A folder as MLflow writes it, and services to bring it to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.assembly import Services, open_services
from treering.core.settings import Settings


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    """A copy of the folder in `tests/exchange/data`, which no longer lies where its files say."""
    return Path(shutil.copytree(Path(__file__).parent / "data" / "mlruns", tmp_path / "mlruns"))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(), tmp_path / "home")
    yield opened
    opened.close()
