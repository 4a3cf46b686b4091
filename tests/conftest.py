"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from databases import mariadb_server, postgresql_server


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its URI; mark the test `postgresql`."""
    with postgresql_server() as create:
        yield create


@pytest.fixture(scope="session")
def new_mariadb() -> Iterator[Callable[[], str]]:
    """Makes an empty MariaDB database and returns its URI; mark the test `mariadb`."""
    with mariadb_server() as create:
        yield create


_DATABASES = [
    "memory",
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=_DATABASES)
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database, once of each kind."""
    if request.param == "memory":
        return "memory://"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'treering.db'}"
    create: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return create()
