"""Artifacts in Amazon S3 and in what speaks its protocol, such as MinIO: `s3://bucket/path`.

Credentials, regions and the endpoint come from the options, the settings, and from where boto3 looks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from treering.core.errors import (
    Conflict,
    DamagedData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StorageFull,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, Address, Begun, Part
from treering.storage.objects.flat import FlatStore, Head, place_of, rechunked
from treering.storage.objects.options import Options, told
from treering.storage.objects.retry import patient_chunks
from treering.storage.objects.s3_access import S3Options, customer_key, make_client, upload_arguments

__all__ = ["S3Store"]


class _PastEnd(InvalidInput):
    """No byte of the range that was asked for exists."""


_AT_A_TIME = 4
# An upload that was begun with checksums is ended with them.
_CHECKSUMS = ("ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256")
_MOST_REMOVED = 1000
_KINDS: tuple[tuple[set[str], type[TreeringError], str], ...] = (
    ({"404", "NoSuchKey", "NoSuchUpload", "NotFound"}, NotFound, "Nothing is there."),
    ({"NoSuchVersion"}, NotFound, "This version was removed."),
    ({"403", "AccessDenied", "AllAccessDisabled"}, PermissionDenied, "Give these credentials the right to do it."),
    (
        {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"},
        Unauthenticated,
        "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    ({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"}, DamagedData, "Send the bytes again."),
    ({"EntityTooLarge", "QuotaExceeded", "XMinioStorageFull"}, StorageFull, "Free some space, or raise the quota."),
    ({"412", "PreconditionFailed"}, Conflict, "The file was written again while it was read; read it again."),
    # Somebody else has sent the same file at the same time.
    ({"InvalidPart", "InvalidPartOrder"}, Unavailable, "Send the file again."),
    (
        {"500", "502", "503", "InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"},
        Unavailable,
        "Try again.",
    ),
    ({"416", "InvalidRange"}, _PastEnd, "Ask for bytes that the file has."),
    ({"InvalidArgument", "KeyTooLongError"}, InvalidInput, "Shorten the name of the file."),
)


class S3Store(FlatStore):
    """What lies below one prefix of an S3 bucket.

    Args:
        uri: `s3://<bucket>/<path>`.
        options: As `S3Options`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        bucket, base = place_of(uri)
        self._s3 = _Bucket(bucket, told(S3Options, options, uri))
        super().__init__(uri, base, self._s3)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`, in one request: S3 itself cuts a range off at the end of the file."""
        name = self._full(key)
        if name == self._full("") or length == 0:
            return super().read(key, offset, length)
        try:
            found = self._s3.get(name, offset, length)
        except _PastEnd:
            return super().read(key, offset, length)
        if found is None:
            raise self._missing(key)
        return rechunked(found)

    def dated(self, prefix: str = "") -> Iterator[tuple[FileInfo, float]]:
        """As `Dated.dated`."""
        folder = self._full(prefix)
        cut = len(self._full("")) + 1 if self._full("") else 0
        for name, size, changed in self._s3.dated(f"{folder}/" if folder else ""):
            if not name.endswith("/"):
                yield FileInfo(name[cut:], False, size), changed

    def read_version(self, key: str, version: str) -> Iterator[bytes]:
        """As `Historic.read_version`."""
        found = self._s3.get(self._named(key), 0, None, version)
        if found is None:
            raise self._missing(key)
        return rechunked(found)

    def download_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.download_address`."""
        return Address(self._s3.presigned("get_object", seconds, Key=self._full(key)))

    def upload_address(self, key: str, seconds: int) -> Address:
        """As `Presigning.upload_address`."""
        return Address(self._s3.presigned("put_object", seconds, Key=self._full(key)))

    def begin(self, key: str, parts: int, seconds: int) -> tuple[str, Sequence[Address]]:
        """As `Multipart.begin`."""
        name = self._full(key)
        upload = self._s3.begin(name)
        return upload, [
            Address(self._s3.presigned("upload_part", seconds, Key=name, UploadId=upload, PartNumber=number))
            for number in range(1, parts + 1)
        ]

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """As `Multipart.complete`."""
        self._s3.complete(self._full(key), upload, [{"PartNumber": part.number, "ETag": part.etag} for part in parts])

    def abort(self, key: str, upload: str) -> None:
        """As `Multipart.abort`."""
        self._s3.abort(self._full(key), upload)

    def resume(self, key: str, identity: str, piece: int, *, fresh: bool = False) -> Begun:
        """As `Resumable.resume`: the newest upload to that name that nobody ended."""
        del identity, piece
        name = self._full(key)
        if name == self._full(""):
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        self._refuse_both(key, name)
        found = None if fresh else self._s3.unfinished(name)
        return Begun(self._s3.begin(name, checked=True)) if found is None else found

    def put_piece(self, key: str, upload: str, number: int, chunks: Iterable[bytes]) -> str:
        """As `Resumable.put_piece`."""
        return _tag(self._s3.put_part(self._full(key), upload, number + 1, b"".join(chunks)))

    def settle(self, key: str, upload: str, size: int, tags: Sequence[str]) -> None:
        """As `Resumable.settle`; S3 itself compares the pieces with their tags."""
        del size
        parts = [{"PartNumber": number, **_parts_of(tag)} for number, tag in enumerate(tags, 1)]
        try:
            self._s3.complete(self._full(key), upload, parts)
        except Unavailable:
            raise
        except TreeringError:
            # It would be found again, and be of no more use then.
            with suppress(TreeringError):
                self._s3.abort(self._full(key), upload)
            raise


class _Bucket:
    """As `treering.storage.objects.flat.Bucket`; the client is made on first use, and shared by threads."""

    def __init__(self, bucket: str, options: S3Options) -> None:
        self._bucket, self._options = bucket, options
        self._made: Any = None
        self._making = Lock()
        self._extra: dict[str, Any] = {}
        self._key = customer_key(options)

    def head(self, name: str) -> Head | None:
        if not name:
            return None
        try:
            found = self._call("head_object", Key=name, **self._key)
        except NotFound:
            return None
        return Head(int(found["ContentLength"]), str(found.get("ETag", "")))

    def get(self, name: str, offset: int, length: int | None, version_id: str = "") -> Iterator[bytes] | None:
        end = "" if length is None else str(offset + length - 1)
        # An empty object has no range at all.
        part = {"Range": f"bytes={offset}-{end}"} if offset or end else {}
        which = {"Key": name, **self._key} | ({"VersionId": version_id} if version_id else {})
        try:
            found = self._call("get_object", **which, **part)
        except NotFound:
            return None
        version = {"IfMatch": found["ETag"]} if found.get("ETag") else {}
        bodies = [found["Body"]]

        def fetch(at: int) -> Iterator[bytes]:
            # The rest of a stream that broke; boto3 repeats requests, but not what follows them.
            body = bodies.pop() if bodies else None
            if body is None and length is not None and at >= offset + length:
                return iter(())
            if body is None:
                try:
                    body = self._call("get_object", **which, Range=f"bytes={at}-{end}", **version)["Body"]
                except _PastEnd:
                    return iter(())
            return self._chunks(body)

        return patient_chunks(fetch, offset, read_settings().http_retries + 1)

    def put(self, name: str, first: bytes, rest: Iterator[bytes]) -> None:
        second = next(rest, None)
        if second is None:
            self._call("put_object", Key=name, Body=first, **self._key, **self._arguments())
            return
        upload = self.begin(name, checked=True)
        try:
            with ThreadPoolExecutor(_AT_A_TIME) as pool:
                done: list[dict[str, Any]] = []
                under_way: deque[Future[dict[str, Any]]] = deque()
                for number, piece in enumerate(_chain(first, second, rest), 1):
                    # One waits while the others travel: what is held stays bounded.
                    if len(under_way) == _AT_A_TIME:
                        done.append(under_way.popleft().result())
                    under_way.append(pool.submit(self.put_part, name, upload, number, piece))
                done += [part.result() for part in under_way]
            self.complete(name, upload, done)
        except BaseException:
            with suppress(TreeringError):
                self.abort(name, upload)
            raise

    def entries(self, prefix: str, *, deep: bool, limit: int | None = None) -> Iterator[tuple[str, int | None]]:
        more: dict[str, Any] = {"Prefix": prefix} | ({} if deep else {"Delimiter": "/"})
        more |= {"MaxKeys": limit} if limit else {}
        for page in self._pages(more):
            for folder in page.get("CommonPrefixes", ()):
                yield folder["Prefix"], None
            for item in page.get("Contents", ()):
                yield item["Key"], int(item["Size"])
            if limit:
                return

    def dated(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """All objects below a prefix, with sizes and times of change."""
        for page in self._pages({"Prefix": prefix}):
            for item in page.get("Contents", ()):
                yield item["Key"], int(item["Size"]), item["LastModified"].timestamp()

    def _pages(self, more: dict[str, Any]) -> Iterator[Any]:
        while True:
            page = self._call("list_objects_v2", **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def remove(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), _MOST_REMOVED):
            batch = [{"Key": name} for name in names[start : start + _MOST_REMOVED]]
            answer = self._call("delete_objects", Delete={"Objects": batch, "Quiet": True})
            for error in answer.get("Errors", ()):
                msg = f"s3://{self._bucket}/{error.get('Key')} was not deleted: {error.get('Message')}. Try again."
                raise PermissionDenied(msg)

    def begin(self, name: str, *, checked: bool = False) -> str:
        """Begin an upload; a `checked` one is ended with the checksums that boto3 adds to its parts."""
        arguments = self._arguments()
        if checked and self._client().meta.config.request_checksum_calculation == "when_supported":
            arguments = {"ChecksumAlgorithm": "CRC32", **arguments}
        return str(self._call("create_multipart_upload", Key=name, **self._key, **arguments)["UploadId"])

    def complete(self, name: str, upload: str, parts: list[dict[str, Any]]) -> None:
        self._call("complete_multipart_upload", Key=name, UploadId=upload, MultipartUpload={"Parts": parts})

    def abort(self, name: str, upload: str) -> None:
        self._call("abort_multipart_upload", Key=name, UploadId=upload)

    def unfinished(self, name: str) -> Begun | None:
        """The newest upload to a name that was begun and not ended; None also where one may not look for it."""
        try:
            answer = self._call("list_multipart_uploads", Prefix=name)
            found = [item for item in answer.get("Uploads", ()) if item["Key"] == name]
            if not found:
                return None
            upload = max(found, key=lambda item: item["Initiated"])["UploadId"]
            tags: dict[int, str] = {}
            more: dict[str, Any] = {}
            while True:
                page = self._call("list_parts", Key=name, UploadId=upload, **more)
                tags |= {int(part["PartNumber"]) - 1: _tag(part) for part in page.get("Parts", ())}
                if not page.get("IsTruncated"):
                    return Begun(str(upload), tags)
                more = {"PartNumberMarker": page["NextPartNumberMarker"]}
        except (PermissionDenied, NotFound):
            return None

    def presigned(self, operation: str, seconds: int, **arguments: Any) -> str:
        try:
            return str(
                self._client().generate_presigned_url(
                    operation, Params={"Bucket": self._bucket, **arguments}, ExpiresIn=seconds
                )
            )
        except (BotoCoreError, ClientError) as error:
            raise self._translated(error) from error

    def put_part(self, name: str, upload: str, number: int, piece: bytes) -> dict[str, Any]:
        found = self._call("upload_part", Key=name, UploadId=upload, PartNumber=number, Body=piece, **self._key)
        kept = {key: value for key, value in found.items() if key.startswith("Checksum") and key != "ChecksumType"}
        return {"PartNumber": number, "ETag": found["ETag"], **kept}

    def _chunks(self, body: Any) -> Iterator[bytes]:
        try:
            yield from body.iter_chunks(CHUNK_SIZE)
        except (BotoCoreError, ClientError) as error:
            raise self._translated(error) from error
        finally:
            body.close()

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client(), operation)(Bucket=self._bucket, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise self._translated(error) from error

    def _arguments(self) -> dict[str, Any]:
        self._client()
        return self._extra

    def _client(self) -> Any:
        # Making one takes long; threads that need it at the same time wait for one of them.
        with self._making:
            if self._made is None:
                self._extra = upload_arguments(self._options)
                self._made = make_client(self._options)
        return self._made

    def _translated(self, error: BotoCoreError | ClientError) -> TreeringError:
        place = f"s3://{self._bucket}"
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return Unauthenticated(
                f"No credentials for {place} were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
            )
        if not isinstance(error, ClientError):
            if isinstance(error, ParamValidationError):
                return InvalidInput(f"{place} cannot be used so: {error}")
            return Unavailable(f"{place} cannot be reached: {error}. Check the network and the endpoint.")
        code = str(error.response.get("Error", {}).get("Code", ""))
        said = str(error.response.get("Error", {}).get("Message", "")) or code
        if code == "NoSuchBucket":
            # Not NotFound: a missing bucket is a wrong configuration, and no empty folder.
            return InvalidInput(f"There is no bucket {self._bucket!r}. Create it, or correct the artifact URI.")
        kind, advice = next(
            ((kind, advice) for codes, kind, advice in _KINDS if code in codes), (TreeringError, "Look it up there.")
        )
        return kind(f"{place} answered {code}: {said}. {advice}")


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _tag(part: Mapping[str, Any]) -> str:
    """An ETag is the MD5 of the part, unless a key of the user's own encrypts it: then nothing matches it, and it is sent again."""
    kept = "".join(f";{key}={part[key]}" for key in _CHECKSUMS if part.get(key))
    etag = str(part["ETag"]).strip('"')
    return f"md5:{etag}{kept}"


def _parts_of(tag: str) -> dict[str, str]:
    etag, *kept = tag.removeprefix("md5:").split(";")
    pairs = (item.partition("=") for item in kept)
    return {"ETag": f'"{etag}"', **{key: value for key, _, value in pairs if key in _CHECKSUMS}}
