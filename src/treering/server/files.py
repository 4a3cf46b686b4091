"""Files of an artifact store as HTTP answers: in chunks, in part where asked, and harmless in a browser.

What runs when it is opened (HTML, SVG and the like) is offered as a download and
put in a sandbox, because a run's artifacts are written by others than those who
look at them, and share the address of the user interface. A page that is asked for
as a preview is shown in a sandbox in which no script runs and nothing is fetched.
"""

from __future__ import annotations

import asyncio
import mimetypes
import posixpath
import re
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from typing import Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from treering.core.errors import NotFound
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import check_key

__all__ = ["Readable", "content_type_of", "file_answer", "is_shown"]

_BYTES = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

# The system's own tables differ from machine to machine, so only Python's are asked.
_TYPES = mimetypes.MimeTypes(filenames=())
for _ending, _kind in (
    (".avif", "image/avif"),
    (".js", "text/javascript"),
    (".mjs", "text/javascript"),
    (".webp", "image/webp"),
    (".xhtml", "application/xhtml+xml"),
):
    _TYPES.add_type(_kind, _ending)
_TEXT_NAMES = {"mlmodel", "dockerfile", "makefile", "license", "readme"}
_TEXT_ENDINGS = {
    ".cfg", ".conf", ".diff", ".ini", ".jsonl", ".log", ".markdown", ".md", ".mlproject", ".out", ".patch", ".properties",
    ".py", ".r", ".rst", ".sh", ".sql", ".text", ".toml", ".txt", ".yaml", ".yml",
}  # fmt: skip
_PAGES = {"application/xhtml+xml", "text/html"}
_PDF = "application/pdf"
_SANDBOX = "sandbox"
# Its own styles and the pictures that stand in it; no script, and nothing from anywhere.
_PAGE_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Browsers do not open their own viewer in a sandbox; it runs nothing in the name of this server.
_PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_SHOWN = re.compile(r"image/(?!svg)[\w.+-]+|audio/[\w.+-]+|video/[\w.+-]+|text/(plain|csv|tab-separated-values)")


class Readable(Protocol):
    """What files are read from; an `ObjectStore` is one."""

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        ...

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        ...


def content_type_of(path: str) -> str:
    """The content type that the name of a file tells; plain text for source code and settings."""
    name = posixpath.basename(path).lower()
    ending = posixpath.splitext(name)[1]
    if ending in _TEXT_ENDINGS or name in _TEXT_NAMES:
        return _TEXT
    kind, encoding = _TYPES.guess_type(name)
    if kind is None or encoding is not None:
        return _BYTES
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == _JSON else kind


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place: only what cannot run."""
    kind = content_type.partition(";")[0]
    return kind == _JSON or _SHOWN.fullmatch(kind) is not None


async def file_answer(
    store: Readable, key: str, headers: Mapping[str, str], *, download: bool = False, preview: bool = False
) -> Response:
    """A file as an answer, or the part of it that a `range` header in `headers` asks for.

    Args:
        download: Whether to offer it as a download even where it could be shown.
        preview: Whether to show HTML in a sandbox, and a PDF in the browser's viewer, which are else downloads.

    Raises:
        NotFound: If there is no such file, or it is a folder.
        InvalidInput: If `key` climbs.
    """
    info = await run_in_threadpool(_stat, store, check_key(key))
    size = info.size or 0
    kind = content_type_of(info.path)
    sent = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-disposition": _disposition(info.path, shown=is_shown(kind) and not download),
        "content-security-policy": _SANDBOX,
    }
    if preview and (policy := _policy_of(kind)):
        sent["content-disposition"] = _disposition(info.path, shown=True)
        sent["content-security-policy"] = policy
        sent["x-dns-prefetch-control"] = "off"
    part = _range(headers.get("range", ""), size)
    if part is None:
        sent["content-length"] = str(size)
        return StreamingResponse(await _chunks(store, key, 0, size), 200, sent, kind)
    first, last = part
    if first > last:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    sent["content-range"] = f"bytes {first}-{last}/{size}"
    sent["content-length"] = str(last - first + 1)
    return StreamingResponse(await _chunks(store, key, first, last - first + 1), 206, sent, kind)


def _policy_of(content_type: str) -> str:
    """The policy under which what is else a download may be looked at; "" for none."""
    kind = content_type.partition(";")[0]
    return _PAGE_POLICY if kind in _PAGES else _PDF_POLICY if kind == _PDF else ""


def _stat(store: Readable, key: str) -> FileInfo:
    info = store.stat(key)
    if info.is_dir:
        msg = f"{key or 'The root'!r} is a folder. Ask for a file in it."
        raise NotFound(msg)
    return info


async def _chunks(store: Readable, key: str, offset: int, length: int) -> AsyncIterator[bytes]:
    """The bytes; the first are read at once, so that a file that is gone is no broken answer."""
    if not length:
        return _rest(b"", iter(()))
    source = store.read(key, offset, length)
    return _rest(await run_in_threadpool(next, source, b""), source)


async def _rest(first: bytes, source: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = first
    coming: asyncio.Task[bytes] | None = None
    try:
        while chunk:
            # The next is read while this one travels.
            coming = asyncio.create_task(run_in_threadpool(next, source, b""))
            yield chunk
            chunk = await coming
    finally:
        # The reader may have gone in the middle; the store's file is not to wait for the garbage collector.
        if coming is not None and not coming.done():
            await asyncio.wait([coming])
        if isinstance(source, Generator):
            source.close()


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range; None for the whole, first > last where it lies outside.

    What is malformed, or asks for several ranges, is answered with the whole, as RFC 9110 allows.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = int(found[2])
        return (max(size - length, 0), size - 1) if length else (size, size - 1)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    return (first, last) if first < size else (size, size - 1)


def _disposition(path: str, *, shown: bool) -> str:
    name = posixpath.basename(path)
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
