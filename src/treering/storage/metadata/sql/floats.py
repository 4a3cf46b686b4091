"""Floats as whole numbers of 64 bits that sort alike.

Not every database keeps NaN and the infinities, and none agrees on how they
compare. So metric values stand in the tables as the bits of the double, mirrored
for negative ones: the order is that of the floats, with NaN behind everything.
"""

from __future__ import annotations

import math
import struct

__all__ = ["NAN", "from_sortable", "sortable"]

NAN = (1 << 63) - 1
_MIRROR = (1 << 63) - 1


def sortable(value: float) -> int:
    """`value` as a signed number of 64 bits; -0.0 as 0.0, every NaN as `NAN`."""
    if math.isnan(value):
        return NAN
    bits: int = struct.unpack("<q", struct.pack("<d", value + 0.0))[0]
    return bits if bits >= 0 else bits ^ _MIRROR


def from_sortable(number: int) -> float:
    """The float that `sortable` made `number` of."""
    if number == NAN:
        return math.nan
    value: float = struct.unpack("<d", struct.pack("<q", number if number >= 0 else number ^ _MIRROR))[0]
    return value
