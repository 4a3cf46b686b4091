"""The folder of a job beside its output: the parts that are done, and what they were made of.

It is there while a job runs, and afterwards only if that was interrupted or failed, so
that it can be gone on with. The output itself appears when all of it is there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from treering.core.errors import AlreadyExists, Conflict, InvalidInput
from treering.core.log import logger
from treering.models.scoring.checksums import checksum
from treering.models.scoring.messages import Done
from treering.storage.journal.ownership import still_there, try_lock

__all__ = ["Parts"]

_JOB = "job.json"
_DONE = "done.jsonl"
_LOCK = "lock"


class Parts:
    """The folder of one job; one process has it at a time.

    Args:
        output: The file that comes of the job.
        resume: Whether parts of an earlier try are used.

    Raises:
        Conflict: If another process writes the same output.
    """

    def __init__(self, output: str, *, resume: bool) -> None:
        path = Path(output).absolute()
        self._output = path
        self.folder = path.parent / f".{path.name}.treering"
        self._resume = resume
        self.done: dict[int, Done] = {}
        self._strange = False
        self._lock = self._take()
        self._list: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._list is not None:
            self._list.close()
        # Nothing came of it, so there is nothing to go on with.
        if not self.done and not self._strange:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    @property
    def draft(self) -> str:
        """Where the output is put together."""
        return str(self.folder / "output")

    def part(self, index: int) -> str:
        """Where the part of a section is."""
        return str(self.folder / f"{index:06}.part")

    def begin(self, job: Mapping[str, Any], cutting: Mapping[str, Any]) -> Mapping[str, Any]:
        """Look at what an earlier try left; returns how that one, or this one, cuts its files.

        Args:
            job: What parts are made of; they are used only where it is the same.

        Raises:
            InvalidInput: If they were made of something else.
        """
        found = self._earlier() if self._resume else None
        if found is not None:
            other = [name for name in job if found["job"].get(name) != job[name]]
            if other:
                msg = (
                    f"{self._output} cannot be gone on with: since the try before, this changed: {', '.join(other)}."
                    " Begin anew without --resume."
                )
                self._strange = True
                raise InvalidInput(msg)
            self.done = self._whole()
            cutting = found["cutting"]
        else:
            self._clear()
            text = json.dumps({"format": 1, "job": job, "cutting": cutting})
            draft = self.folder / f"{_JOB}.draft"
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.folder / _JOB)
        self._list = (self.folder / _DONE).open("ab")
        return cutting

    def note(self, done: Done) -> None:
        """A part is there."""
        self.done[done.index] = done
        if self._list is not None:
            self._list.write(msgspec.json.encode(done) + b"\n")
            self._list.flush()

    def publish(self) -> None:
        """Put the draft, which is complete, in the place of the output, and remove the folder."""
        try:
            Path(self.draft).replace(self._output)
        except OSError as error:
            if not self._output.is_dir():
                raise
            msg = f"{self._output} is a folder with something in it now. Remove that; the same command with --resume goes on."
            raise AlreadyExists(msg) from error
        if sys.platform != "win32":
            descriptor = os.open(self._output.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self) -> None:
        """Nothing of what is done can be used."""
        self.done = {}

    def _earlier(self) -> Any:
        try:
            found = json.loads((self.folder / _JOB).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and found.get("format") == 1 else None

    def _whole(self) -> dict[int, Done]:
        """The parts that a crash left whole."""
        found: dict[int, Done] = {}
        try:
            lines = (self.folder / _DONE).read_bytes().splitlines()
        except OSError:
            return found
        for line in lines:
            with suppress(msgspec.DecodeError, OSError):  # a line that was cut, a part that is not there
                done = msgspec.json.decode(line, type=Done)
                if checksum(self.part(done.index)) == (done.size, done.crc):
                    found[done.index] = done
        return found

    def _clear(self) -> None:
        left = [entry for entry in self.folder.iterdir() if entry.name != _LOCK]
        if (self.folder / _JOB).exists():
            logger.warning(
                "%s is begun anew; what an earlier try left of it is removed. --resume goes on.", self._output
            )
        for entry in left:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _take(self) -> IO[bytes]:
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / _LOCK
            try:
                file = path.open("ab")
            except FileNotFoundError:  # who had it is done, and has just removed the folder
                continue
            if not try_lock(file.fileno()):
                file.close()
                msg = f"Another process writes {self._output} now. Wait for it, or choose another output."
                raise Conflict(msg)
            if still_there(path, file.fileno()):
                return file
            file.close()
