"""Artifacts on another machine that OpenSSH reaches: `sftp://user@host:port/absolute/path`.

The machine's key must be known, as `ssh` itself asks for; nothing is trusted on first sight.
"""

from __future__ import annotations

import contextlib
import errno
import posixpath
import stat
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, unquote, urlsplit

import paramiko

from treering.core.errors import (
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.storage.objects.base import CHUNK_SIZE
from treering.storage.objects.folders import Entry, FolderStore

__all__ = ["SftpStore"]

_PIECE = 32 << 10
_FAILED = (OSError, paramiko.SSHException, EOFError)


class SftpStore(FolderStore):
    """A folder on another machine, which need not exist before the first write.

    Args:
        uri: `sftp://[user[:password]@]host[:port]/<path>`.
    """

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        if not parts.hostname:
            msg = f"{uri!r} names no machine. Write sftp://<user>@<host>/<path>."
            raise InvalidInput(msg)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        shown = f"sftp://{user}{parts.hostname}{port}{parts.path}"
        super().__init__(shown, unquote(parts.path), _Machine(parts, shown), read_settings().http_retries + 1)


class _Machine:
    """As `treering.storage.objects.folders.Disk`, over connections that are kept for the next use."""

    def __init__(self, parts: SplitResult, shown: str) -> None:
        self._parts, self._uri = parts, shown
        self._lock = threading.Lock()
        self._idle: list[tuple[paramiko.SSHClient, paramiko.SFTPClient]] = []

    def look(self, path: str) -> Entry | None:
        try:
            with self._borrowed(path) as client:
                return _entry(posixpath.basename(path), client.stat(path))
        except NotFound:
            return None

    def entries(self, path: str) -> list[Entry]:
        with self._borrowed(path) as client:
            return [_entry(item.filename, item) for item in client.listdir_attr(path)]

    def get(self, path: str, offset: int, length: int) -> Iterator[bytes]:
        end = offset + length
        with self._borrowed(path) as client, client.open(path, "rb") as file:
            for start in range(offset, end, CHUNK_SIZE):
                last = min(start + CHUNK_SIZE, end)
                # Many pieces are asked for before the first has come; an answer may hold no more than one.
                yield b"".join(file.readv([(at, min(_PIECE, last - at)) for at in range(start, last, _PIECE)]))

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        with self._borrowed(path) as client, client.open(path, "wb") as file:
            file.set_pipelined(pipelined=True)
            for chunk in chunks:
                file.write(chunk)

    def rename(self, old: str, new: str) -> None:
        with self._borrowed(new) as client:
            client.posix_rename(old, new)

    def make_folder(self, path: str) -> None:
        with self._borrowed(path) as client:
            client.mkdir(path)

    def remove(self, path: str, *, is_dir: bool) -> None:
        with self._borrowed(path) as client:
            (client.rmdir if is_dir else client.remove)(path)

    @contextlib.contextmanager
    def _borrowed(self, path: str) -> Iterator[paramiko.SFTPClient]:
        """A connection for one use: paramiko's are not to be shared by threads. Its errors leave as Treering's."""
        with self._lock:
            pair = self._idle.pop() if self._idle else None
        try:
            if pair is None or not _is_alive(pair):
                ssh = self._connected()
                pair = (ssh, ssh.open_sftp())
                channel = pair[1].get_channel()
                if channel is not None:
                    channel.settimeout(read_settings().http_timeout)
            yield pair[1]
        except _FAILED as error:
            broken = pair is None or not _is_alive(pair) or not isinstance(error, OSError)
            if pair is not None and (broken or isinstance(error, TimeoutError)):
                pair[0].close()
                pair = None
            raise self._translated(path, error, broken=broken) from error
        finally:
            if pair is not None:
                with self._lock:
                    self._idle.append(pair)

    def _connected(self) -> paramiko.SSHClient:
        settings, parts = read_settings(), self._parts
        ssh = paramiko.SSHClient()
        host = parts.hostname or ""
        try:
            if settings.sftp_known_hosts:
                ssh.load_host_keys(settings.sftp_known_hosts)
            else:
                ssh.load_system_host_keys()
            ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
            ssh.connect(
                host, parts.port or 22, unquote(parts.username or "") or None, unquote(parts.password or "") or None,
                key_filename=settings.sftp_key_file or None, timeout=settings.http_timeout,
                allow_agent=not settings.sftp_key_file, look_for_keys=not settings.sftp_key_file,
            )  # fmt: skip
        except (*_FAILED, ValueError) as error:
            ssh.close()
            raise self._refused(host, error) from error
        return ssh

    def _refused(self, host: str, error: Exception) -> TreeringError:
        if isinstance(error, paramiko.BadHostKeyException):
            return PermissionDenied(
                f"The host key of {host} is not the one that is known. Somebody may listen in; ask its owner."
            )
        if isinstance(error, paramiko.AuthenticationException):
            return Unauthenticated(
                f"{host} does not accept the user or the key: {error}. Set TREERING_SFTP_KEY_FILE, or use an SSH agent."
            )
        if isinstance(error, paramiko.SSHException) and "known_hosts" in str(error):
            return PermissionDenied(
                f"The host key of {host} is not known. Compare it with its owner's, then add it:"
                f" ssh-keyscan -p {self._parts.port or 22} {host} >> ~/.ssh/known_hosts"
            )
        if isinstance(error, FileNotFoundError | PermissionError | ValueError):
            return InvalidInput(
                f"{host} cannot be reached over SSH: {error}. Check TREERING_SFTP_KNOWN_HOSTS and TREERING_SFTP_KEY_FILE."
            )
        return Unavailable(f"{host} cannot be reached over SSH: {error}. Check the address, and that it runs.")

    def _translated(self, path: str, error: Exception, *, broken: bool) -> TreeringError:
        if isinstance(error, TreeringError):
            return error
        if broken or isinstance(error, TimeoutError):
            return Unavailable(
                f"The connection to {self._uri} broke off: {str(error) or type(error).__name__}. Try again."
            )
        if isinstance(error, PermissionError):
            return PermissionDenied(f"{path!r} in {self._uri} may not be used by this user. Change its permissions.")
        if isinstance(error, OSError) and error.errno in {errno.ENOENT, errno.ENOTDIR}:
            return NotFound(f"There is no {path!r} in {self._uri}.")
        return TreeringError(f"{path!r} in {self._uri}: {error}. Check the disk there.")


def _is_alive(pair: tuple[paramiko.SSHClient, paramiko.SFTPClient]) -> bool:
    transport, channel = pair[0].get_transport(), pair[1].get_channel()
    return transport is not None and transport.is_active() and channel is not None and not channel.closed


def _entry(name: str, found: paramiko.SFTPAttributes) -> Entry:
    size = found.st_size or 0
    return Entry(name, stat.S_ISDIR(found.st_mode or 0), size, f"{found.st_mtime}-{size}")
