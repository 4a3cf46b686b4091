"""Artifacts on an FTP server: `ftp://user:password@host:port/absolute/path`.

FTP encrypts nothing, the password included; it is for networks where that does not
matter. Servers that list in the old way only (no MLST) are understood, more slowly.
"""

from __future__ import annotations

import contextlib
import ftplib
import posixpath
import threading
import weakref
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from treering.core.errors import (
    InvalidInput,
    NotFound,
    StorageFull,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.storage.objects.base import CHUNK_SIZE
from treering.storage.objects.folders import Entry, FolderStore
from treering.storage.objects.options import NoOptions, Options, told

__all__ = ["FtpStore"]

_BLOCK = 1 << 16
_FAILED = (ftplib.Error, OSError, EOFError, ValueError)
# What servers answer to a command that they do not know.
_UNKNOWN = {"500", "501", "502", "504"}
_NOT_LOGGED_IN = {"530", "332", "532"}
_FULL = {"452", "552"}
_UNUSABLE_NAME = "553"


class FtpStore(FolderStore):
    """A folder on an FTP server.

    Args:
        uri: `ftp://[user[:password]@]host[:port]/<path>`; without a user, as `anonymous`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        told(NoOptions, options, uri)
        parts = urlsplit(uri)
        if not parts.hostname:
            msg = f"{uri!r} names no machine. Write ftp://<user>:<password>@<host>/<path>."
            raise InvalidInput(msg)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        shown = f"ftp://{user}{parts.hostname}{port}{parts.path}"
        super().__init__(shown, unquote(parts.path), _Machine(parts, shown), read_settings().http_retries + 1)


class _Machine:
    """As `treering.storage.objects.folders.Disk`, over connections that are kept for the next use."""

    def __init__(self, parts: SplitResult, shown: str) -> None:
        self._parts, self._uri = parts, shown
        self._lock = threading.Lock()
        self._idle: list[ftplib.FTP] = []
        self._modern = True
        # A store is not closed by those who use it.
        weakref.finalize(self, _close_all, self._idle)

    def look(self, path: str) -> Entry | None:
        if path == "/":
            return Entry("", True, 0, "")
        with self._borrowed(path) as ftp:
            if self._modern:
                try:
                    return _described(posixpath.basename(path), ftp.sendcmd(f"MLST {path}"))
                except ftplib.error_perm as error:
                    if str(error)[:3] not in _UNKNOWN:
                        return None
                    self._modern = False
            return _probed(ftp, path)

    def entries(self, path: str) -> list[Entry]:
        with self._borrowed(path) as ftp:
            if self._modern:
                listed = [_entry(name, facts) for name, facts in ftp.mlsd(path) if name not in {".", ".."}]
            else:
                listed = _probed_all(ftp, path)
            # Listing has switched the connection to text, in which files would be changed.
            ftp.voidcmd("TYPE I")
        return [item for item in listed if item is not None]

    def get(self, path: str, offset: int, length: int) -> Iterator[bytes]:
        left = length
        with self._borrowed(path) as ftp:
            with ftp.transfercmd(f"RETR {path}", rest=offset or None) as stream:
                while left:
                    held = []
                    most = size = min(CHUNK_SIZE, left)
                    while size and (data := stream.recv(min(size, _BLOCK))):
                        held.append(data)
                        size -= len(data)
                    left -= most - size
                    if most != size:
                        yield b"".join(held)
                    if size:
                        break
                # The rest, if any, is not wanted; the answer to that may be an error.
            whole = _ended(ftp)
            if left:
                message = "the server has sent less than it has" if whole else "the transfer was cut off"
                raise EOFError(message)

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        with self._borrowed(path) as ftp:
            with ftp.transfercmd(f"STOR {path}") as stream:
                for chunk in chunks:
                    stream.sendall(chunk)
            ftp.voidresp()

    def rename(self, old: str, new: str) -> None:
        with self._borrowed(new) as ftp:
            try:
                ftp.rename(old, new)
            except ftplib.error_perm:
                # Some servers do not rename over a file; between the two there is none for a moment.
                if _probed(ftp, new) is None:
                    raise
                ftp.delete(new)
                ftp.rename(old, new)

    def make_folder(self, path: str) -> None:
        with self._borrowed(path) as ftp:
            ftp.mkd(path)

    def remove(self, path: str, *, is_dir: bool) -> None:
        with self._borrowed(path) as ftp:
            (ftp.rmd if is_dir else ftp.delete)(path)

    @contextlib.contextmanager
    def _borrowed(self, path: str) -> Iterator[ftplib.FTP]:
        """A connection for one use, which it is kept after only if all went well. Its errors leave as Treering's."""
        with self._lock:
            ftp = self._idle.pop() if self._idle else None
        kept = False
        try:
            if ftp is None:
                ftp = self._connected()
            try:
                yield ftp
                kept = True
            except ftplib.error_perm:
                kept = True
                raise
        except _FAILED as error:
            raise self._translated(path, error) from error
        finally:
            if ftp is not None and kept:
                with self._lock:
                    self._idle.append(ftp)
            elif ftp is not None:
                ftp.close()

    def _connected(self) -> ftplib.FTP:
        parts = self._parts
        ftp = ftplib.FTP(timeout=read_settings().http_timeout, encoding="utf-8")  # noqa: S321 - what the user asked for
        try:
            ftp.connect(parts.hostname or "", parts.port or 21)
            ftp.login(unquote(parts.username or ""), unquote(parts.password or ""))
            ftp.voidcmd("TYPE I")
        except BaseException:
            ftp.close()
            raise
        return ftp

    def _translated(self, path: str, error: Exception) -> TreeringError:
        if isinstance(error, TreeringError):
            return error
        code = str(error)[:3] if isinstance(error, ftplib.Error) else ""
        if code in _NOT_LOGGED_IN:
            return Unauthenticated(f"{self._uri} does not accept the user or the password: {error}. Check both.")
        if code in _FULL:
            return StorageFull(f"There is no room for {path!r} in {self._uri}: {error}. Free some space there.")
        if code == _UNUSABLE_NAME or isinstance(error, ValueError):
            return InvalidInput(f"{path!r} is no name for a file in {self._uri}: {error}. Choose another.")
        if isinstance(error, ftplib.error_perm):
            return NotFound(f"{path!r} in {self._uri}: {error}. Check that it is there, and its permissions.")
        return Unavailable(
            f"{self._uri} cannot be reached: {str(error) or 'it hung up'}. Check the address and the network."
        )


def _close_all(connections: list[ftplib.FTP]) -> None:
    for ftp in connections:
        ftp.close()


def _ended(ftp: ftplib.FTP) -> bool:
    try:
        ftp.voidresp()
    except ftplib.error_temp:
        return False
    return True


def _described(name: str, answer: str) -> Entry | None:
    """From the answer to MLST, whose second line holds facts, a space and the path."""
    lines = answer.splitlines()
    facts, _, _ = (lines[1] if len(lines) > 1 else "").strip().partition(" ")
    pairs = (fact.partition("=") for fact in facts.split(";") if fact)
    return _entry(name, {key.lower(): value for key, _, value in pairs})


def _entry(name: str, facts: dict[str, str]) -> Entry | None:
    kind = facts.get("type", "").lower()
    if kind not in {"file", "dir", "cdir", "pdir"}:
        return None
    size = int(facts.get("size", "0")) if kind == "file" else 0
    return Entry(name, kind != "file", size, f"{facts.get('modify', '')}-{size}")


def _probed_all(ftp: ftplib.FTP, path: str) -> list[Entry | None]:
    try:
        names = {posixpath.basename(name.rstrip("/")) for name in ftp.nlst(path)}
    except ftplib.error_perm:  # many servers' answer for an empty folder
        return []
    ftp.voidcmd("TYPE I")
    return [_probed(ftp, posixpath.join(path, name)) for name in sorted(names - {"", ".", ".."})]


def _probed(ftp: ftplib.FTP, path: str) -> Entry | None:
    """What lies at a path, from a server that knows no MLST: a file has a size, and into a folder one can go."""
    name = posixpath.basename(path)
    with contextlib.suppress(ftplib.error_perm):
        ftp.cwd(path)
        return Entry(name, True, 0, "")
    try:
        size = ftp.size(path) or 0
    except ftplib.error_perm:
        return None
    changed = ""
    with contextlib.suppress(ftplib.error_perm):
        changed = ftp.sendcmd(f"MDTM {path}")
    return Entry(name, False, size, f"{changed}-{size}")
