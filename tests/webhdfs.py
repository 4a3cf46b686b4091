"""A Hadoop file system of nobody's that speaks WebHDFS as Hadoop's documentation describes it.

No package registry has a real name node without Java, so that this one stands in for it:
a name node that sends clients on to a data node with 307 for bytes, exceptions named as
Java names them, and HDFS's own rules for renaming and deleting.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

__all__ = ["Cluster", "cluster"]

_MISSING, _FORBIDDEN, _BAD = 404, 403, 400


class _Refused(Exception):
    def __init__(self, status: int, exception: str, message: str) -> None:
        super().__init__(message)
        self.answer = {
            "RemoteException": {"exception": exception, "javaClassName": f"x.{exception}", "message": message}
        }
        self.status = status


@dataclass
class Cluster:
    """Where it listens and keeps its files, and what it was asked.

    Attributes:
        options: Whether RENAME knows `renameoptions`, as name nodes do and HttpFS does not.
        trouble: Java exceptions that the next requests to the name node are answered with.
    """

    folder: Path
    url: str = ""
    data_url: str = ""
    options: bool = True
    asked: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    trouble: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def path(self, name: str) -> Path:
        return self.folder / name.strip("/")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A name node and a data node of their own ports."""
    made = Cluster(folder)
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(kind, made)) for kind in (_NameNode, _DataNode)]
    made.url, made.data_url = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join(30)
            server.server_close()


class _Node(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    cluster: Cluster

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.cluster.users.add(query.get("user.name", ""))
        path = unquote(parts.path.removeprefix("/webhdfs/v1"))
        try:
            self.act(f"{self.command} {query.get('op', '').upper()}", path, query)
        except _Refused as refused:
            self.send_json(refused.answer, refused.status)

    def act(self, operation: str, path: str, query: dict[str, str]) -> None:
        raise NotImplementedError

    def send_json(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send_empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _NameNode(_Node):
    def act(self, operation: str, path: str, query: dict[str, str]) -> None:
        self.cluster.asked.append(operation)
        if self.cluster.trouble:
            raise _Refused(_FORBIDDEN, self.cluster.trouble.pop(0), "In trouble.")
        acts = {
            "GET GETFILESTATUS": self._status,
            "GET LISTSTATUS": self._list,
            "GET OPEN": self._open,
            "PUT CREATE": self._create,
            "PUT MKDIRS": self._make,
            "PUT RENAME": self._rename,
            "DELETE DELETE": self._delete,
        }
        if operation not in acts:
            raise _Refused(_BAD, "IllegalArgumentException", f"Invalid operation {operation}")
        with self.cluster.lock:  # a name node does one thing at a time
            acts[operation](path, query)

    def _status(self, path: str, _: dict[str, str]) -> None:
        self.send_json({"FileStatus": _status_of(self._there(path), "")})

    def _list(self, path: str, _: dict[str, str]) -> None:
        found = self._there(path)
        listed = [_status_of(found, "")] if found.is_file() else [_status_of(one, one.name) for one in found.iterdir()]
        self.send_json({"FileStatuses": {"FileStatus": listed}})

    def _open(self, path: str, query: dict[str, str]) -> None:
        if self._there(path).is_dir():
            raise _Refused(_MISSING, "FileNotFoundException", f"Path is not a file: {path}")
        self._elsewhere(query)

    def _create(self, path: str, query: dict[str, str]) -> None:
        target = self.cluster.path(path)
        self._parents(target)
        if target.is_dir() or (target.exists() and query.get("overwrite") != "true"):
            raise _Refused(_FORBIDDEN, "FileAlreadyExistsException", f"{path} already exists")
        self._elsewhere(query)

    def _make(self, path: str, _: dict[str, str]) -> None:
        target = self.cluster.path(path)
        self._parents(target)
        if target.is_file():
            raise _Refused(_FORBIDDEN, "FileAlreadyExistsException", f"Path is not a directory: {path}")
        target.mkdir(parents=True, exist_ok=True)
        self.send_json({"boolean": True})

    def _rename(self, path: str, query: dict[str, str]) -> None:
        source, target = self.cluster.path(path), self.cluster.path(query["destination"])
        over = self.cluster.options and query.get("renameoptions") == "OVERWRITE"
        if over:
            self._there(path)
        if not source.exists() or (target.exists() and not over):
            self.send_json({"boolean": False})
            return
        source.replace(target)
        # With options there is nothing to tell but success.
        self.send_empty(200) if over else self.send_json({"boolean": True})

    def _delete(self, path: str, query: dict[str, str]) -> None:
        target = self.cluster.path(path)
        if target.is_dir() and query.get("recursive") != "true" and any(target.iterdir()):
            raise _Refused(_FORBIDDEN, "PathIsNotEmptyDirectoryException", f"{path} is non empty")
        there = target.exists()
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        self.send_json({"boolean": there})

    def _there(self, path: str) -> Path:
        found = self.cluster.path(path)
        self._parents(found)
        if not found.exists():
            raise _Refused(_MISSING, "FileNotFoundException", f"File does not exist: {path}")
        return found

    def _parents(self, target: Path) -> None:
        for parent in target.relative_to(self.cluster.folder).parents:
            if (self.cluster.folder / parent).is_file():
                raise _Refused(_FORBIDDEN, "ParentNotDirectoryException", f"/{parent} (is not a directory)")

    def _elsewhere(self, query: dict[str, str]) -> None:
        query = {**query, "namenoderpcaddress": "127.0.0.1:8020"}
        location = f"{self.cluster.data_url}{urlsplit(self.path).path}?{urlencode(query)}"
        self.send_empty(307, Location=location)


class _DataNode(_Node):
    def act(self, operation: str, path: str, query: dict[str, str]) -> None:
        found = self.cluster.path(path)
        if operation == "PUT CREATE":
            found.parent.mkdir(parents=True, exist_ok=True)
            with found.open("wb") as file:
                while chunk := self._chunk():
                    file.write(chunk)
            self.send_empty(201, Location=f"hdfs://127.0.0.1{path}")
            return
        offset = int(query.get("offset", "0"))
        length = min(int(query.get("length", found.stat().st_size)), found.stat().st_size - offset)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with found.open("rb") as file:
            file.seek(offset)
            while length and (data := file.read(min(length, 1 << 16))):
                try:
                    self.wfile.write(data)
                except ConnectionError:  # the reader has had enough
                    self.close_connection = True
                    return
                length -= len(data)

    def _chunk(self) -> bytes:
        """The next piece of a body in chunks; the last is empty."""
        line = self.rfile.readline()
        size = int(line, 16) if line else 0
        data = self.rfile.read(size)
        self.rfile.readline()
        if len(data) < size or not line:
            raise ConnectionError
        return data


def _handler(kind: type[_Node], made: Cluster) -> type[_Node]:
    return type(kind.__name__, (kind,), {"cluster": made})


def _status_of(path: Path, suffix: str) -> dict[str, Any]:
    found = path.stat()
    return {
        "accessTime": 0,
        "blockSize": 128 << 20 if path.is_file() else 0,
        "group": "supergroup",
        "length": found.st_size if path.is_file() else 0,
        "modificationTime": found.st_mtime_ns // 1_000_000,
        "owner": "somebody",
        "pathSuffix": suffix,
        "permission": "644",
        "replication": 1,
        "type": "FILE" if path.is_file() else "DIRECTORY",
    }
