"""The writer's process: `python -m treering.serving.predictions.work`, told by frames on its standard input.

A frame is four bytes of length and a message in MessagePack: first a `Beginning`, then lists of
`Entry`, each answered with a `Receipt` on standard output. When the input ends, so does the process, after it has
finished what it writes: it outlives a front that is killed by as much as that takes.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
from typing import IO

import msgspec

from treering.core.errors import TreeringError
from treering.core.log import show_log
from treering.serving.predictions.entry import Beginning, Entry, Receipt
from treering.serving.predictions.options import LogOptions
from treering.serving.predictions.writing import Writer

__all__ = ["main"]

_LOOKS = 1.0
_FAILED = 1


def main() -> int:
    """Write until there is nothing more to be told; the exit status."""
    # Told to end with its front, it has to wait for what the front has not sent yet.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    show_log("WARNING")
    read, told = os.fdopen(0, "rb", buffering=0, closefd=False), os.fdopen(1, "wb", buffering=0, closefd=False)
    first = _frame(read)
    if first is None:
        return 0
    try:
        options = msgspec.convert(msgspec.msgpack.decode(first, type=Beginning).options, LogOptions)
        writer = Writer(options, time.time)
        writer.begin()
    except TreeringError as error:
        told.write(_framed(msgspec.msgpack.encode(error.message)))
        return _FAILED
    told.write(_framed(msgspec.msgpack.encode("")))
    decoder = msgspec.msgpack.Decoder(list[Entry])
    while True:
        while not select.select([read], [], [], _LOOKS)[0]:
            writer.look()
        frame = _frame(read)
        if frame is None:
            break
        receipt: Receipt = writer.write(decoder.decode(frame))
        try:
            told.write(_framed(msgspec.msgpack.encode(receipt)))
        except BrokenPipeError:  # the front was killed; what it sent is kept
            continue
    writer.close()
    return 0


def _frame(file: IO[bytes]) -> bytes | None:
    head = _exactly(file, 4)
    return _exactly(file, struct.unpack("<I", head)[0]) if head is not None else None


def _exactly(file: IO[bytes], count: int) -> bytes | None:
    parts = []
    while count:
        part = file.read(min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _framed(message: bytes) -> bytes:
    return struct.pack("<I", len(message)) + message


if __name__ == "__main__":
    sys.exit(main())
