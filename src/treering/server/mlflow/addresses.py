"""Addresses at which clients send and fetch files past the server, from stores that can make them.

Who may ask for one may as well send or fetch the file through the server: an
address gives away nothing but that one file, for a while.
"""

from __future__ import annotations

from treering.core.errors import InvalidInput, NotSupported
from treering.server.mlflow.transfer import file_key
from treering.storage.objects.base import Address, Multipart, ObjectStore, Part, Presigning
from treering.wire.endpoint import Empty
from treering.wire.mlflow import artifacts as wire

__all__ = ["abort_parts", "address_of_file", "address_of_upload", "begin_parts", "complete_parts"]

_DOWNLOAD_SECONDS = 300
_UPLOAD_SECONDS = 900
_PARTS_SECONDS = 3600
_LONGEST = 7 * 24 * 3600
_MOST_PARTS = 10_000


def address_of_file(store: ObjectStore, path: str, seconds: int | None = None) -> tuple[Address, int | None]:
    """Where to fetch a file, and its size in bytes.

    Raises:
        InvalidInput: If `seconds` is not between 1 and 604,800, or `path` is a folder.
        NotFound: If there is no such file.
        NotSupported: If the store gives out no addresses.
    """
    giving, key = _presigning(store), file_key(path)
    seconds = _checked(_DOWNLOAD_SECONDS if seconds is None else seconds)
    found = store.stat(key)
    if found.is_dir:
        msg = f"{path!r} is a folder. Ask for the address of one file."
        raise InvalidInput(msg)
    return giving.download_address(key, seconds), found.size


def address_of_upload(store: ObjectStore, path: str, seconds: int | None = None) -> Address:
    """Where to put a file. Raises as `address_of_file`, except NotFound."""
    giving, key = _presigning(store), file_key(path)
    return giving.upload_address(key, _checked(_UPLOAD_SECONDS if seconds is None else seconds))


def begin_parts(store: ObjectStore, asked: wire.CreateMultipart) -> wire.BegunMultipart:
    """Begin an upload in parts. Raises NotSupported for a store without them, which clients take as a refusal."""
    taking, key = _multipart(store), _key_of(asked.artifact_path, asked.path)
    if not 1 <= asked.num_parts <= _MOST_PARTS:
        msg = f"Invalid value {asked.num_parts} for parameter 'num_parts': a file has 1 to {_MOST_PARTS} parts."
        raise InvalidInput(msg)
    upload, addresses = taking.begin(key, asked.num_parts, _PARTS_SECONDS)
    return wire.BegunMultipart(
        upload,
        tuple(wire.PartAddress(item.url, number, dict(item.headers)) for number, item in enumerate(addresses, 1)),
    )


def complete_parts(store: ObjectStore, asked: wire.CompleteMultipart) -> Empty:
    """Put a file together. Raises NotFound if no such upload was begun."""
    parts = [Part(item.part_number, item.etag or "", item.url or "") for item in asked.parts]
    _multipart(store).complete(_key_of(asked.artifact_path, asked.path), asked.upload_id, parts)
    return Empty()


def abort_parts(store: ObjectStore, asked: wire.AbortMultipart) -> Empty:
    """Forget an upload and the parts that have come. Raises NotFound if no such upload was begun."""
    _multipart(store).abort(_key_of(asked.artifact_path, asked.path), asked.upload_id)
    return Empty()


def _key_of(folder: str, path: str) -> str:
    # Clients send the whole local path; only its last part names the file.
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name:
        msg = f"Invalid value {path!r} for parameter 'path': it must name the file that is sent."
        raise InvalidInput(msg)
    return file_key(f"{folder}/{name}")


def _presigning(store: ObjectStore) -> Presigning:
    if not isinstance(store, Presigning):
        msg = (
            "Presigned URLs are not supported for the current artifact repository, which gives out no addresses of its own."
            " Send and fetch files through the server."
        )
        raise NotSupported(msg)
    return store


def _multipart(store: ObjectStore) -> Multipart:
    if not isinstance(store, Multipart):
        # MLflow's client knows by these first words that it shall send the file in one request.
        msg = "Multipart upload is not supported for the current artifact repository. Send the file in one request."
        raise NotSupported(msg)
    return store


def _checked(seconds: int) -> int:
    if not 1 <= seconds <= _LONGEST:
        msg = f"Invalid value {seconds} for parameter 'expiration': it must be between 1 and {_LONGEST} seconds."
        raise InvalidInput(msg)
    return seconds
