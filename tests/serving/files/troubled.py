"""A model that sums rows, and does what the first number says if that is below zero: what models do that fail."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import treering

KEPT: list[bytearray] = []


def fail() -> None:
    msg = "secret place /somewhere/else"
    raise ValueError(msg)


def hang() -> None:
    # As a call into C that heeds no signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leak() -> None:
    KEPT.append(bytearray(b"x") * (64 << 20))


def leave() -> None:
    sys.exit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


def recurse() -> None:
    recurse()


def crash() -> None:
    ctypes.string_at(0)


def chatter() -> None:
    sys.stdout.write("x" * (2 << 20))
    sys.stdout.flush()
    os.write(1, b"y" * (1 << 20))


def close_all() -> None:
    os.closerange(3, 256)


def slowly() -> None:
    time.sleep(1.5)


TROUBLE: dict[int, Callable[[], None]] = {
    -1: fail, -2: hang, -3: die, -4: leak, -5: leave, -6: interrupt, -7: recurse, -8: crash, -9: chatter,
    -10: close_all, -11: slowly,
}  # fmt: skip


class Troubled:
    """Sums."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the usual shape
        rows = np.asarray(model_input, float)
        first = int(rows[0, 0])
        if first in TROUBLE:
            TROUBLE[first]()
        if first == -20:
            return object()
        if first == -21:
            return np.array([np.nan, np.inf])
        if first == -22:
            return np.zeros(16 << 20)
        return rows.sum(axis=1)


treering.models.set_model(Troubled())
