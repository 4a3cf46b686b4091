"""Starting either server on a database of its own, and how much memory all of its processes hold."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sides import Side

__all__ = ["Server", "cpu_seconds", "end", "free_port", "proportional_bytes", "resident_bytes", "serving"]

DEADLINE = 180.0


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        start: Seconds from the start of the program to the first 200 on /health.
        resident: Bytes, all processes together, when it had answered.
    """

    port: int
    pid: int
    start: float
    resident: int


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(side: Side, folder: Path, *options: str, **environment: str) -> Iterator[Server]:
    """`side`'s server on a SQLite database in `folder` unless `options` name another, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [side.program, "server", "--host", "127.0.0.1", "--port", str(port)]
    if "--backend-store-uri" not in options:
        command += ["--backend-store-uri", f"sqlite:///{folder / 'bench.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts"), *options]
    env = {**os.environ, **environment}
    with (folder / "server.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            start = _wait(process, port, began, folder)
            yield Server(port, process.pid, start, resident_bytes(process.pid))
        finally:
            end(process)


def _wait(process: subprocess.Popen[bytes], port: int, began: float, folder: Path) -> float:
    while time.perf_counter() - began < DEADLINE:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    log = (folder / "server.log").read_text(errors="replace")[-2000:]
    msg = f"The server did not start.\n{log}"
    raise RuntimeError(msg)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its whole group: MLflow's workers and job runners outlive their parent otherwise."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue


def resident_bytes(pid: int) -> int:
    """Resident memory of `pid` and everything below it; 0 where /proc is missing."""
    return sum(_resident(member) for member in _family(pid))


def proportional_bytes(pid: int) -> int:
    """As `resident_bytes`, but what several processes share counts once, and so does what others map, too."""
    return sum(_proportional(member) for member in _family(pid))


def cpu_seconds(pid: int) -> float:
    """What `pid` and everything below it have had of the processors; 0 where /proc is missing."""
    return sum(_cpu(member) for member in _family(pid))


def _family(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> int:
    try:
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
