"""Artifacts on another machine that OpenSSH reaches: `sftp://user@host:port/absolute/path`.

`ssh://` is the same, with what `~/.ssh/config` says of the host. The machine's key must be
known, as `ssh` itself asks for; nothing is trusted on first sight.
"""

from __future__ import annotations

import contextlib
import errno
import posixpath
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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
from treering.storage.objects.options import Options, told

__all__ = ["SftpOptions", "SftpStore"]

_PIECE = 32 << 10
_MOST_SESSIONS = 1 << 16
_FAILED = (OSError, paramiko.SSHException, EOFError)


@dataclass(frozen=True, slots=True)
class SftpOptions:
    """What can be said about one machine.

    Attributes:
        key_file: The private key; empty: as the settings have it, and else the SSH agent and the keys in `~/.ssh`.
        passphrase: Of the private key.
        agent: Whether the SSH agent is asked; None: unless there is a key.
        kerberos: Whether GSS-API tells who asks.
        config_file: What `ssh` itself reads about hosts; empty: `~/.ssh/config` for `ssh://`, nothing for `sftp://`.
        sessions: How many connections there are at most; 0: as many as are needed at once.
    """

    user: str = ""
    port: int = 0
    password: str = ""
    key_file: str = ""
    passphrase: str = ""
    agent: bool | None = None
    kerberos: bool = False
    timeout: float = 0.0
    config_file: str = ""
    sessions: int = 0


class SftpStore(FolderStore):
    """A folder on another machine, which need not exist before the first write.

    Args:
        uri: `sftp://[user[:password]@]host[:port]/<path>`, or `ssh://`.
        options: As `SftpOptions`; they overrule the address.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        parts, said = urlsplit(uri), told(SftpOptions, options, uri)
        if not parts.hostname:
            msg = f"{uri!r} names no machine. Write sftp://<user>@<host>/<path>."
            raise InvalidInput(msg)
        user, number = said.user or unquote(parts.username or ""), said.port or parts.port
        shown = (
            f"{parts.scheme}://{f'{user}@' if user else ''}{parts.hostname}{f':{number}' if number else ''}{parts.path}"
        )
        who = _Who(parts.hostname, number or 0, user, said.password or unquote(parts.password or ""), said)
        machine = _Machine(_known(who, said.config_file or ("~/.ssh/config" if parts.scheme == "ssh" else "")), shown)
        super().__init__(shown, unquote(parts.path), machine, read_settings().http_retries + 1)


@dataclass(frozen=True, slots=True)
class _Who:
    """Whom to ask, and in whose name."""

    host: str
    port: int
    user: str
    password: str
    options: SftpOptions
    key_files: tuple[str, ...] = ()
    proxy: str = ""

    def arguments(self) -> dict[str, Any]:
        settings, options = read_settings(), self.options
        key: str | list[str] = options.key_file or settings.sftp_key_file or list(self.key_files)
        single = bool(options.key_file or settings.sftp_key_file)
        more = {"gss_auth": True, "gss_kex": True} if options.kerberos else {}
        return {
            "username": self.user or None,
            "password": self.password or None,
            "passphrase": options.passphrase or None,
            "key_filename": key or None,
            "timeout": options.timeout or settings.http_timeout,
            "allow_agent": not single if options.agent is None else options.agent,
            "look_for_keys": not single,
            **more,
        }


def _known(who: _Who, config_file: str) -> _Who:
    """With what the user has told `ssh` about the host."""
    path = Path(config_file).expanduser() if config_file else None
    if path is None or not path.is_file():
        return who
    try:
        found = paramiko.SSHConfig.from_path(str(path)).lookup(who.host)
    except paramiko.SSHException as error:
        msg = f"{path} cannot be read: {error}. Correct it."
        raise InvalidInput(msg) from error
    return _Who(
        str(found.get("hostname", who.host)),
        who.port or int(found.get("port", 0)),
        who.user or str(found.get("user", "")),
        who.password,
        who.options,
        tuple(file for file in found.get("identityfile", ()) if Path(file).is_file()),
        str(found.get("proxycommand", "")),
    )


class _Machine:
    """As `treering.storage.objects.folders.Disk`, over connections that are kept for the next use."""

    def __init__(self, who: _Who, shown: str) -> None:
        self._who, self._uri = who, shown
        self._lock = threading.Lock()
        self._idle: list[tuple[paramiko.SSHClient, paramiko.SFTPClient]] = []
        self._free = threading.BoundedSemaphore(who.options.sessions or _MOST_SESSIONS)

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
        self._free.acquire()
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
            self._free.release()

    def _connected(self) -> paramiko.SSHClient:
        settings, who = read_settings(), self._who
        ssh = paramiko.SSHClient()
        host, port = who.host, who.port or 22
        try:
            if settings.sftp_known_hosts:
                ssh.load_host_keys(settings.sftp_known_hosts)
            else:
                ssh.load_system_host_keys()
            ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
            proxy = paramiko.ProxyCommand(who.proxy) if who.proxy else None
            ssh.connect(host, port, sock=proxy, **who.arguments())
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
                f" ssh-keyscan -p {self._who.port or 22} {host} >> ~/.ssh/known_hosts"
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
