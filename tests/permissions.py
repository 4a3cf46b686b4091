"""What a test sees whom permissions of files bind: also where it runs as root, whom they do not."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["bound_by_permissions"]

Value = TypeVar("Value")

# Of linux/capability.h: the version with two words of 32 bits, and what lets root pass over permissions.
_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def bound_by_permissions(call: Callable[[], Value]) -> Value:
    """What `call` gives in a thread of its own that permissions bind, or what it raises.

    Capabilities belong to threads, so that the rest of the test keeps what it has.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return call()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(_give_up).result()
        return threads.submit(call).result()


def _give_up() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    words = (ctypes.c_uint32 * 6)()
    if libc.capget(header, words) == 0:
        # Words 0 and 3 are what is in force.
        words[0] &= ~(1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH)
        if libc.capset(header, words) == 0:
            return
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
