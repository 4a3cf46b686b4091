"""What lies at a URL or path outside of any repository: its files, their bytes, and how to tell whether it has changed.

What tells a change is what DVC writes into a pointer: the MD5 of a local path and of one
behind ssh, the ETag of an object in a cloud, the header of a web server.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import urllib3

from treering.core.errors import InvalidInput, NotFound, NotSupported, Unavailable
from treering.storage.content.hashing import BLOCK, Hasher, hash_file
from treering.storage.content.manifest import Manifest, dump_manifest
from treering.storage.content.oid import DIR_SUFFIX, Oid
from treering.storage.objects.base import ObjectStore, Versioned
from treering.versioning.config_schema import scheme_of
from treering.versioning.ignore import IGNORE_FILE
from treering.versioning.pointers import Dependency
from treering.versioning.remotes import Remote, remote_of
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many

__all__ = ["UrlSource", "open_url", "refuse_versions"]

_LOCAL_JOBS = 4
_ETAGS = {"s3", "azure", "gs", "wasb", "wasbs", "abfs", "abfss"}
_WEB = {"http", "https"}
_REMOTE = "remote://"
_TIMEOUT = 60.0


class UrlSource(Protocol):
    """Files that can be read where they are."""

    @property
    def name(self) -> str:
        """The last part of the URL or path."""
        ...

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder. Raises NotFound if nothing is there."""
        ...

    @property
    def jobs(self) -> int:
        """How many files are best read at once."""
        ...

    def files(self) -> Sequence[tuple[str, int | None]]:
        """Paths below the folder with sizes, sorted; the one file is "". Raises NotFound if nothing is there."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of a file in pieces."""
        ...

    def local(self, name: str) -> Path | None:
        """Where a file lies on this machine."""
        ...

    def marks(self, dep: Dependency) -> Dependency:
        """The dependency with what tells this content from any other. Raises NotFound if nothing is there."""
        ...


def open_url(
    url: str, repo: Repository | None = None, base: Path | None = None, fs_config: Mapping[str, Any] | None = None
) -> UrlSource:
    """The source at a URL or path; nothing is connected yet.

    Args:
        url: `remote://name/path` stands for a path in a remote of the repository.
        repo: Whose config tells of remotes.
        base: What a relative path is relative to; the current folder unless given.
        fs_config: Options, in the words of a remote's config.

    Raises:
        UnknownRemote: If there is no such remote.
        NotSupported: If nothing speaks the scheme.
    """
    if url.startswith(_REMOTE):
        if repo is None:
            msg = f"{url!r} names a remote, but this is no repository whose config could tell where it is."
            raise InvalidInput(msg)
        name, _, path = url.removeprefix(_REMOTE).partition("/")
        known = remote_of({**repo.config.remote(name), **(fs_config or {})}, name)
        if known.folder is not None:
            return _LocalSource(known.folder / path)
        return _of_remote(known, f"{known.url.rstrip('/')}/{path}")
    if not scheme_of(url) or url.startswith("file://"):
        path = unquote(urlsplit(url).path) if url.startswith("file://") else url
        return _LocalSource(Path(os.path.abspath((base or Path.cwd()) / Path(path).expanduser())))
    return _of_remote(remote_of({"url": url, **(fs_config or {})}), url)


def _of_remote(remote: Remote, url: str) -> UrlSource:
    if scheme_of(url) in _WEB:
        return _WebSource(url, remote)
    head, slash, name = url.rstrip("/").rpartition("/")
    if head.endswith("/") or not slash:
        msg = f"{url!r} names no file or folder. Write what is wanted behind it."
        raise InvalidInput(msg)
    return _StoredSource(scheme_of(url), replace(remote, url=head), name)


@dataclass(frozen=True)
class _LocalSource:
    path: Path
    jobs = _LOCAL_JOBS

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_dir(self) -> bool:
        if not self.path.exists():
            msg = f"There is nothing at {str(self.path)!r}. Give the path of a file or folder."
            raise NotFound(msg)
        return self.path.is_dir()

    def files(self) -> Sequence[tuple[str, int | None]]:
        if not self.is_dir:
            return [("", self.path.stat().st_size)]
        found: list[tuple[str, int | None]] = []
        start = len(os.fspath(self.path)) + 1
        for folder, _, names in os.walk(self.path):
            for name in names:
                full = os.path.join(folder, name)
                found.append((full[start:].replace(os.sep, "/"), os.stat(full).st_size))
        if any(posixpath.basename(name) == IGNORE_FILE for name, _ in found):
            msg = f"{str(self.path)!r} holds a {IGNORE_FILE}, which tracked data cannot. Move it out of there."
            raise InvalidInput(msg)
        return sorted(found)

    def read(self, name: str) -> Iterator[bytes]:
        with (self.path / name if name else self.path).open("rb") as file:
            while piece := file.read(BLOCK):
                yield piece

    def local(self, name: str) -> Path:
        return self.path / name if name else self.path

    def marks(self, dep: Dependency) -> Dependency:
        return _by_md5(self, dep, lambda name: hash_file(self.local(name)))


@dataclass(frozen=True)
class _StoredSource:
    scheme: str
    remote: Remote
    name: str

    @property
    def jobs(self) -> int:
        return self.remote.jobs

    @cached_property
    def _store(self) -> ObjectStore:
        return self.remote.store

    @cached_property
    def is_dir(self) -> bool:
        return self._store.stat(self.name).is_dir

    def files(self) -> Sequence[tuple[str, int | None]]:
        if not self.is_dir:
            return [("", self._store.stat(self.name).size)]
        start = len(self.name) + 1
        return sorted((info.path[start:], info.size) for info in self._store.walk(self.name) if info.size is not None)

    def read(self, name: str) -> Iterator[bytes]:
        return self._store.read(self._key(name))

    def local(self, name: str) -> Path | None:
        return self._store.local_path(self._key(name))

    def marks(self, dep: Dependency) -> Dependency:
        if self.scheme not in _ETAGS or not isinstance(self._store, Versioned):
            return _by_md5(self, dep, lambda name: _hashed(self.read(name)))
        listed = self.files()
        tags = dict.fromkeys((name for name, _ in listed), "")
        store = self._store

        def ask(name: str) -> None:
            tag = store.version(self._key(name))
            tags[name] = tag.strip('"') if self.scheme == "s3" else tag

        run_many(ask, list(tags), min(self.jobs, len(tags)), Stop())
        size = sum(size or 0 for _, size in listed)
        if not self.is_dir:
            return replace(dep, oid=None, etag=tags[""], size=size, nfiles=None)
        # As a list of files is named, but of ETags.
        text = json.dumps([{"etag": tags[name], "relpath": name} for name in sorted(tags)], sort_keys=True)
        oid = Oid(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + DIR_SUFFIX)
        return replace(dep, oid=oid, etag="", size=size, nfiles=len(tags))

    def _key(self, name: str) -> str:
        return f"{self.name}/{name}" if name else self.name


@dataclass(frozen=True)
class _WebSource:
    """A file of a web server: there are no folders."""

    url: str
    remote: Remote
    is_dir = False

    @property
    def name(self) -> str:
        return unquote(posixpath.basename(urlsplit(self.url).path)) or "index.html"

    @property
    def jobs(self) -> int:
        return self.remote.jobs

    def files(self) -> Sequence[tuple[str, int | None]]:
        size = self._headers.get("content-length", "")
        return [("", int(size) if size.isdecimal() else None)]

    def read(self, name: str) -> Iterator[bytes]:
        del name
        base, mark, query = self.url.partition("?")
        head, _, last = base.rpartition("/")
        return replace(self.remote, url=f"{head}{mark}{query}").store.read(unquote(last))

    def local(self, name: str) -> None:
        del name

    def marks(self, dep: Dependency) -> Dependency:
        headers = self._headers
        size = self.files()[0][1]
        mark = headers.get("etag") or headers.get("content-md5") or self._token(headers, size)
        return replace(dep, oid=None, checksum=mark, size=size, nfiles=None)

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        options = self.remote.config
        headers = {"accept-encoding": "identity"}
        if options.get("auth") == "basic" or (options.get("user") and options.get("password")):
            headers |= urllib3.make_headers(basic_auth=f"{options.get('user')}:{options.get('password')}")
        elif options.get("custom_auth_header"):
            headers[str(options["custom_auth_header"])] = str(options.get("password", ""))
        checked = "CERT_NONE" if options.get("ssl_verify") is False else "CERT_REQUIRED"
        with urllib3.PoolManager(cert_reqs=checked, timeout=_TIMEOUT, retries=3) as pool:
            try:
                answer = pool.request("HEAD", self.url, headers=headers, preload_content=False)
            except urllib3.exceptions.HTTPError as error:
                msg = f"{self.url} cannot be reached: {error}. Look whether it can be opened in a browser."
                raise Unavailable(msg) from error
            if answer.status in {404, 410}:
                msg = f"There is nothing at {self.url}. Look whether it can be opened in a browser."
                raise NotFound(msg)
            if answer.status >= 400:  # noqa: PLR2004  # all errors
                msg = f"{self.url} cannot be read: the server answers {answer.status} {answer.reason or ''}."
                raise Unavailable(msg)
            return {
                **{name.lower(): value for name, value in answer.headers.items()},
                ":url": answer.geturl() or self.url,
            }

    def _token(self, headers: Mapping[str, str], size: int | None) -> str:
        """What fsspec makes of all that it knows of a file, when the server sends no mark."""
        info: dict[str, Any] = {"name": self.url, "size": size}
        if "content-type" in headers:
            info["mimetype"] = headers["content-type"].partition(";")[0]
        if headers.get("accept-ranges") == "none":
            info["partial"] = False
        info["url"] = urllib3.util.parse_url(headers[":url"]).url if "://" in headers[":url"] else self.url
        info |= {name: headers[name.lower()] for name in ("Digest", "Last-Modified") if headers.get(name.lower())}
        info["type"] = "file"
        return str(int(hashlib.md5(str((info,)).encode(), usedforsecurity=False).hexdigest(), 16))


def _by_md5(source: UrlSource, dep: Dependency, digest: Callable[[str], str]) -> Dependency:
    listed = source.files()
    digests = dict.fromkeys((name for name, _ in listed), "")

    def count(name: str) -> None:
        digests[name] = digest(name)

    run_many(count, list(digests), min(source.jobs, len(digests)), Stop())
    size = sum(size or 0 for _, size in listed)
    if not source.is_dir:
        return replace(dep, oid=Oid(digests[""]), etag="", checksum="", size=size, nfiles=None)
    text = dump_manifest(Manifest.of(digests.items()))
    oid = Oid(hashlib.md5(text, usedforsecurity=False).hexdigest() + DIR_SUFFIX)
    return replace(dep, oid=oid, etag="", checksum="", size=size, nfiles=len(digests))


def _hashed(chunks: Iterator[bytes]) -> str:
    hasher = Hasher()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()


def refuse_versions(url: str) -> None:
    """Raise NotSupported."""
    msg = (
        f"{url} cannot be imported with its versions: what stands in a bucket that keeps them is read, but not written."
        " Import it without `--version-aware`."
    )
    raise NotSupported(msg)
