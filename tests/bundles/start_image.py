"""A program: starts what an image's configuration says in its unpacked file system, asks it, and prints what it said.

    start_image.py ROOT CONFIG BODY

It is run in a network namespace of its own, in which there is nothing but loopback.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

PORT = 18080
ADDRESS = f"http://127.0.0.1:{PORT}"


def raise_loopback() -> None:
    """What `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, 0x8913, request))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def ask(path: str, body: str | None = None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(ADDRESS + path, None if body is None else body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.read().decode()


def main(root: str, config: str, body: str) -> None:
    raise_loopback()
    said = json.loads(config)
    variables = dict(one.split("=", 1) for one in said["Env"]) | {"PORT": str(PORT)}
    enter = ["chroot", f"--userspec={said['User']}", root]
    start = [*enter, *said["Entrypoint"]]
    server = subprocess.Popen([*start, "serve"], env=variables, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + 120
        ready = 0
        while ready != 200:
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"it ended with {server.returncode}, or is not ready in time")
            with suppress(OSError, urllib.error.HTTPError):
                ready = ask("/v2/health/ready")[0]
            time.sleep(0.05)
        answer = ask("/invocations", body)[1]
        probe = subprocess.run([*enter, *said["Healthcheck"]["Test"][1:]], env=variables, check=False).returncode
    finally:
        server.send_signal(signal.SIGTERM)
    print(json.dumps({"answer": json.loads(answer), "probe": probe, "ended": server.wait(60), "nobody": os.getuid()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
