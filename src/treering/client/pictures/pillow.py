"""Pictures with Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["PICTURES", "PillowPictures"]

_LONGER_SIDE = 256
_GREY = 1


class PillowPictures:
    """Implements `PictureLibrary`."""

    def opened(self, path: str | Path) -> Image.Image:
        """As `PictureLibrary.opened`."""
        with Image.open(path) as picture:
            picture.load()
            return picture

    def from_pixels(self, pixels: Any) -> Image.Image:
        """As `PictureLibrary.from_pixels`."""
        array = np.ascontiguousarray(pixels)
        return Image.fromarray(array[:, :, 0] if array.shape[2] == _GREY else array)

    def is_picture(self, value: Any) -> bool:
        """As `PictureLibrary.is_picture`."""
        return isinstance(value, Image.Image)

    def preview(self, encoded: bytes) -> bytes:
        """As `PictureLibrary.preview`."""
        with Image.open(io.BytesIO(encoded)) as picture:
            factor = _LONGER_SIDE / max(picture.size)
            width, height = (max(1, int(side * factor)) for side in picture.size)
            buffer = io.BytesIO()
            picture.resize((width, height)).save(buffer, format="WEBP")
        return buffer.getvalue()

    def moving(self, frames: Sequence[Any], fps: float, suffix: str) -> bytes:
        """As `PictureLibrary.moving`."""
        first, *rest = [self.from_pixels(frame) for frame in frames]
        buffer = io.BytesIO()
        first.save(
            buffer,
            format=suffix.upper(),
            save_all=True,
            append_images=rest,
            duration=max(1, round(1000 / fps)),
            loop=0,
        )
        return buffer.getvalue()


PICTURES = PillowPictures()
