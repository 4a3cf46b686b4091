"""A server at full load whose workers are killed at random: whether each request gets a status, and whether memory grows.

`python benchmarks/soak.py --seconds 600` runs it by itself; as the theme `soak` it is a part of the benchmarks.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from figures import Figure
from load import Asked
from servers import proportional_bytes

import serving

__all__ = ["soak"]

CLIENTS = 4
AHEAD = 8
"""Connections of each client."""
_PATIENCE = 60.0


@dataclass
class Kept:
    """What the clients saw, and what was measured meanwhile.

    Attributes:
        statuses: How often each status came; 0: the connection ended without one.
        memory: Bytes of all processes, with the seconds at which they were measured.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    killed: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)
    slowest: float = 0.0


def soak(folder: Path, *, quick: bool, seconds: float | None = None) -> list[Figure]:
    """Ten minutes, or one with `quick`; a worker is killed every few seconds."""
    lasting = seconds or (60.0 if quick else 600.0)
    folder.mkdir(parents=True, exist_ok=True)
    kind = next(one for one in serving.save_models(folder) if one.name == "saved")
    kept = _keep_asking(kind, folder, lasting)
    asked = sum(kept.statuses.values())
    late = _late_memory(kept.memory)
    print(
        f"  statuses {dict(kept.statuses)}, {kept.killed} workers killed, slowest {kept.slowest:.2f} s", file=sys.stderr
    )
    what = f"{lasting:.0f} s, {asked:,} requests, {kept.killed} workers killed"
    return [
        Figure("soak", f"{what}: without a status", "requests", kept.statuses[0], None, limit=0),
        Figure("soak", f"{what}: with a wrong answer", "requests", kept.wrong, None, limit=0),
        Figure("soak", f"{what}: told anything but 200", "requests", asked - kept.statuses[200], None, limit=0),
        Figure("soak", f"{what}: slowest", "ms", kept.slowest * 1000, None),
        Figure("soak", f"{what}: memory, last quarter beside the second", "times", late, None, limit=1.05),
    ]


def _keep_asking(kind: serving.Kind, folder: Path, seconds: float) -> Kept:
    contender = serving.ours(kind, "--workers", "2")
    one = Asked("/invocations", serving.body_of(folder, 1))
    kept = Kept()
    with serving.running(contender, folder, one) as (port, pid, _):
        right = serving.answers_to(port, one)[1]
        end = time.monotonic() + seconds
        counts = [Kept() for _ in range(CLIENTS)]
        clients = [threading.Thread(target=_ask, args=(port, one, right, end, mine)) for mine in counts]
        for client in clients:
            client.start()
        began = time.monotonic()
        chance = random.Random(0)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, chance.uniform(0.5, 4.0)))
            kept.memory.append((time.monotonic() - began, proportional_bytes(pid)))
            if end - time.monotonic() > 2 and (victims := _workers(pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    kept.killed += 1
        for client in clients:
            client.join()
    for mine in counts:
        kept.statuses += mine.statuses
        kept.wrong += mine.wrong
        kept.slowest = max(kept.slowest, mine.slowest)
    # `+=` of a Counter drops what is zero.
    return kept


def _ask(port: int, asked: Asked, right: bytes, end: float, kept: Kept) -> None:
    """Some connections, each with a request under way at all times; a connection that breaks is made anew."""
    request = asked.head(port) + asked.body
    wires = [_Wire(port) for _ in range(AHEAD)]
    while time.monotonic() < end:
        begun = time.monotonic()
        for wire in wires:
            wire.send(request)
        for wire in wires:
            status, body = wire.answer()
            kept.statuses[status] += 1
            kept.wrong += status == 200 and body != right
        kept.slowest = max(kept.slowest, time.monotonic() - begun)
    for wire in wires:
        wire.close()


class _Wire:
    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        try:
            self._socket.sendall(request)
        except OSError:
            self._again()

    def answer(self) -> tuple[int, bytes]:
        read = b""
        try:
            while True:
                part = self._socket.recv(1 << 16)
                if not part:
                    break
                read += part
                head, found, body = read.partition(b"\r\n\r\n")
                if not found:
                    continue
                fields = head.lower()
                length = int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0])
                if len(body) >= length:
                    if b"connection: close" in fields:
                        self._again()
                    return int(head[9:12]), body
        except OSError:
            pass
        self._again()
        return 0, b""

    def _again(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        self._socket.close()


def _workers(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            line = (path.parent / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == pid and b"treering.serving.workers" in line:
            found.append(int(path.parent.name))
    return found


def _late_memory(memory: list[tuple[float, int]]) -> float:
    """How many times the memory of the last quarter is that of the second; the first is the warming up."""
    if len(memory) < 8:
        return 1.0
    quarter = len(memory) // 4
    values = [size for _, size in memory]
    return median(values[-quarter:]) / median(values[quarter : 2 * quarter])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    with tempfile.TemporaryDirectory(prefix="treering-soak-") as made:
        for figure in soak(Path(made) / "soak", quick=False, seconds=parser.parse_args().seconds):
            print(f"{figure.what}: {figure.treering:.3f} {figure.unit}")
