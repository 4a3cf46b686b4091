"""Opens the MLflow that a URI names: to bring things from a database, a folder or a server, or to take them to one."""

from __future__ import annotations

from collections.abc import Callable

from treering.client.channel import Channel
from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.core.uri import join, local_path, scheme_of
from treering.exchange.bring import Wishes
from treering.exchange.mlflow.database import open_database
from treering.exchange.mlflow.folder import open_folder
from treering.exchange.mlflow.give import give_folder
from treering.exchange.mlflow.give_server import give_server
from treering.exchange.mlflow.server import MlflowServer
from treering.exchange.report import Report
from treering.exchange.source import Source
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore

__all__ = ["open_mlflow", "open_target"]

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


def open_target(uri: str, settings: Settings) -> Callable[[Source, Wishes, Report], None]:
    """What writes a source's things to `uri`; raises what `give_folder` or `give_server` raises.

    Raises:
        InvalidInput: If `uri` is neither a folder nor a server.
    """
    scheme = scheme_of(uri)
    if scheme == "file":
        root = local_path(uri)
        return lambda source, wishes, report: give_folder(source, root, wishes, report)
    if scheme in {"http", "https"}:
        channel = Channel(uri, settings)
        artifacts = _artifacts("")
        return lambda source, wishes, report: give_server(source, channel, artifacts, wishes, report)
    if scheme in _DATABASES:
        msg = (
            "MLflow's databases are made by MLflow alone. Export to a folder, and let MLflow move it to the database:"
            " mlflow migrate-filestore --source FOLDER --target URI"
        )
        raise InvalidInput(msg)
    msg = f"{uri!r} is no MLflow. Give a folder such as ./mlruns, or a server's URL."
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
