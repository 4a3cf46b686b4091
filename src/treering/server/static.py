"""The built user interface: files with a hash in their name for ever, the page itself always fresh.

Every path that is no file is answered with the page, because the interface has
paths of its own. Without a built interface a plain page says how to build it.
What is drawn from a run's own files (figures, pages in notebooks) is drawn in a
page of its own, in a sandbox that reaches neither the interface nor the network.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from base64 import b64encode
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
# Figures want styles of their own making. Its scripts are ours, and have an origin that no one else has.
_FIGURE = "/figure.html"
_FIGURE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src data: blob:; font-src 'self' data:; connect-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
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
    """A file of the interface. Without a path it is there packed only, as large scripts that few need are."""

    path: Path | None
    content_type: str
    cached: str
    packed: tuple[tuple[str, Path], ...]


class Interface:
    """The files of a folder, listed once; nothing outside it can be reached."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
        plain = {path.with_suffix("") if path.suffix in {".br", ".gz"} else path for path in found}
        self._files = {"/" + path.relative_to(folder).as_posix(): _described(path, folder) for path in plain}

        page = self._files.get("/index.html")
        self._policy = _policy_of(_plain(page) if page else _NOT_BUILT)

    def answer(self, path: str, accept_encoding: str = "") -> Response:
        """The file at `path`, or the page. Reads the disk."""
        file = self._files.get(path)
        if file is None and "." in path.rpartition("/")[2] and path.startswith("/assets/"):
            # A script of an older build: the page in its place would be a riddle.
            return Response("This file is not part of the running version. Reload the page.", 404)
        file = file or self._files.get("/index.html")
        policy = _FIGURE_POLICY if path == _FIGURE else self._policy
        headers = {"content-security-policy": policy, "cache-control": _FRESH, "referrer-policy": "same-origin"}
        if path.startswith("/assets/"):
            # The page of figures is of no origin, and its scripts are public.
            headers["access-control-allow-origin"] = "*"
        if file is None:
            return Response(_NOT_BUILT, 200, headers, "text/html; charset=utf-8")
        headers["cache-control"] = file.cached
        if file.packed:
            headers["vary"] = "accept-encoding"
        for coding, packed in file.packed:
            if coding in accept_encoding:
                headers["content-encoding"] = coding
                return Response(packed.read_bytes(), 200, headers, file.content_type)
        return Response(_plain(file), 200, headers, file.content_type)


def _policy_of(page: bytes) -> str:
    """The policy of a page: of scripts within it, only those that stand in it now may run."""
    digests = [b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(page)]
    return _POLICY.replace(
        "script-src 'self'", " ".join(["script-src 'self'", *(f"'sha256-{one}'" for one in digests)])
    )


def _plain(file: _File) -> bytes:
    """The file for the rare client that takes nothing packed."""
    if file.path is not None:
        return file.path.read_bytes()
    return gzip.decompress(dict(file.packed)["gzip"].read_bytes())


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
    return _File(path if path.is_file() else None, kind, cached, packed)
