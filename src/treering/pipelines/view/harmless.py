"""What may be told of places to everybody who may look: addresses without anything secret, and no path of the server's disk."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import urlsplit, urlunsplit

__all__ = ["harmless_address", "harmless_text"]

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SCP_LIKE = re.compile(r"^(?:[^@/:]+@)?(?P<place>[^@/:]{2,}:[^:].*)$")
# In the middle of a sentence.
_USER_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s'\"@]*@")


def harmless_address(address: str) -> str:
    """A URL without user, password, query and fragment; of an absolute path only its last part, behind `…/`."""
    if _SCHEME.match(address):
        try:
            parts = urlsplit(address)
        except ValueError:
            return f"{address.partition('://')[0]}://…"
        if parts.scheme == "file":
            return _folder(parts.path)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    found = _SCP_LIKE.match(address)
    if found and "\\" not in address:
        return found["place"]
    return _folder(address) if address.startswith(("/", "~")) or "\\" in address else address


def harmless_text(text: str, root: str) -> str:
    """A message about a repository: without the path of its root, and without users and passwords in URLs."""
    text = text.replace(f"{root.rstrip('/')}/", "").replace(root, ".")
    return _USER_IN_URL.sub(lambda found: found["scheme"], text)


def _folder(path: str) -> str:
    return f"…/{posixpath.basename(path.replace(chr(92), '/').rstrip('/'))}"
