"""Artifacts in Azure Blob Storage: `wasbs://container@account.blob.core.windows.net/path`, and `abfss://` likewise.

`azure://container/path` names the container alone; then the account comes from the options or a connection string.

The account's key, a connection string or an access signature come from the
settings that Azure's own tools use; without one, `azure-identity` is asked where it is installed.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobSasPermissions, BlobServiceClient, generate_blob_sas
from requests.exceptions import RequestException

from treering.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.storage.objects.base import Address, Begun, Part
from treering.storage.objects.flat import FlatStore, Head
from treering.storage.objects.options import Options, told
from treering.storage.objects.retry import patient_chunks

__all__ = ["AzureOptions", "AzureStore"]

_FORBIDDEN = 403
# The library lets its HTTP client's own errors through where it checks what has come.
_FAILED = (AzureError, RequestException)
_READ_SIZE = 4 << 20
_BLOCK = re.compile(r"([0-9a-f]{32})([0-9]{10})")
_HOST = re.compile(r"(?P<account>[^.]+)\.(?:blob|dfs)\.(?P<rest>.+)")


@dataclass(frozen=True, slots=True)
class AzureOptions:
    """What can be said about one container.

    Attributes:
        account: Name of the storage account.
        sas_token: A shared access signature.
        tenant_id: With `client_id` and `client_secret`: a service principal, which needs `azure-identity`.
        anonymous: Whether requests go without credentials.
    """

    connection_string: str = ""
    account: str = ""
    account_key: str = ""
    sas_token: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    anonymous: bool = False
    connect_timeout: float = 0.0
    read_timeout: float = 0.0


class AzureStore(FlatStore):
    """What lies below one prefix of a container.

    Args:
        uri: `wasbs://<container>@<account>.blob.core.windows.net/<path>`, or `abfss://` with `.dfs.`, or
            `azure://<container>/<path>`.
        options: As `AzureOptions`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        parts, said = urlsplit(uri), told(AzureOptions, options, uri)
        container, _, host = parts.netloc.partition("@")
        found = _HOST.fullmatch(host)
        if parts.scheme == "azure" and container and not host:
            self._azure = _Container(container, "", said)
        elif container and found:
            self._azure = _Container(container, f"https://{found['account']}.blob.{found['rest']}", said)
        else:
            msg = f"{uri!r} names no container. Write wasbs://<container>@<account>.blob.core.windows.net/<path>."
            raise InvalidInput(msg)
        super().__init__(uri, unquote(parts.path).strip("/"), self._azure)

    def download_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.download_address`."""
        return Address(self._azure.signed(self._full(key), seconds, BlobSasPermissions(read=True)))

    def upload_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.upload_address`."""
        url = self._azure.signed(self._full(key), seconds, BlobSasPermissions(write=True, create=True))
        return Address(url, {"x-ms-blob-type": "BlockBlob"})

    def begin(self, key: str, parts: int, seconds: int) -> tuple[str, Sequence[Address]]:
        """As `Multipart.begin`: the parts are blocks, whose ids stand in their addresses."""
        upload = uuid.uuid4().hex
        url = self._azure.signed(self._full(key), seconds, BlobSasPermissions(write=True, create=True))
        blocks = [_block_id(upload, number) for number in range(1, parts + 1)]
        return upload, [Address(f"{url}&comp=block&blockid={_in_address(block)}") for block in blocks]

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """As `Multipart.complete`."""
        self._azure.commit(self._full(key), [_block_id(upload, part.number) for part in parts])

    def abort(self, key: str, upload: str) -> None:
        """As `Multipart.abort`: the service forgets blocks that are not committed within a week by itself."""
        del key, upload

    def resume(self, key: str, identity: str, piece: int, *, fresh: bool = False) -> Begun:
        """As `Resumable.resume`: the blocks are named after their contents, so that they are found again."""
        del identity, piece
        name = self._full(key)
        if name == self._full(""):
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        self._refuse_both(key, name)
        return Begun("blocks", {} if fresh else self._azure.staged(name))

    def put_piece(self, key: str, upload: str, number: int, chunks: Iterable[bytes]) -> str:
        """As `Resumable.put_piece`."""
        del upload
        data = b"".join(chunks)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._azure.stage(self._full(key), _block_id(digest, number), data)
        return f"md5:{digest}"

    def settle(self, key: str, upload: str, size: int, tags: Sequence[str]) -> None:
        """As `Resumable.settle`."""
        del upload, size
        blocks = [_block_id(tag.removeprefix("md5:"), number) for number, tag in enumerate(tags)]
        self._azure.commit(self._full(key), blocks)


class _Container:
    """As `treering.storage.objects.flat.Bucket`; the client is made on first use, and shared by threads."""

    def __init__(self, container: str, url: str, options: AzureOptions) -> None:
        self._name, self._url, self._options = container, url, options
        self._made: Any = None
        self._making = Lock()

    def head(self, name: str) -> Head | None:
        if not name:
            return None
        try:
            found = self._client().get_blob_client(name).get_blob_properties()
        except ResourceNotFoundError as error:
            self._refuse_missing_container(error)
            return None
        except _FAILED as error:
            raise self._translated(error) from error
        return Head(int(found.size), str(found.etag))

    def get(self, name: str, offset: int, length: int | None) -> Iterator[bytes] | None:
        tags: set[str] = set()

        def fetch(at: int) -> Iterator[bytes]:
            left = None if length is None else length - (at - offset)
            if left == 0:
                return iter(())
            try:
                found = self._client().download_blob(name, at, left, validate_content=True)
            except _FAILED as error:
                raise self._translated(error) from error
            tags.add(str(found.properties.etag))
            if len(tags) > 1:
                msg = f"{name!r} in container {self._name!r} was written again while it was read. Read it again."
                raise Conflict(msg)
            return self._chunks(found)

        return patient_chunks(fetch, offset, read_settings().http_retries + 1)

    def put(self, name: str, first: bytes, rest: Iterator[bytes]) -> None:
        second = next(rest, None)
        try:
            blob = self._client().get_blob_client(name)
            if second is None:
                blob.upload_blob(first, overwrite=True, validate_content=True, length=len(first))
                return
            # Blocks are nothing until they are committed, and one that arrived damaged is refused.
            upload = uuid.uuid4().hex
            blocks: list[str] = []
            piece: bytes | None = first
            while piece is not None:
                blocks.append(_block_id(upload, len(blocks) + 1))
                blob.stage_block(blocks[-1], piece, length=len(piece), validate_content=True)
                piece, second = second, next(rest, None) if second is not None else None
            self.commit(name, blocks)
        except _FAILED as error:
            raise self._translated(error) from error

    def staged(self, name: str) -> dict[int, str]:
        """The tags of blocks that have come and are not part of anything yet."""
        try:
            _, blocks = self._client().get_blob_client(name).get_block_list("uncommitted")
        except ResourceNotFoundError as error:
            self._refuse_missing_container(error)
            return {}
        except _FAILED as error:
            raise self._translated(error) from error
        return {int(found[2]): f"md5:{found[1]}" for block in blocks if (found := _BLOCK.fullmatch(block.id))}

    def stage(self, name: str, block: str, data: bytes) -> None:
        try:
            client = self._client().get_blob_client(name)
            client.stage_block(block, data, length=len(data), validate_content=True)
        except _FAILED as error:
            raise self._translated(error) from error

    def entries(self, prefix: str, *, deep: bool, limit: int | None = None) -> Iterator[tuple[str, int | None]]:
        try:
            client = self._client()
            begin = prefix or None
            more = {"results_per_page": limit} if limit else {}
            found = client.list_blobs(begin, **more) if deep else client.walk_blobs(begin, delimiter="/", **more)
            for item in found:
                is_folder = not hasattr(item, "size") or type(item).__name__ == "BlobPrefix"
                yield item.name, None if is_folder else int(item.size)
        except _FAILED as error:
            raise self._translated(error) from error

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                self._client().delete_blob(name)
            except ResourceNotFoundError:
                continue
            except _FAILED as error:
                raise self._translated(error) from error

    def commit(self, name: str, blocks: Sequence[str]) -> None:
        try:
            self._client().get_blob_client(name).commit_block_list([BlobBlock(block) for block in blocks])
        except _FAILED as error:
            raise self._translated(error) from error

    def signed(self, name: str, seconds: int, permission: Any) -> str:
        client = self._client()
        key = getattr(client.credential, "account_key", None)
        if key is None:
            msg = f"Addresses in {self._name} need the account's key. Set AZURE_STORAGE_ACCESS_KEY on the server."
            raise InvalidInput(msg)
        until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        token = generate_blob_sas(
            client.account_name, self._name, name, account_key=key, permission=permission, expiry=until
        )
        return f"{client.get_blob_client(name).url}?{token}"

    def _chunks(self, found: Any) -> Iterator[bytes]:
        try:
            yield from found.chunks()
        except _FAILED as error:
            raise self._translated(error) from error

    def _client(self) -> Any:
        # Making one takes long; threads that need it at the same time wait for one of them.
        with self._making:
            if self._made is None:
                self._made = self._opened()
        return self._made

    def _opened(self) -> Any:
        settings = read_settings()
        # The service tells the checksum of at most 4 MiB at a time.
        sizes: dict[str, Any] = {"max_single_get_size": _READ_SIZE, "max_chunk_get_size": _READ_SIZE}
        # Its own first pause would be 15 seconds.
        sizes |= {
            "retry_total": settings.http_retries,
            "initial_backoff": 0,
            "increment_base": 2,
            "random_jitter_range": 1,
        }
        options = self._options
        more = {"connection_timeout": options.connect_timeout, "read_timeout": options.read_timeout}
        sizes |= {name: value for name, value in more.items() if value}
        named = options.account or options.account_key or options.sas_token or options.anonymous
        string = options.connection_string or ("" if named else settings.azure_connection_string)
        if string:
            service = BlobServiceClient.from_connection_string(string, **sizes)
        else:
            service = BlobServiceClient(self._address(), self._credential(), **sizes)
        return service.get_container_client(self._name)

    def _address(self) -> str:
        if not self._url and not self._options.account:
            msg = f"Nothing tells the storage account of container {self._name!r}. Set its name or a connection string."
            raise InvalidInput(msg)
        return self._url or f"https://{self._options.account}.blob.core.windows.net"

    def _credential(self) -> Any:
        options = self._options
        if options.anonymous:
            return None
        if options.account_key or options.sas_token:
            return options.account_key or options.sas_token
        if options.client_secret:
            return _identity(self._name, options)
        return read_settings().azure_access_key or _identity(self._name, options)

    def _refuse_missing_container(self, error: ResourceNotFoundError) -> None:
        if str(getattr(error, "error_code", "")) == "ContainerNotFound":
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> TreeringError:
        code = str(getattr(error, "error_code", "") or "")
        said = str(getattr(error, "message", error)).partition("\n")[0]
        if code == "ContainerNotFound":
            return InvalidInput(f"There is no container {self._name!r}. Create it, or correct the artifact URI.")
        # A block that is missing was thrown away when somebody else ended an upload of that name.
        if isinstance(error, ResourceNotFoundError) or code == "InvalidBlockList":
            return NotFound(f"Container {self._name!r}: {said}. Nothing is there.")
        if isinstance(error, ClientAuthenticationError):
            return Unauthenticated(
                f"The storage account does not accept these credentials for {self._name!r}: {said}."
                " Check AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCESS_KEY."
            )
        if isinstance(error, HttpResponseError) and error.status_code:
            if error.status_code == _FORBIDDEN:
                return PermissionDenied(f"Container {self._name!r}: {said}. Give these credentials the right to do it.")
            if error.status_code < 500:  # noqa: PLR2004
                return InvalidInput(f"Container {self._name!r} refused the request: {said}.")
        return Unavailable(f"Container {self._name!r} cannot be reached: {said}. Check the network.")


def _block_id(upload: str, number: int) -> str:
    # All ids of a blob must have one length; 42 letters and digits give base64 without padding.
    return f"{upload}{number:010}"


def _in_address(block: str) -> str:
    """A block's id as addresses hold it; the library encodes it by itself."""
    return base64.b64encode(block.encode()).decode()


def _identity(container: str, options: AzureOptions) -> Any:
    try:
        identity = import_module("azure.identity")
    except ImportError as error:
        msg = (
            f"No credentials for container {container!r} were found. Set AZURE_STORAGE_CONNECTION_STRING or"
            " AZURE_STORAGE_ACCESS_KEY, or install azure-identity to use what this machine is signed in with."
        )
        raise Unauthenticated(msg) from error
    if options.client_secret:
        return identity.ClientSecretCredential(options.tenant_id, options.client_id, options.client_secret)
    return identity.DefaultAzureCredential()
