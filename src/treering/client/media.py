"""Sounds, moving pictures and histograms as files: WAV, GIF and JSON.

What is already encoded, as bytes or in a file, is stored as it is.
"""

from __future__ import annotations

import io
import json
import uuid
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from treering.client.contents import image_pixels
from treering.client.pictures import PICTURES
from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound
from treering.storage.objects.base import ObjectStore

__all__ = ["animation", "encoded", "histogram", "histogram_file", "media_path", "sound"]

_PART = 1 << 20  # bytes
_MOST_CHANNELS = 8
_DIMENSIONS = {1, 2}
_FRAME_DIMENSIONS = {3, 4}
_SIXTEEN_BITS = 32767
_PAIR = 2
_MOVING = {".gif": "gif", ".png": "png", ".webp": "webp"}


def media_path(folder: str, key: str, step: int | None, timestamp: int | None, suffix: str) -> str:
    """Where one of a series goes: named as MLflow names the images of a series."""
    at = now() if timestamp is None else timestamp
    return f"{folder}/{key.replace('/', '~')}+step+{step or 0}+timestamp+{at}+{uuid.uuid4().hex}{suffix}"


def encoded(store: ObjectStore, path: str, value: Any) -> bool:
    """Store bytes, or the file that a path names, in parts; False if `value` is neither.

    Raises:
        NotFound: If there is no such file.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        store.write(path, [bytes(value)])
        return True
    if not isinstance(value, str | Path):
        return False
    file = Path(value)
    if not file.is_file():
        msg = f"No such file: {str(file)!r}. Give the path of a file that exists, bytes, or an array."
        raise NotFound(msg)
    store.write(path, _parts(file))
    return True


def sound(samples: Any, rate: int) -> bytes:
    """A WAV file.

    Args:
        samples: One channel, or samples x channels: floats from -1 to 1, or whole numbers
            of 8 (unsigned), 16 or 32 bits.
        rate: Samples per second.

    Raises:
        InvalidInput: If the samples are none of these.
    """
    array = np.asarray(samples)
    if array.ndim not in _DIMENSIONS or not array.size or (array.ndim > 1 and array.shape[1] > _MOST_CHANNELS):
        msg = f"A sound must hold samples, or samples x channels (8 at most), and this has the shape {array.shape}."
        raise InvalidInput(msg)
    if array.dtype.kind == "f":
        if not bool(np.all(np.abs(array) <= 1)):
            msg = "The samples of a sound must lie between -1 and 1. Divide them by their largest absolute value."
            raise InvalidInput(msg)
        array = np.round(array.astype(np.float64) * _SIXTEEN_BITS).astype("<i2")
    if array.dtype.str.lstrip("<>|=") not in {"u1", "i2", "i4"}:
        msg = f"Samples must be floats, or whole numbers of type uint8, int16 or int32, not {array.dtype}."
        raise InvalidInput(msg)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if array.ndim == 1 else array.shape[1])
        file.setsampwidth(array.dtype.itemsize)
        file.setframerate(rate)
        file.writeframes(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return buffer.getvalue()


def animation(frames: Any, fps: float, path: str) -> bytes:
    """An animation in the format that `path` ends with: GIF, animated PNG or WebP.

    Args:
        frames: Frames x height x width, or x channels with 1, 3 or 4 of them, or a sequence
            of such images; values as for `write_image`.
        fps: Frames per second.

    Raises:
        InvalidInput: If these are no equally large frames, or the name ends otherwise.
        MissingExtra: If Pillow is not installed.
    """
    suffix = _MOVING.get(PurePosixPath(path).suffix.lower())
    if suffix is None:
        msg = (
            f"Frames are stored as .gif, .png or .webp, and {path!r} ends otherwise. Name it so, or give encoded bytes."
        )
        raise InvalidInput(msg)
    if fps <= 0:
        msg = f"fps must be more than 0, not {fps}."
        raise InvalidInput(msg)
    if isinstance(frames, np.ndarray) and frames.ndim not in _FRAME_DIMENSIONS:
        msg = f"A video must be frames x height x width (x channels), and this has the shape {frames.shape}."
        raise InvalidInput(msg)
    pixels = [image_pixels(frame) for frame in frames]
    if len({frame.shape for frame in pixels}) != 1:
        msg = "The frames of a video must be there, and be equally large. Pad or crop them first."
        raise InvalidInput(msg)
    return PICTURES.load("pillow").moving(pixels, fps, suffix)


def histogram(values: Any, bins: int | Sequence[float]) -> dict[str, Any]:
    """How often numbers fall into bins.

    Args:
        values: Numbers of any shape, or what `numpy.histogram` returns: counts, and edges of which there is one more.
        bins: How many bins of equal width, or their edges; without a meaning where counts are given.

    Returns:
        `edges`, `counts`, and `not_finite`, the number of values that no bin takes.

    Raises:
        InvalidInput: If these are no numbers, or counts and edges do not fit.
    """
    try:
        if isinstance(values, tuple) and len(values) == _PAIR:
            counts, edges = (np.asarray(part, np.float64) for part in values)
            if counts.ndim != 1 or edges.shape != (counts.size + 1,):
                msg = f"{counts.size} counts need {counts.size + 1} edges, and there are {edges.size}."
                raise InvalidInput(msg)
            left_out = 0
        else:
            numbers = np.asarray(values, np.float64).ravel()
            finite = numbers[np.isfinite(numbers)]
            counts, edges = np.histogram(finite, bins)
            left_out = numbers.size - finite.size
    except (TypeError, ValueError) as error:
        msg = f"A histogram needs numbers, or counts with their edges: {error}."
        raise InvalidInput(msg) from error
    return {"edges": edges.tolist(), "counts": counts.tolist(), "not_finite": left_out}


def histogram_file(found: dict[str, Any], key: str, step: int | None, timestamp: int | None) -> bytes:
    """The JSON file of one histogram of a series."""
    at = now() if timestamp is None else timestamp
    return json.dumps({"type": "histogram", "key": key, "step": step or 0, "timestamp": at} | found).encode()


def _parts(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(_PART):
            yield part
