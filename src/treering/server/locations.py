"""Which places a client may make the server look at.

Somebody who can create an experiment names the place of its artifacts, and the
server would open it: an address of another machine would make the server a relay
into its own network, and a path outside its roots would give away its disk. Both
are refused; object stores with credentials of the server's own stay free.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from treering.assembly import Services
from treering.core.errors import InvalidInput, PermissionDenied
from treering.core.settings import Settings, find_home
from treering.core.uri import local_path, scheme_of
from treering.storage.objects.base import ObjectStore

__all__ = ["PROXY_SCHEME", "check_location", "is_below", "open_location"]

PROXY_SCHEME = "mlflow-artifacts"

# The machine that is asked stands in the URI itself.
_HOST_ADDRESSED = frozenset(
    {"abfs", "abfss", "b2", "dbfs", "ftp", "hdfs", "http", "https", "r2", "sftp", "viewfs", "wasb", "wasbs", "webhdfs"}
)


def check_location(settings: Settings, uri: str, parameter: str) -> None:
    """Refuse a place that would make the server talk to a machine of the client's choice.

    Raises:
        InvalidInput: If `uri` names a machine and is not below a root that the server was started with.
    """
    scheme = scheme_of(uri)
    names_machine = scheme in _HOST_ADDRESSED or (scheme == PROXY_SCHEME and urlsplit(uri).netloc)
    if names_machine and not any(is_below(uri, root) for root in _configured(settings)):
        msg = (
            f"Invalid value {uri!r} for parameter '{parameter}' supplied: the server does not open {scheme}: addresses"
            " that clients name. Use a place below the server's artifact root, or start the server with it as root."
        )
        raise InvalidInput(msg)


def open_location(services: Services, uri: str) -> ObjectStore:
    """The store below `uri`, for reading and writing on behalf of a client.

    Raises:
        InvalidInput: As `check_location`.
        PermissionDenied: If `uri` is a path on the server's disk outside its own roots.
    """
    check_location(services.settings, uri, "artifact_uri")
    if scheme_of(uri) == "file" and not _is_own(services.settings, uri):
        msg = (
            f"The server does not read {uri!r}, which lies outside its artifact root."
            " Read it on the machine itself, or start the server with that place as its artifact root."
        )
        raise PermissionDenied(msg)
    return services.open_artifacts(uri)


def is_below(uri: str, root: str) -> bool:
    """Whether `uri` is `root` or lies inside it; one that climbs does not."""
    if scheme_of(uri) == scheme_of(root) == "file":
        return local_path(uri).resolve().is_relative_to(local_path(root).resolve())
    if ".." in unquote(uri).replace("\\", "/").split("/"):
        return False
    stem = root.rstrip("/")
    return uri in {root, stem} or uri.startswith(stem + "/")


def _configured(settings: Settings) -> list[str]:
    return [root for root in (settings.default_artifact_root, settings.artifacts_destination) if root]


def _is_own(settings: Settings, uri: str) -> bool:
    roots = [*_configured(settings), str(find_home(settings, Path.cwd()))]
    if settings.backend_store_uri:
        roots.append(settings.backend_store_uri)
    return any(scheme_of(root) == "file" and is_below(uri, root) for root in roots)
