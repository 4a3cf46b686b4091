"""`treering.Image`: a picture to log with `log_image` or as a cell of `log_table`; needs Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from treering.client.contents import image_pixels
from treering.client.pictures import PICTURES
from treering.core.errors import InvalidInput

__all__ = ["Image"]


class Image:
    """A picture made of an array, lists of numbers, a Pillow image or the path of a file.

    Args:
        image: An array as `log_image` takes it, or one of the above.

    Raises:
        InvalidInput: If `image` is none of these.
        MissingExtra: If Pillow is not installed.
    """

    def __init__(self, image: Any) -> None:
        pictures = PICTURES.load("pillow")
        if isinstance(image, str | Path):
            self.image = pictures.opened(image)
        elif isinstance(image, list | np.ndarray):
            self.image = pictures.from_pixels(image_pixels(image))
        elif pictures.is_picture(image):
            self.image = image
        else:
            msg = f"An image must be an array, a Pillow image or the path of a file, not {type(image).__name__}."
            raise InvalidInput(msg)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.image.size
        return width, height

    def to_list(self) -> list[Any]:
        """The pixels row by row: numbers, or tuples where there are several channels."""
        pixels = self.to_array()
        if pixels.ndim == 2:  # noqa: PLR2004  # height and width
            return list(pixels.ravel().tolist())
        return [tuple(pixel) for pixel in pixels.reshape(-1, pixels.shape[-1]).tolist()]

    def to_array(self) -> Any:
        """The pixels, height x width or height x width x channels."""
        return np.array(self.image)

    def to_pil(self) -> Any:
        """The Pillow image."""
        return self.image

    def save(self, path: Any, format: str | None = None) -> None:  # noqa: A002  # Pillow's name
        """Write it to a file, in the format that the name ends with unless one is given."""
        self.image.save(path, format=format)

    def resize(self, size: tuple[int, int]) -> Image:
        """A copy of this width and height."""
        return Image(self.image.resize(size))
