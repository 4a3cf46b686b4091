"""Opens the MLflow that a URI names: a database, a folder or a server."""

from __future__ import annotations

from collections.abc import Callable

from treering.client.channel import Channel
from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.core.uri import join, local_path, scheme_of
from treering.exchange.mlflow.database import open_database
from treering.exchange.mlflow.folder import open_folder
from treering.exchange.mlflow.server import MlflowServer
from treering.exchange.source import Source
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore

__all__ = ["open_mlflow"]

_PROXIED = "mlflow-artifacts"
_DATABASES = {"sqlite", "postgresql", "postgres", "mysql", "mariadb"}


def open_mlflow(uri: str, settings: Settings, artifacts_from: str = "") -> Source:
    """The source at `uri`.

    Args:
        artifacts_from: Where a server keeps what goes through it (MLflow's `--artifacts-destination`), for
            databases and folders that name artifacts by `mlflow-artifacts:`.

    Raises:
        InvalidInput: If `uri` is no MLflow.
        Unavailable: If a database cannot be reached; a server is not asked yet.
    """
    scheme = scheme_of(uri)
    artifacts = _artifacts(artifacts_from)
    if scheme in {"http", "https"}:
        return MlflowServer(Channel(uri, settings), artifacts)
    if scheme in _DATABASES:
        return open_database(uri, artifacts)
    if scheme == "file":
        return open_folder(local_path(uri), artifacts)
    msg = f"{uri!r} is no MLflow. Give a database such as sqlite:///mlflow.db, a folder mlruns, or a server's URL."
    raise InvalidInput(msg)


def _artifacts(place: str) -> Callable[[str], ObjectStore]:
    def open_artifacts(uri: str) -> ObjectStore:
        if scheme_of(uri) == _PROXIED:
            if not place:
                msg = f"{uri} lies behind a server. Name where that keeps its files with --artifacts-from, or import from the server's URL."
                raise InvalidInput(msg)
            uri = join(place, uri.partition(":")[2].lstrip("/"))
        return STORES.load(scheme_of(uri))(uri)

    return open_artifacts
