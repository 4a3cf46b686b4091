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
    "AbortMultipart",
    "BegunMultipart",
    "CompleteMultipart",
    "CreateMultipart",
    "FileAddress",
    "FileMessage",
    "FoundArtifacts",
    "ListArtifacts",
    "PartAddress",
    "PresignDownload",
    "PresignUpload",
    "Presigned",
    "ProxiedPath",
    "ProxyList",
    "ProxyListing",
    "SentPart",
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


class CreateMultipart(Message, frozen=True):
    """A file that shall come in parts.

    Attributes:
        artifact_path: Its folder.
        path: Its name; of a longer path, the last part counts.
    """

    artifact_path: str
    path: str
    num_parts: Int64 = 1


class PartAddress(Message, frozen=True):
    """Where to PUT one part, and with which headers."""

    url: str
    part_number: int
    headers: dict[str, str]


class BegunMultipart(Message, frozen=True):
    """An upload that was begun."""

    upload_id: str
    credentials: tuple[PartAddress, ...]


class SentPart(Message, frozen=True):
    """A part that was put to its address, with what the store called it."""

    part_number: Int64
    etag: str | None = None
    url: str | None = None


class CompleteMultipart(Message, frozen=True):
    """All parts have been sent."""

    artifact_path: str
    path: str
    upload_id: str
    parts: tuple[SentPart, ...] = ()


class AbortMultipart(Message, frozen=True):
    """The parts are not wanted any more."""

    artifact_path: str
    path: str
    upload_id: str


class FileAddress(Message, frozen=True, omit_defaults=False):
    """Where to GET a file that the server keeps, and its size in bytes."""

    url: str
    headers: dict[str, str]
    file_size: int | UnsetType = UNSET


class PresignUpload(Message, frozen=True):
    """An address for sending one file of a run, or of a logged model, past the server."""

    path: str
    run_id: str = ""
    model_id: str = ""
    expiration: Int64 | None = None


class PresignDownload(Message, frozen=True):
    """An address for fetching one file of a run past the server, valid for `expiration` seconds."""

    run_id: str
    path: str
    expiration: Int64 | None = None


class Presigned(Message, frozen=True, omit_defaults=False):
    """Where to PUT or GET a file, and with which headers."""

    presigned_url: str
    headers: dict[str, str]
    file_size: int | UnsetType = UNSET


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

# Only for stores that hand out addresses of their own; for others the server answers that it does not.
CREATE_MULTIPART = declare(
    "proxy.create_multipart", "POST", f"{_PROXY}/mpu/create/{_ONE}", CreateMultipart, BegunMultipart, _EDIT
)
COMPLETE_MULTIPART = declare(
    "proxy.complete_multipart", "POST", f"{_PROXY}/mpu/complete/{_ONE}", CompleteMultipart, Empty, _EDIT
)
ABORT_MULTIPART = declare("proxy.abort_multipart", "POST", f"{_PROXY}/mpu/abort/{_ONE}", AbortMultipart, Empty, _EDIT)
PRESIGN = declare("proxy.presign", "GET", f"{_PROXY}/presigned/{_ONE}", ProxiedPath, FileAddress, _READ)
PRESIGN_UPLOAD = declare(
    "artifacts.presign_upload", "POST", f"{_OF_RUN}/presigned-upload-url", PresignUpload, Presigned, _EDIT
)
PRESIGN_DOWNLOAD = declare(
    "artifacts.presign_download", "POST", f"{_OF_RUN}/presigned-download-url", PresignDownload, Presigned, _READ
)


def file_messages(files: Sequence[FileInfo], below: str = "") -> tuple[FileMessage, ...]:
    """How a listing looks in MLflow's API.

    Args:
        below: The folder that paths shall be relative to.
    """
    cut = len(below) + 1 if below else 0
    return tuple(FileMessage(item.path[cut:], item.is_dir, UNSET if item.size is None else item.size) for item in files)
