"""Artifacts on another machine that OpenSSH reaches: `sftp://user@host:port/absolute/path`.

The machine's key must be known, as `ssh` itself asks for; nothing is trusted on first sight.
"""

from __future__ import annotations

import contextlib
import errno
import posixpath
import stat
import threading
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from treering.core.errors import (
    Conflict,
    DamagedData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, check_key

__all__ = ["SftpStore"]

_PART = ".treering-part-"
_PIECE = 32 << 10
_LONGEST_NAME = 255
_FAILED = (OSError, paramiko.SSHException, EOFError)


class SftpStore:
    """A folder on another machine, which need not exist before the first write.

    Args:
        uri: `sftp://[user[:password]@]host[:port]/<path>`.
    """

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        if not parts.hostname:
            msg = f"{uri!r} names no machine. Write sftp://<user>@<host>/<path>."
            raise InvalidInput(msg)
        self._parts = parts
        self._root = "/" + check_key(unquote(parts.path).strip("/"))
        self._lock = threading.Lock()
        self._idle: list[tuple[paramiko.SSHClient, paramiko.SFTPClient]] = []

    @property
    def uri(self) -> str:
        """As it was opened, without a password."""
        user = f"{self._parts.username}@" if self._parts.username else ""
        port = f":{self._parts.port}" if self._parts.port else ""
        return f"sftp://{user}{self._parts.hostname}{port}{self._parts.path}"

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        path = self._path(key)
        with self._borrowed(key) as client:
            found = client.stat(path)
        if stat.S_ISDIR(found.st_mode or 0):
            raise self._missing(key)
        size = found.st_size or 0
        return self._chunks(key, offset, size if length is None else min(offset + length, size))

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`."""
        path = self._path(key)
        if path == self._root:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        if any(len(name.encode()) > _LONGEST_NAME for name in path.split("/")):
            msg = f"The artifact path {key[:80]!r}... is too long. Shorten it."
            raise InvalidInput(msg)
        part = posixpath.join(posixpath.dirname(path), f"{_PART}{uuid.uuid4().hex}")
        size = 0
        with self._borrowed(key) as client:
            self._make_folder(client, key, posixpath.dirname(path))
            try:
                with client.open(part, "wb") as file:
                    file.set_pipelined(pipelined=True)
                    for chunk in chunks:
                        file.write(chunk)
                        size += len(chunk)
                self._place(client, key, part, size)
            except BaseException:
                with contextlib.suppress(*_FAILED):
                    client.remove(part)
                raise
        return size

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        normal = check_key(key)
        if not normal:
            return FileInfo("", is_dir=True)
        with self._borrowed(key) as client:
            found = client.stat(self._path(key))
        is_dir = stat.S_ISDIR(found.st_mode or 0)
        return FileInfo(normal, is_dir, None if is_dir else found.st_size)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        normal = check_key(prefix)
        with self._borrowed(prefix) as client:
            # The protocol has no code of its own for listing a file.
            found = client.listdir_attr(self._path(prefix)) if self._is_dir(client, self._path(prefix)) else []
        listed = [
            FileInfo(
                posixpath.join(normal, item.filename),
                stat.S_ISDIR(item.st_mode or 0),
                None if stat.S_ISDIR(item.st_mode or 0) else item.st_size,
            )
            for item in found
            if not item.filename.startswith(_PART)
        ]
        return sorted(listed, key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        for info in self.list(prefix):
            if info.is_dir:
                yield from self.walk(info.path)
            else:
                yield info

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        info = self.stat(key)
        with self._borrowed(key) as client:
            if not info.is_dir:
                client.remove(self._path(key))
                return 1
            return self._remove_below(client, self._path(key))

    def version(self, key: str) -> str:
        """As `Versioned.version`: the time of the last change, which the protocol tells in whole seconds, and the size."""
        with self._borrowed(key) as client:
            found = client.stat(self._path(key))
        return f"{found.st_mtime}-{found.st_size}"

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are on another machine."""
        check_key(key)
        return None

    def _path(self, key: str) -> str:
        normal = check_key(key)
        return posixpath.join(self._root, normal) if normal else self._root

    def _chunks(self, key: str, offset: int, end: int) -> Iterator[bytes]:
        if offset >= end:
            return
        with self._borrowed(key) as client, client.open(self._path(key), "rb") as file:
            for start in range(offset, end, CHUNK_SIZE):
                last = min(start + CHUNK_SIZE, end)
                # Many pieces are asked for before the first has come; an answer may hold no more than one.
                yield b"".join(file.readv([(at, min(_PIECE, last - at)) for at in range(start, last, _PIECE)]))

    def _place(self, client: paramiko.SFTPClient, key: str, part: str, size: int) -> None:
        path = self._path(key)
        if client.stat(part).st_size != size:
            msg = f"{key!r} arrived in {self.uri} with another size than it was sent with. Send it again."
            raise DamagedData(msg)
        if self._is_dir(client, path):
            raise self._clash(key)
        client.posix_rename(part, path)

    def _make_folder(self, client: paramiko.SFTPClient, key: str, folder: str) -> None:
        if folder in {"", "/"} or self._is_dir(client, folder):
            return
        self._make_folder(client, key, posixpath.dirname(folder))
        try:
            client.mkdir(folder)
        except OSError as error:
            if error.errno is not None:
                raise
            if not self._is_dir(client, folder):  # else another thread was faster
                raise self._clash(key) from error

    def _is_dir(self, client: paramiko.SFTPClient, path: str) -> bool:
        try:
            return stat.S_ISDIR(client.stat(path).st_mode or 0)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno is None:  # below a file
                return False
            raise

    def _remove_below(self, client: paramiko.SFTPClient, folder: str) -> int:
        count = 0
        for item in client.listdir_attr(folder):
            path = posixpath.join(folder, item.filename)
            if stat.S_ISDIR(item.st_mode or 0):
                count += self._remove_below(client, path)
            else:
                client.remove(path)
                count += not item.filename.startswith(_PART)
        client.rmdir(folder)
        return count

    @contextlib.contextmanager
    def _borrowed(self, key: str) -> Iterator[paramiko.SFTPClient]:
        """A connection for one use: paramiko's are not to be shared by threads. Its errors leave as Treering's."""
        with self._lock:
            pair = self._idle.pop() if self._idle else None
        try:
            transport = pair[0].get_transport() if pair else None
            if pair is None or transport is None or not transport.is_active():
                ssh = self._connected()
                pair = (ssh, ssh.open_sftp())
            yield pair[1]
        except _FAILED as error:
            raise self._translated(key, error) from error
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
        except paramiko.BadHostKeyException as error:
            msg = f"The host key of {host} is not the one that is known. Somebody may listen in; ask its owner."
            raise PermissionDenied(msg) from error
        except paramiko.AuthenticationException as error:
            msg = (
                f"{host} does not accept the user or the key: {error}. Set TREERING_SFTP_KEY_FILE, or use an SSH agent."
            )
            raise Unauthenticated(msg) from error
        except paramiko.SSHException as error:
            if "known_hosts" in str(error):
                msg = (
                    f"The host key of {host} is not known. Compare it with its owner's, then add it:"
                    f" ssh-keyscan -p {parts.port or 22} {host} >> ~/.ssh/known_hosts"
                )
                raise PermissionDenied(msg) from error
            raise Unavailable(f"{host} cannot be reached over SSH: {error}. Check that it runs.") from error  # noqa: TRY003, EM102
        except OSError as error:
            msg = f"{host} cannot be reached over SSH: {error}. Check the address and TREERING_SFTP_KNOWN_HOSTS."
            raise Unavailable(msg) from error
        return ssh

    def _translated(self, key: str, error: Exception) -> TreeringError:
        if isinstance(error, TreeringError):
            return error
        if isinstance(error, OSError) and error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}:
            return self._missing(key)
        if isinstance(error, PermissionError):
            return PermissionDenied(f"{key!r} in {self.uri} may not be used by this user. Change its permissions.")
        if isinstance(error, OSError) and error.errno is None and len(posixpath.basename(key)) > _LONGEST_NAME:
            return self._missing(key)
        if isinstance(error, OSError) and error.errno is None:
            return TreeringError(f"{key!r} in {self.uri}: {error}. Check the disk there.")
        return Unavailable(f"The connection to {self.uri} broke off: {error}. Try again.")

    def _clash(self, key: str) -> Conflict:
        return Conflict(f"Cannot write {key!r} in {self.uri}: a file stands where a folder is needed, or the reverse.")

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"There is no artifact {key!r} in {self.uri}.")
