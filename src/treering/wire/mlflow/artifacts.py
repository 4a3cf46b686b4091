"""Artifacts in MLflow's API: of runs, through the server as a proxy, and for reading in a browser."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from treering.entities.artifact import FileInfo
from treering.wire.endpoint import Empty, Endpoint, Method, Permission, Stream
from treering.wire.mlflow.fields import Int64, Message, declare

__all__ = [
    "ABORT_MULTIPART",
    "COMPLETE_MULTIPART",
    "CREATE_MULTIPART",
    "LIST",
    "PRESIGN",
    "PRESIGN_DOWNLOAD",
    "PRESIGN_UPLOAD",
    "PROXY_DELETE",
    "PROXY_GET",
    "PROXY_LIST",
    "PROXY_PUT",
    "READ_OF_RUN",
    "READ_OF_VERSION",
    "UPLOAD_TO_RUN",
    "FileMessage",
    "FoundArtifacts",
    "ListArtifacts",
    "Multipart",
    "PresignRun",
    "ProxiedPath",
    "ProxyList",
    "ProxyListing",
    "file_messages",
]


class FileMessage(Message, frozen=True):
    """A file or folder."""

    path: str
    is_dir: bool
    file_size: int | UnsetType = UNSET


class ListArtifacts(Message, frozen=True):
    """What lies in a folder of a run's artifacts."""

    run_id: str = ""
    run_uuid: str = ""
    path: str = ""
    page_token: str = ""


class FoundArtifacts(Message, frozen=True):
    """A folder's entries, with paths relative to `root_uri`."""

    root_uri: str
    files: tuple[FileMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class ProxyList(Message, frozen=True):
    """What lies in a folder of the artifacts that the server keeps."""

    path: str = ""


class ProxyListing(Message, frozen=True):
    """A folder's entries, with paths relative to that folder."""

    files: tuple[FileMessage, ...] = ()


class ProxiedPath(Message, frozen=True):
    """A file or folder among the artifacts that the server keeps."""

    artifact_path: str


class Multipart(Message, frozen=True):
    """An upload in parts."""

    artifact_path: str
    path: str = ""
    upload_id: str = ""
    num_parts: Int64 = 0


class PresignRun(Message, frozen=True):
    """An address for sending or fetching one artifact past the server."""

    run_id: str = ""
    path: str = ""
    model_id: str = ""
    expiration: Int64 = 0


_OF_RUN = "2.0/mlflow/artifacts"
_PROXY = "2.0/mlflow-artifacts"
_ONE = "{artifact_path:path}"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS


def _at_root(name: str, method: Method, path: str, permission: Permission) -> Endpoint[Empty, Stream]:
    return Endpoint(f"mlflow.{name}", method, path, Empty, Stream, permission, "The bytes of an artifact")


LIST = declare("artifacts.list", "GET", f"{_OF_RUN}/list", ListArtifacts, FoundArtifacts, _READ)
PROXY_LIST = declare("proxy.list", "GET", f"{_PROXY}/artifacts", ProxyList, ProxyListing, _READ)
PROXY_GET = declare("proxy.get", "GET", f"{_PROXY}/artifacts/{_ONE}", ProxiedPath, Stream, _READ)
PROXY_PUT = declare("proxy.put", "PUT", f"{_PROXY}/artifacts/{_ONE}", Stream, Empty, _EDIT)
PROXY_DELETE = declare("proxy.delete", "DELETE", f"{_PROXY}/artifacts/{_ONE}", ProxiedPath, Empty, _EDIT)
READ_OF_RUN = _at_root("artifacts.read", "GET", "/get-artifact", _READ)
READ_OF_VERSION = _at_root("model_versions.read", "GET", "/model-versions/get-artifact", Permission.READ_MODELS)
UPLOAD_TO_RUN = declare("artifacts.upload", "POST", "2.0/mlflow/upload-artifact", Stream, Empty, _EDIT)

# Only for stores that hand out addresses of their own; the server answers that it does not.
CREATE_MULTIPART = declare("proxy.create_multipart", "POST", f"{_PROXY}/mpu/create/{_ONE}", Multipart, Empty, _EDIT)
COMPLETE_MULTIPART = declare(
    "proxy.complete_multipart", "POST", f"{_PROXY}/mpu/complete/{_ONE}", Multipart, Empty, _EDIT
)
ABORT_MULTIPART = declare("proxy.abort_multipart", "POST", f"{_PROXY}/mpu/abort/{_ONE}", Multipart, Empty, _EDIT)
PRESIGN = declare("proxy.presign", "GET", f"{_PROXY}/presigned/{_ONE}", ProxiedPath, Empty, _READ)
PRESIGN_UPLOAD = declare(
    "artifacts.presign_upload", "POST", f"{_OF_RUN}/presigned-upload-url", PresignRun, Empty, _EDIT
)
PRESIGN_DOWNLOAD = declare(
    "artifacts.presign_download", "POST", f"{_OF_RUN}/presigned-download-url", PresignRun, Empty, _READ
)


def file_messages(files: Sequence[FileInfo], below: str = "") -> tuple[FileMessage, ...]:
    """How a listing looks in MLflow's API.

    Args:
        below: The folder that paths shall be relative to.
    """
    cut = len(below) + 1 if below else 0
    return tuple(FileMessage(item.path[cut:], item.is_dir, UNSET if item.size is None else item.size) for item in files)
