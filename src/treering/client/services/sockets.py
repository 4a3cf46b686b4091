"""HTTP over sockets of the file system, for urllib3."""

from __future__ import annotations

import socket

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import NewConnectionError

__all__ = ["socket_pool"]


def socket_pool(path: str) -> HTTPConnectionPool:
    """A pool of connections to one socket."""

    class Connection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            if isinstance(self.timeout, int | float):
                found.settimeout(self.timeout)
            try:
                found.connect(path)
            except OSError as error:
                found.close()
                msg = f"{path}: {error}"
                raise NewConnectionError(self, msg) from error
            return found

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool("localhost", maxsize=16)
