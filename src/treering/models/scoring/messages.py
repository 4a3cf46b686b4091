"""What a job and its workers say to each other, as MessagePack through pipes."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from treering.models.scoring.job import Recipe
from treering.storage.tables.sections import Section

__all__ = ["Answer", "Done", "Failed", "Rows", "Task", "receive", "send", "task"]

_LENGTH = struct.Struct(">I")


class Task(msgspec.Struct, frozen=True):
    """To a worker: score a section. The first one brings what holds for all of them."""

    section: Section
    part: str
    recipe: Recipe | None = None


class Rows(msgspec.Struct, frozen=True, tag=True):
    """From a worker: so many more rows are predicted."""

    count: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """From a worker: a part is written.

    Attributes:
        columns: Of the part; none if it has no rows.
    """

    index: int
    rows: int
    size: int
    crc: int
    columns: list[str]
    weight: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From a worker: a section cannot be scored. The worker ends."""

    code: str
    message: str


Answer = Rows | Done | Failed


def send(stream: IO[bytes], message: Task | Answer) -> None:
    """Write one message."""
    data = msgspec.msgpack.encode(message, enc_hook=str)  # paths
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def task(data: bytes) -> Task:
    """The task that was received."""
    return msgspec.msgpack.decode(data, type=Task, dec_hook=_path)


def _path(kind: type, value: str) -> object:
    return kind(value)


def receive(stream: IO[bytes]) -> bytes:
    """One message, encoded; empty when the other side has ended."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    size: int = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    return data if len(data) == size else b""
