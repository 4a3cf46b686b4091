"""Puts the service of deployments together."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from treering.core.variables import process_variables
from treering.deployments.base import Book, Deployments, Surroundings
from treering.deployments.book import StoredBook
from treering.deployments.keeping import KeptDeployments, Means
from treering.storage.metadata.base import DeploymentStore

__all__ = ["far_deployments", "near_deployments"]

_FOLDER = "deployments"


def near_deployments(store: DeploymentStore, home: Path, who: Callable[[], str]) -> Deployments:
    """Deployments that are recorded in a database and kept in a home."""
    surroundings = Surroundings(home / _FOLDER, process_variables())
    return KeptDeployments(StoredBook(store, who), Means(surroundings, _keeper(home)))


def far_deployments(book: Book, there: Deployments, home: Path, url: str) -> Deployments:
    """Deployments that are recorded at a server; this machine keeps those that were made from it."""
    surroundings = Surroundings(home / _FOLDER, process_variables())
    return KeptDeployments(book, Means(surroundings, f"{_keeper(home)} with {url}", there))


def _keeper(home: Path) -> str:
    return f"{socket.gethostname()}:{home.absolute()}"
