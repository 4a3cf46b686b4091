"""Notes of runs that no store knows yet: `<run id>.run` beside the journals.

The journal of the process that began a run says so as well. The note is for the
journals of others, such as its children: whoever is delivered first makes the run.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from treering.storage.journal.frames import Creation
from treering.storage.journal.place import make_folder

__all__ = ["drop_note", "note_creation", "noted_creation"]

_decoder = msgspec.json.Decoder(Creation)


def note_creation(folder: Path, creation: Creation) -> None:
    """Leave a note. A full disk is no error here: the journal is what counts."""
    path = _path(folder, creation.new.run_id)
    fresh = path.with_suffix(f".run-{os.getpid()}")
    with suppress(OSError):
        make_folder(folder)
        fresh.write_bytes(msgspec.json.encode(creation))
        fresh.replace(path)


def noted_creation(folder: Path, run_id: str) -> Creation | None:
    """What is noted of a run; None for nothing."""
    try:
        return _decoder.decode(_path(folder, run_id).read_bytes())
    except (OSError, ValueError):
        return None


def drop_note(folder: Path, run_id: str) -> None:
    """The run is known now, or will never be."""
    with suppress(OSError):
        _path(folder, run_id).unlink(missing_ok=True)


def _path(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.run"
