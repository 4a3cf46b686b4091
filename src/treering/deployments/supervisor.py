"""A process that keeps another one running: started again when it ends, ended with it, and told of in a file.

    python -m treering.deployments.supervisor FOLDER

`order.json` in the folder says what is run. Who holds the lock on `lock` is the supervisor, for as long as it lives,
however it dies; `state.json` says the rest. Loads next to nothing, since it stays in memory for as long as what it keeps.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from treering.core.variables import process_variables

if sys.platform != "win32":
    import fcntl

__all__ = ["LOCK", "LOG", "ORDER", "SAMPLES", "SAMPLE_EVERY", "STATE", "Supervisor", "held", "locked", "main"]

LOCK = "lock"
LOG = "server.log"
ORDER = "order.json"
SAMPLES = "samples.json"
STATE = "state.json"

SAMPLE_EVERY = 5.0
"""Seconds between two looks at the counts."""

_SAMPLES_KEPT = 121
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY = 60.0
"""Seconds after which a process that ran has not failed at its start."""

_LOG_BYTES = 20 << 20
_LOOK = 0.25
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Supervisor:
    """Runs what the order says until it is told to end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._order: dict[str, Any] = json.loads((folder / ORDER).read_bytes())
        self._child: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._anew = False
        self._restarts = 0
        self._quick = 0
        self._last = ""
        self._samples: list[dict[str, Any]] = []
        self._next_sample = 0.0

    def run(self) -> None:
        """Return when told to end, after what it runs has ended."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGHUP, self._renew)
        while not self._told_to_end():
            self._start()
            began = time.monotonic()
            while not self._told_to_end() and not self._anew and self._poll() is None:
                time.sleep(_LOOK)
                self._trim()
                self._sample()
            code = self._stop()
            if self._told_to_end():
                break
            if self._reread():
                continue
            self._restarts += 1
            self._quick = 0 if time.monotonic() - began > _STEADY else self._quick + 1
            self._last = f"It ended with {_ending(code)} after {time.monotonic() - began:.0f} s."
            self._pause(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** max(0, self._quick - 1)))
        self._tell("stopped")

    def _start(self) -> None:
        environment = {**process_variables(), **self._order.get("environment", {})}
        with (self._folder / LOG).open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 -- the order is of the folder's owner
                self._order["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                cwd=self._folder, start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 -- there is one thread
            )  # fmt: skip
        self._tell("running")

    def _poll(self) -> int | None:
        return self._child.poll() if self._child is not None else 0

    def _stop(self) -> int:
        """End the process if it still runs: politely, and then not."""
        child = self._child
        if child is None:
            return 0
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(float(self._order.get("grace", 30.0)))
        # What it started itself goes, too.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        return child.wait()

    def _pause(self, seconds: float) -> None:
        self._tell("pausing")
        until = time.monotonic() + seconds
        while not self._told_to_end() and not self._anew and time.monotonic() < until:
            time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))
        self._reread()

    def _sample(self) -> None:
        """Remember what the server has counted, for rates and for a picture of the last minutes."""
        asked = self._order.get("sample")
        if asked is None or time.monotonic() < self._next_sample:
            return
        self._next_sample = time.monotonic() + SAMPLE_EVERY
        try:
            connection = http.client.HTTPConnection(asked["host"], asked["port"], timeout=2)
            with contextlib.closing(connection):
                connection.request("GET", asked["path"])
                told = json.loads(connection.getresponse().read())
            counts = {
                one["name"]: [one["answered"], one["refused"] + one["failed"], (one.get("seconds") or {}).get("p95")]
                for one in told["variants"]
            }
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return  # it is starting, or has gone; its end is seen elsewhere
        self._samples = [*self._samples[1 - _SAMPLES_KEPT :], {"time": int(time.time() * 1000), "variants": counts}]
        self._write(SAMPLES, self._samples)

    def _told_to_end(self) -> bool:
        return self._ending

    def _reread(self) -> bool:
        """Whether there was another order."""
        if not self._anew:
            return False
        self._anew, self._quick = False, 0
        self._order = json.loads((self._folder / ORDER).read_bytes())
        return True

    def _tell(self, state: str) -> None:
        told = {
            "pid": os.getpid(),
            "state": state,
            "order": self._order.get("order", ""),
            "child": self._child.pid if self._child is not None and state == "running" else 0,
            "since": int(time.time() * 1000),
            "restarts": self._restarts,
            "quick": self._quick,
            "last": self._last,
        }
        self._write(STATE, told)

    def _write(self, name: str, value: object) -> None:
        draft = self._folder / f"{name}.{os.getpid()}"
        draft.write_text(json.dumps(value))
        draft.replace(self._folder / name)

    def _trim(self) -> None:
        log = self._folder / LOG
        with contextlib.suppress(OSError):
            if log.stat().st_size > _LOG_BYTES:
                # The process goes on to write at the end, which is the beginning then.
                (self._folder / f"{LOG}.1").write_bytes(log.read_bytes())
                os.truncate(log, 0)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _renew(self, _number: int, _frame: FrameType | None) -> None:
        self._anew = True


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _ending(code: int) -> str:
    return f"status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def held(folder: Path) -> bool:
    """Whether a supervisor keeps what is in the folder."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not locked(descriptor)
    finally:
        os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Take the lock; False if somebody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def main(folder: Path) -> int:
    """Supervise until told to end; 1 if somebody else does already."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not locked(descriptor):
        return 1
    Supervisor(folder).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
