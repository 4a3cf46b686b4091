"""The built user interface: files with a hash in their name for ever, the page itself always fresh.

Every path that is no file is answered with the page, because the interface has
paths of its own. Without a built interface a plain page says how to build it.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

__all__ = ["STATIC_FOLDER", "Interface"]

STATIC_FOLDER = Path(__file__).parent / "static"

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
_FOR_EVER = "public, max-age=31536000, immutable"
_FRESH = "no-cache"
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_TYPES = mimetypes.MimeTypes(filenames=())
_TYPES.add_type("text/javascript", ".js")
_TYPES.add_type("font/woff2", ".woff2")
_TYPES.add_type("application/manifest+json", ".webmanifest")

_NOT_BUILT = b"""<!doctype html>
<html lang="en">
<title>Treering</title>
<h1>Treering is running</h1>
<p>Its user interface was not built into this installation. The API answers at
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>, and MLflow clients can use this address as their
tracking URI.</p>
<p>To build the interface, run <code>make ui</code> in a checkout of the source, or install a released package.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    content_type: str
    cached: str
    packed: tuple[tuple[str, Path], ...]


class Interface:
    """The files of a folder, listed once; nothing outside it can be reached."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
        self._files = {
            "/" + path.relative_to(folder).as_posix(): _described(path, folder)
            for path in found
            if path.suffix not in {".br", ".gz"}
        }

    def answer(self, path: str, accept_encoding: str = "") -> Response:
        """The file at `path`, or the page. Reads the disk."""
        file = self._files.get(path)
        if file is None and "." in path.rpartition("/")[2] and path.startswith("/assets/"):
            # A script of an older build: the page in its place would be a riddle.
            return Response("This file is not part of the running version. Reload the page.", 404)
        file = file or self._files.get("/index.html")
        headers = {"content-security-policy": _POLICY, "cache-control": _FRESH, "referrer-policy": "same-origin"}
        if file is None:
            return Response(_NOT_BUILT, 200, headers, "text/html; charset=utf-8")
        headers["cache-control"] = file.cached
        chosen = file.path
        for coding, packed in file.packed:
            if coding in accept_encoding:
                chosen = packed
                headers["content-encoding"] = coding
                break
        if file.packed:
            headers["vary"] = "accept-encoding"
        return Response(chosen.read_bytes(), 200, headers, file.content_type)


def _described(path: Path, folder: Path) -> _File:
    kind = _TYPES.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    cached = _FOR_EVER if path.parent == folder / "assets" else _FRESH
    packed = tuple(
        (coding, path.with_name(path.name + ending))
        for coding, ending in _PACKED
        if path.with_name(path.name + ending).is_file()
    )
    return _File(path, kind, cached, packed)
