"""What only a library of pictures can do: small copies, moving pictures, reading files. Nobody else pays for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from treering.core.plugins import Registry

__all__ = ["PICTURES", "PictureLibrary"]


class PictureLibrary(Protocol):
    """What a library of pictures offers; `Any` stands for its own class, arrays are height x width x channels."""

    def opened(self, path: str | Path) -> Any:
        """The picture in a file."""

    def from_pixels(self, pixels: Any) -> Any:
        """A picture of these bytes."""

    def is_picture(self, value: Any) -> bool:
        """Whether `value` is of the library's own class."""

    def preview(self, encoded: bytes) -> bytes:
        """A WebP file of the picture in `encoded`, scaled so that its longer side has 256 pixels."""

    def moving(self, frames: Sequence[Any], fps: float, suffix: str) -> bytes:
        """An endless animation of equally large arrays of bytes; `suffix` is gif, png or webp."""


PICTURES: Registry[PictureLibrary] = Registry(
    "treering.pictures",
    "picture library",
    {"pillow": "treering.client.pictures.pillow:PICTURES"},
    extras={"pillow": "images"},
)
