"""Starting, asking and ending a supervisor from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import Conflict, NotSupported, Unavailable
from treering.core.whole_files import write_whole
from treering.deployments import supervisor

__all__ = ["Supervised", "alone", "end", "last_lines", "look", "start"]

_LOOK = 0.05
_STARTING = 10.0
_CHANGING = 60.0
_LINES = 20


@dataclass(frozen=True, slots=True)
class Supervised:
    """What a supervisor says of what it runs.

    Attributes:
        alive: Whether there is a supervisor.
        state: `running`, `pausing` before it starts it again, `stopped`, or "" where it never was.
        since: Milliseconds since the epoch.
        quick: How often in a row it ended soon after it was started.
        last: How it ended last.
        order: The name of the order that it follows.
        late: Whether there is another order by now.
    """

    alive: bool
    state: str = ""
    pid: int = 0
    child: int = 0
    since: int = 0
    restarts: int = 0
    quick: int = 0
    last: str = ""
    order: str = ""
    late: bool = False


def start(
    folder: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    grace: float = 30.0,
    sample: Mapping[str, object] | None = None,
) -> None:
    """Let a command be kept running from now on; one that is kept already in this folder is put in its place.

    Args:
        sample: `host`, `port` and `path` where counts are looked at now and then.

    Raises:
        NotSupported: On Windows.
        Unavailable: If the supervisor does not come up.
    """
    if sys.platform == "win32":
        msg = "Processes are not supervised on Windows. Run `treering serve` as a service, or deploy to another target."
        raise NotSupported(msg)
    folder.mkdir(parents=True, exist_ok=True)
    order = {
        "order": os.urandom(8).hex(),
        "command": list(command),
        "environment": dict(environment),
        "grace": grace,
        "sample": sample,
    }
    write_whole(folder / supervisor.ORDER, json.dumps(order).encode())
    known = look(folder)
    if known.alive:
        os.kill(known.pid, signal.SIGHUP)
        return
    # What an earlier one said is not true of this one.
    (folder / supervisor.STATE).unlink(missing_ok=True)
    process = subprocess.Popen(  # noqa: S603 -- of ours
        [sys.executable, "-m", supervisor.__name__, str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd="/", start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + _STARTING
    while not look(folder).alive:
        if process.poll() is not None or time.monotonic() > until:
            msg = f"The process that keeps the server running did not come up in {folder}. Look there, and try again."
            raise Unavailable(msg)
        time.sleep(_LOOK)
    # It outlives this process, whose collector of ended children must not complain of it.
    process.returncode = 0


def look(folder: Path) -> Supervised:
    """How it stands."""
    alive = supervisor.held(folder)
    try:
        known = json.loads((folder / supervisor.STATE).read_bytes())
    except (FileNotFoundError, ValueError):
        return Supervised(alive=False) if not alive else Supervised(alive=False, state="starting")
    return Supervised(alive, **known, late=known.get("order", "") != _order(folder))


def _order(folder: Path) -> str:
    try:
        return str(json.loads((folder / supervisor.ORDER).read_bytes()).get("order", ""))
    except (FileNotFoundError, ValueError):
        return ""


def end(folder: Path, patience: float = 60.0) -> None:
    """End the supervisor with what it runs; again is no error.

    Raises:
        Unavailable: If it does not end.
    """
    until = time.monotonic() + patience
    while supervisor.held(folder):
        known = look(folder)
        if known.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(known.pid, signal.SIGTERM)
        if time.monotonic() > until:
            msg = f"The server kept in {folder} (process {known.pid}) does not end. End it yourself, and try again."
            raise Unavailable(msg)
        time.sleep(_LOOK)


def last_lines(folder: Path) -> str:
    """The end of what it wrote."""
    try:
        with (folder / supervisor.LOG).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-_LINES:])


@contextmanager
def alone(lock: Path, what: str) -> Iterator[None]:
    """Nobody else who asks for this lock is in at the same time, in whatever process.

    Raises:
        Conflict: If somebody stays in for longer than a change takes.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + _CHANGING
        while not supervisor.locked(descriptor):
            if time.monotonic() > until:
                msg = f"Somebody else is changing {what} at this moment. Try again when they are done."
                raise Conflict(msg)
            time.sleep(_LOOK)
        yield
    finally:
        os.close(descriptor)
