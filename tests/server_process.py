"""`treering server` as a process of its own, for tests that start, end and kill it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["PATIENCE", "Launch", "Server", "wait_until"]

READY = re.compile(r"Treering is ready at (https?://\S+)")
PATIENCE = 60

Launch = Callable[..., "Server"]


class Server:
    """A process, and where it listens."""

    def __init__(self, arguments: Sequence[str], home: Path, settings: Mapping[str, str] | None = None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from treering.cli.main import main; main()", "server", *arguments],
            env={**clean, **(settings or {}), "TREERING_HOME": str(home), "PYTHONWARNINGS": "error"},
            cwd=home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = ""

    def wait_ready(self) -> Server:
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], PATIENCE)[0], "nothing was printed"
        line = self.process.stdout.readline()
        found = READY.match(line)
        if not found:
            _, errors = self.process.communicate(timeout=PATIENCE)
            pytest.fail(f"{line!r}: {errors}")
        self.url = found[1]
        return self

    def ask(self, path: str, body: Any = None, context: ssl.SSLContext | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
            return json.loads(answer.read())

    def read(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def end(self, sign: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(sign)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
