"""A network between client and server that can be cut: bytes wait in it, or it breaks."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress

__all__ = ["Network"]


class Network:
    """Carries connections to a port of this machine until `cut`, and again after `mend`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._whole = threading.Event()
        self._whole.set()
        self._ended = False
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._allowed: int | None = None
        self._drops = self._lifetime = 0
        self.sent = 0
        """Bytes that clients have sent through it."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing comes through; who waits for an answer is not told."""
        self._whole.clear()

    def cut_after(self, size: int) -> None:
        """Cut it when clients have sent that many bytes from now on."""
        with self._lock:
            self._allowed = self.sent + size

    def drop(self, connections: int, after: int) -> None:
        """Break that many connections off, each when it has carried that many bytes, to and fro."""
        with self._lock:
            self._drops, self._lifetime = connections, after

    @property
    def drops(self) -> int:
        """How many connections are yet to break off."""
        return self._drops

    @property
    def is_cut(self) -> bool:
        return not self._whole.is_set()

    def mend(self, *, broken: bool) -> None:
        """Things come through again: what was under way as well, or, if `broken`, none of it."""
        if broken:
            with self._lock:
                for one in self._sockets:
                    with suppress(OSError):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        one.shutdown(socket.SHUT_RDWR)
        self._whole.set()

    def close(self) -> None:
        self._ended = True
        self.mend(broken=True)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        self._whole.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        with self._lock:
            self._sockets |= {near, far}
        try:
            self._pump(near, far)
        finally:
            with self._lock:
                self._sockets -= {near, far}

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        carried = 0
        with selectors.DefaultSelector() as selector, near, far:
            selector.register(near, selectors.EVENT_READ)
            selector.register(far, selectors.EVENT_READ)
            with suppress(OSError):
                while True:
                    for key, _ in selector.select():
                        source = next(one for one in other if one is key.fileobj)
                        data = source.recv(1 << 16)
                        if source is near:
                            self._count(len(data))
                        self._whole.wait()
                        carried += len(data)
                        if not data or self._breaks(near, carried):
                            return
                        other[source].sendall(data)

    def _count(self, size: int) -> None:
        with self._lock:
            self.sent += size
            if self._allowed is not None and self.sent >= self._allowed:
                self._allowed = None
                self.cut()

    def _breaks(self, near: socket.socket, carried: int) -> bool:
        with self._lock:
            if not self._drops or carried < self._lifetime:
                return False
            self._drops -= 1
        # Without a farewell.
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True
