"""How stages went the last time: when, for how long, what they printed, and whether they run now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from treering.core.errors import InvalidInput, NotFound
from treering.entities.repository import StageLogText
from treering.pipelines.leftovers import is_noted
from treering.pipelines.logs import StageLogs, file_name

__all__ = ["LastRun", "last_run", "log_text"]

_MOST = 1 << 20
_NO_FOLDERS = {"", ".", ".."}
# Of a character in UTF-8 that takes several bytes.
_CONTINUES, _BEGINS = 0x80, 0xC0


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last execution of a stage, as far as something is left of it.

    Attributes:
        began: In milliseconds since the epoch; None where nothing is left.
        duration: In seconds; None where it is not known.
    """

    began: int | None = None
    duration: float | None = None
    running: bool = False
    failed: bool = False
    has_log: bool = False


def last_run(folder: Path, address: str) -> LastRun:
    """What is left of the last execution.

    Args:
        folder: Where the repository keeps what is Treering's own.
    """
    running = is_noted(folder, address)
    outcome = StageLogs(folder).outcome(address)
    newest = next(iter(StageLogs(folder).of(address)), None)
    began = _began(newest.name) if newest is not None else None
    if outcome is not None and not running and (began is None or outcome.began >= began - 1000):
        duration = (outcome.ended - outcome.began) / 1000
        return LastRun(outcome.began, duration, failed=outcome.status != 0, has_log=newest is not None)
    return LastRun(began, None, running, has_log=newest is not None)


def log_text(folder: Path, address: str, start: int) -> StageLogText:
    """What the newest log has from a byte on; the last MiB of it at most.

    Raises:
        NotFound: If the stage has no log.
        InvalidInput: If `start` is below 0.
    """
    if start < 0:
        msg = f"'start' is {start}. Give a number of bytes from 0 on."
        raise InvalidInput(msg)
    # Asked before the log is read: what comes in between is read the next time.
    running = file_name(address) not in _NO_FOLDERS and is_noted(folder, address)
    logs = StageLogs(folder).of(address) if file_name(address) not in _NO_FOLDERS else []
    if not logs:
        msg = f"There is no log of a stage {address!r}. It has not run here, or what it printed went to a terminal."
        raise NotFound(msg)
    try:
        with logs[0].open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # A shorter log than before is that of another run.
            begin = max(start if start <= size else 0, size - _MOST)
            file.seek(begin)
            data = file.read(_MOST)
    except FileNotFoundError as error:
        msg = f"The log of the stage {address!r} was removed just now. Ask again."
        raise NotFound(msg) from error
    if running:
        data = _whole(data)
    return StageLogText(data.decode("utf-8", "replace"), begin, begin + len(data), running, logs[0].stem)


def _whole(data: bytes) -> bytes:
    """The data without a character at its end of which not all bytes have come."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= _BEGINS:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4  # noqa: PLR2004 - as UTF-8 has it
            return data[:-back] if back < needed else data
        if byte < _CONTINUES:
            break
    return data


def _began(name: str) -> int | None:
    """When a log began, by its name."""
    try:
        moment = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)
