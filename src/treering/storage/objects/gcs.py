"""Artifacts in Google Cloud Storage: `gs://bucket/path`.

Credentials come from where Google's library looks for them; where the variable
STORAGE_EMULATOR_HOST names an emulator, none are needed.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import Any

from google.api_core.exceptions import Forbidden, GoogleAPICallError, RetryError, Unauthorized
from google.api_core.exceptions import NotFound as Absent
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud import storage
from requests.exceptions import RequestException

from treering.core.errors import (
    DamagedData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.storage.objects.base import CHUNK_SIZE, Address
from treering.storage.objects.flat import PART_SIZE, FlatStore, Head, place_of
from treering.storage.objects.options import Options, told
from treering.storage.objects.retry import patience

__all__ = ["GoogleOptions", "GoogleStore"]

# These have no types of their own.
_ANONYMOUS: Any = import_module("google.auth.credentials").AnonymousCredentials
_RETRY: Any = import_module("google.cloud.storage.retry").DEFAULT_RETRY
_CRC32C: Any = import_module("google_crc32c").Checksum
_FAILED = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException)


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """What can be said about one bucket.

    Attributes:
        credentials_file: The JSON file of a service account.
        endpoint_url: Where the service is instead; without credentials nobody is asked who one is there.
        anonymous: Whether requests go without credentials.
    """

    project: str = ""
    credentials_file: str = ""
    endpoint_url: str = ""
    anonymous: bool = False


class GoogleStore(FlatStore):
    """What lies below one prefix of a bucket of Google's.

    Args:
        uri: `gs://<bucket>/<path>`.
        options: As `GoogleOptions`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        bucket, base = place_of(uri)
        self._gcs = _Bucket(bucket, told(GoogleOptions, options, uri))
        super().__init__(uri, base, self._gcs)

    def download_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.download_address`."""
        return Address(self._gcs.signed(self._full(key), seconds, "GET"))

    def upload_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.upload_address`."""
        return Address(self._gcs.signed(self._full(key), seconds, "PUT"))


class _Bucket:
    """As `treering.storage.objects.flat.Bucket`; the client is made on first use, and shared by threads."""

    def __init__(self, bucket: str, options: GoogleOptions) -> None:
        self._name, self._options = bucket, options
        self._made: Any = None
        self._making = Lock()

    def head(self, name: str) -> Head | None:
        if not name:
            return None
        try:
            found = self._bucket().get_blob(name, retry=self._retry())
        except Absent:
            return None
        except _FAILED as error:
            raise self._translated(error) from error
        return None if found is None else Head(int(found.size), str(found.generation or found.etag))

    def get(self, name: str, offset: int, length: int | None) -> Iterator[bytes] | None:
        return self._chunks(name, offset, length)

    def put(self, name: str, first: bytes, rest: Iterator[bytes]) -> None:
        blob = self._bucket().blob(name, chunk_size=PART_SIZE)
        second = next(rest, None)
        try:
            if second is None:
                blob.upload_from_string(
                    first, content_type="application/octet-stream", checksum="crc32c", retry=self._retry()
                )
                return
            # The object appears when its resumable upload ends; one that is given up leaves nothing.
            source = _Pieces([first, second], rest)
            blob.upload_from_file(source, content_type="application/octet-stream", checksum=None, retry=self._retry())
            stored, sent = blob.crc32c, source.checksum()
        except _FAILED as error:
            raise self._translated(error) from error
        if stored and stored != sent:
            self.remove([name])
            msg = f"gs://{self._name}/{name} was stored otherwise than it was sent, and removed. Send it again."
            raise DamagedData(msg)

    def entries(self, prefix: str, *, deep: bool, limit: int | None = None) -> Iterator[tuple[str, int | None]]:
        try:
            found = self._bucket().list_blobs(
                prefix=prefix, delimiter=None if deep else "/", max_results=limit, retry=self._retry()
            )
            for blob in found:
                yield blob.name, int(blob.size or 0)
            for folder in found.prefixes:
                yield folder, None
        except _FAILED as error:
            raise self._translated(error) from error

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                self._bucket().blob(name).delete(retry=self._retry())
            except Absent:
                continue
            except _FAILED as error:
                raise self._translated(error) from error

    def signed(self, name: str, seconds: int, method: str) -> str:
        try:
            return str(
                self._bucket()
                .blob(name)
                .generate_signed_url(version="v4", expiration=dt.timedelta(seconds=seconds), method=method)
            )
        except (AttributeError, TypeError, GoogleAuthError) as error:
            msg = f"The credentials for gs://{self._name} cannot sign addresses. Use a service account with a key."
            raise InvalidInput(msg) from error

    def _chunks(self, name: str, offset: int, length: int | None) -> Iterator[bytes]:
        # In ranges, because the library has no streaming read that is bounded in memory and translates its errors.
        end = None if length is None else offset + length
        while end is None or offset < end:
            last = offset + PART_SIZE if end is None else min(offset + PART_SIZE, end)
            try:
                piece = (
                    self._bucket()
                    .blob(name)
                    .download_as_bytes(start=offset, end=last - 1, checksum=None, retry=self._retry())
                )
            except _FAILED as error:
                raise self._translated(error) from error
            yield from (piece[start : start + CHUNK_SIZE] for start in range(0, len(piece), CHUNK_SIZE))
            if len(piece) < last - offset:
                return
            offset = last

    def _retry(self) -> Any:
        return _RETRY.with_timeout(max(1.0, patience(read_settings().http_retries)))

    def _bucket(self) -> Any:
        # Making one takes long; threads that need it at the same time wait for one of them.
        with self._making:
            if self._made is None:
                self._made = self._opened()
        return self._made

    def _opened(self) -> Any:
        options = self._options
        endpoint = options.endpoint_url or read_settings().gcs_endpoint_url
        more: dict[str, Any] = {"client_options": {"api_endpoint": endpoint}} if endpoint else {}
        if options.anonymous or (endpoint and not options.credentials_file):
            more |= {"credentials": _ANONYMOUS(), "project": options.project or "emulator"}
        elif options.project:
            more["project"] = options.project
        try:
            if options.credentials_file:
                client = storage.Client.from_service_account_json(options.credentials_file, **more)
            else:
                client = storage.Client(**more)
        except (DefaultCredentialsError, OSError, ValueError) as error:
            msg = f"No credentials for gs://{self._name} were found: {error}. Set GOOGLE_APPLICATION_CREDENTIALS."
            raise Unauthenticated(msg) from error
        return client.bucket(self._name)

    def _translated(self, error: Exception) -> TreeringError:
        place = f"gs://{self._name}"
        if isinstance(error, Absent):
            if "bucket" in str(error).lower() and "object" not in str(error).lower():
                return InvalidInput(f"There is no bucket {self._name!r}. Create it, or correct the artifact URI.")
            return NotFound(f"{place}: {error.message}. Nothing is there.")
        if isinstance(error, Unauthorized | GoogleAuthError):
            return Unauthenticated(f"{place} does not know these credentials: {error}. Check them.")
        if isinstance(error, Forbidden):
            return PermissionDenied(f"{place} refused: {error.message}. Give these credentials the right to do it.")
        if isinstance(error, GoogleAPICallError) and error.code and 400 <= error.code < 500:  # noqa: PLR2004
            return InvalidInput(f"{place} refused the request: {error.message}. Check the name of the file.")
        return Unavailable(f"{place} cannot be reached: {error}. Check the network.")


class _Pieces(io.RawIOBase):
    """Pieces as a file that can be read once, with the CRC-32C of what was read."""

    def __init__(self, first: Sequence[bytes], rest: Iterator[bytes]) -> None:
        self._first = iter(first)
        self._rest = rest
        self._held = bytearray()
        self._crc = _CRC32C()
        self._at = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            piece = next(self._first, None) or next(self._rest, None)
            if piece is None:
                break
            self._held += piece
        taken = bytes(self._held if size < 0 else self._held[:size])
        del self._held[: len(taken)]
        self._crc.update(taken)
        self._at += len(taken)
        return taken

    def checksum(self) -> str:
        """As Google writes it: base64."""
        return base64.b64encode(self._crc.digest()).decode()
