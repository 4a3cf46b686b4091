"""Load on an HTTP server: many connections that ask the same again and again, by `wrk`, or by a loop of our own without it.

wrk is a program in C that costs the machine little; the loop in Python asks some 20,000 times a second at most,
so that fast servers look slower with it. The figures say which one asked.
"""

from __future__ import annotations

import json
import re
import selectors
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Asked", "Taken", "press", "tool"]

_SCRIPT = Path(__file__).parent / "workloads" / "press.lua"
_MARK = "TAKEN "
# Above this, something is wrong with the server rather than slow.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Asked:
    """What is asked: a body at a path, as one kind of content."""

    path: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def head(self, port: int) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"POST {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""]).encode()


@dataclass(frozen=True)
class Taken:
    """What came of it.

    Attributes:
        rate: Answers a second.
        middle: The median latency, in seconds; `slow` the 99th percentile.
        answers: How many there were in all.
        wrong: Answers that were not 2xx, and connections that broke.
    """

    rate: float
    middle: float
    slow: float
    answers: int
    wrong: int


def tool() -> str:
    """Who asks, for the heading."""
    return "wrk" if shutil.which("wrk") else "a loop in Python (wrk is not installed)"


def press(port: int, asked: Asked, connections: int, seconds: float, folder: Path) -> Taken:
    """Ask with so many connections at once, each of which waits for its answer before it asks again."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _loop(port, asked, connections, seconds)
    body = folder / "body"
    body.write_bytes(asked.body)
    (folder / "headers").write_text(
        "".join(f"{name}\t{value}\n" for name, value in {"Content-Type": asked.content_type, **asked.headers}.items())
    )
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}{asked.path}", "--", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    said = next((line for line in done.stdout.splitlines() if line.startswith(_MARK)), None)
    if said is None:
        msg = f"wrk said nothing to read: {done.stdout}\n{done.stderr}"
        raise RuntimeError(msg)
    told = json.loads(said.removeprefix(_MARK))
    return Taken(
        told["requests"] / told["duration"] * 1e6, told["p50"] / 1e6, told["p99"] / 1e6, told["requests"], told["wrong"]
    )


class _Connection:
    """One that asks, reads the answer whole, and notes how long that took."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._read = b""
        self._began = 0.0

    def ask(self) -> None:
        self._began = time.perf_counter()
        self._read = b""
        self.socket.sendall(self._request)

    def hear(self) -> tuple[float, bool] | None:
        """Seconds and whether the answer was a good one, once it is whole."""
        part = self.socket.recv(1 << 18)
        if not part:
            return time.perf_counter() - self._began, False
        self._read += part
        head, found, rest = self._read.partition(b"\r\n\r\n")
        if not found:
            return None
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        if length is None or len(rest) < int(length[1]):
            return None
        return time.perf_counter() - self._began, head[9:10] == b"2"


def _loop(port: int, asked: Asked, connections: int, seconds: float) -> Taken:
    request = asked.head(port) + asked.body
    chosen = selectors.DefaultSelector()
    members = [_Connection(port, request) for _ in range(connections)]
    taken: list[float] = []
    wrong = 0
    began = time.perf_counter()
    end = began + seconds
    try:
        for member in members:
            chosen.register(member.socket, selectors.EVENT_READ, member)
            member.ask()
        while time.perf_counter() < end and chosen.get_map():
            for key, _ in chosen.select(_PATIENCE):
                heard = key.data.hear()
                if heard is None:
                    continue
                taken.append(heard[0])
                if not heard[1]:
                    wrong += 1
                    chosen.unregister(key.fileobj)
                else:
                    key.data.ask()
        lasted = time.perf_counter() - began
    finally:
        for member in members:
            member.socket.close()
        chosen.close()
    taken.sort()
    if not taken:
        return Taken(0, _PATIENCE, _PATIENCE, 0, wrong)
    return Taken(len(taken) / lasted, taken[len(taken) // 2], taken[int(len(taken) * 0.99)], len(taken), wrong)
