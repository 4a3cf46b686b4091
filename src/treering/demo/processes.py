"""Calling `treering` as a person does: a command that ends, and servers that are stopped again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import urllib3

from treering.core.errors import Unavailable

__all__ = ["call", "running"]

_START = 30.0
_STOP = 10.0


def call(arguments: list[str], cwd: Path) -> str:
    """What `treering <arguments>` prints, whatever its exit status says.

    Raises:
        Unavailable: If it prints nothing; the message has what it complained about.
    """
    ended = subprocess.run(  # noqa: S603 - our own command with our own arguments
        [sys.executable, "-m", "treering", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        cwd=cwd,
    )
    said = ended.stdout.decode(errors="replace")
    if not said.strip():
        msg = f"`treering {' '.join(arguments)}` failed: {ended.stderr.decode(errors='replace').strip()[-2000:]}"
        raise Unavailable(msg)
    return said


@contextmanager
def running(name: str, arguments: list[str], url: str, cwd: Path) -> Iterator[None]:
    """Run `treering <arguments>` until the block ends.

    Args:
        name: What it is called in messages.
        url: Asked until it answers 200, which is when the block starts.
        cwd: Working directory of the process.

    Raises:
        Unavailable: If it ends or does not answer within 30 seconds; the message has what it printed.
    """
    with TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - our own command with our own arguments
            [sys.executable, "-m", "treering", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
        )
        try:
            if not _answers(process, url):
                output.seek(0)
                said = output.read().decode(errors="replace").strip()[-2000:]
                msg = f"The {name} did not start at {url}. It said: {said or 'nothing'}"
                raise Unavailable(msg)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP)
            process.kill()
            process.wait()


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + _START
    with urllib3.PoolManager(retries=False, timeout=2.0) as http:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(urllib3.exceptions.HTTPError):
                if http.request("GET", url).status == 200:  # noqa: PLR2004 - OK
                    return True
            time.sleep(0.05)
    return False
