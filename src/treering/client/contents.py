"""Turning text, dictionaries, figures, images and tables into artifacts."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import math
import struct
import uuid
import zlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import yaml

from treering.client.frames import FRAMES
from treering.client.pictures import PICTURES
from treering.core.clock import now
from treering.core.errors import InvalidInput, MissingExtra, NotFound
from treering.models.tables import is_table
from treering.storage.objects.base import ObjectStore

__all__ = [
    "image_path",
    "image_pixels",
    "read_columns",
    "write_bytes",
    "write_dict",
    "write_figure",
    "write_image",
    "write_image_with_preview",
    "write_table",
    "write_text",
]

_IMAGE_DIMENSIONS = {2, 3}
_PNG_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_BYTE = 255


def write_bytes(store: ObjectStore, path: str, data: bytes) -> None:
    """Store a file."""
    store.write(path, [data])


def write_text(store: ObjectStore, path: str, text: str) -> None:
    """Store text as UTF-8."""
    write_bytes(store, path, text.encode())


def write_dict(store: ObjectStore, path: str, value: Any) -> None:
    """Store as YAML where the name ends so, else as JSON; what neither knows becomes text."""
    if PurePosixPath(path).suffix.lower() in {".yaml", ".yml"}:
        text = yaml.safe_dump(json.loads(_json(value)), sort_keys=False, allow_unicode=True)
    else:
        text = _json(value, indent=2)
    write_text(store, path, text)


def write_figure(store: ObjectStore, path: str, figure: Any, options: Mapping[str, Any] | None = None) -> None:
    """Store a Matplotlib or Plotly figure in the format that the name ends with.

    Raises:
        InvalidInput: If `figure` is of neither kind.
    """
    suffix = PurePosixPath(path).suffix.lower().lstrip(".") or "png"
    given = dict(options or {})
    if hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, **({"format": suffix} | given))
        write_bytes(store, path, buffer.getvalue())
    elif suffix in {"html", "htm"} and hasattr(figure, "to_html"):
        write_text(store, path, figure.to_html(**({"include_plotlyjs": "cdn", "auto_open": False} | given)))
    elif hasattr(figure, "to_image"):
        write_bytes(store, path, figure.to_image(**({"format": suffix} | given)))
    else:
        msg = f"Unsupported figure object type: {type(figure).__name__!r}. Give a Matplotlib or Plotly figure."
        raise InvalidInput(msg)


def write_image(store: ObjectStore, path: str, image: Any) -> None:
    """Store an image: a NumPy array as PNG, a Pillow image in the format that the name ends with.

    Args:
        image: Height x width, or x channels with 1, 3 or 4 of them; whole numbers from 0
            to 255, or floats or booleans from 0 to 1.

    Raises:
        InvalidInput: If it is no such image, or the name does not fit.
    """
    write_bytes(store, path, _image_file(path, image))


def write_image_with_preview(store: ObjectStore, path: str, preview: str, image: Any) -> None:
    """As `write_image`, and a small WebP beside it, as MLflow keeps one; not so without Pillow."""
    data = _image_file(path, image)
    write_bytes(store, path, data)
    try:
        small = PICTURES.load("pillow").preview(data)
    except MissingExtra:
        return
    write_bytes(store, preview, small)


def _image_file(path: str, image: Any) -> bytes:
    image = image.to_pil() if hasattr(image, "to_pil") else image
    suffix = PurePosixPath(path).suffix.lower()
    if hasattr(image, "save") and not isinstance(image, np.ndarray):
        buffer = io.BytesIO()
        image.save(buffer, format={".jpg": "JPEG", "": "PNG"}.get(suffix, suffix.lstrip(".").upper()))
        return buffer.getvalue()
    if suffix not in {"", ".png"}:
        msg = f"Arrays are stored as PNG, and {path!r} ends otherwise. Name it .png, or give a Pillow image."
        raise InvalidInput(msg)
    return _png(image_pixels(image))


def image_path(key: str, step: int | None, timestamp: int | None) -> str:
    """Where an image of a series of images goes, as MLflow names it."""
    at = now() if timestamp is None else timestamp
    return f"images/{key.replace('/', '~')}+step+{step or 0}+timestamp+{at}+{uuid.uuid4().hex}.png"


def write_table(store: ObjectStore, path: str, data: Any) -> None:
    """Add rows to a table that is stored as JSON, or Parquet where the name ends so.

    Columns that only the old or only the new rows have are empty in the others. Images in
    cells go to files of their own, and the cells say where.

    Args:
        data: A data frame, or a dictionary of columns; single values go into every row.

    Raises:
        InvalidInput: If it is no table, its columns differ in length, or a column holds images and other things.
        MissingExtra: If Parquet is wanted without pandas.
    """
    columns = {name: _without_images(store, path, name, cells) for name, cells in _columns(data).items()}
    with contextlib.suppress(NotFound):
        columns = _one_below_the_other(read_columns(store, path), columns)
    if path.endswith(".parquet"):
        write_bytes(store, path, FRAMES.load("pandas").to_parquet(columns))
        return
    rows = [[_cell(value) for value in row] for row in zip(*columns.values(), strict=True)]
    write_text(store, path, _json({"columns": list(columns), "data": rows}))


def _one_below_the_other(
    before: Mapping[str, Sequence[Any]], added: Mapping[str, Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    upper, lower = (len(next(iter(columns.values()), ())) for columns in (before, added))
    return {
        name: [*before.get(name, [None] * upper), *added.get(name, [None] * lower)]
        for name in dict.fromkeys([*before, *added])
    }


def _without_images(store: ObjectStore, path: str, name: str, cells: Sequence[Any]) -> Sequence[Any]:
    """The cells; where they are images, what MLflow writes in their place."""
    images = sum(map(_is_image, cells))
    if not images:
        return cells
    if images < len(cells):
        msg = f"The column {name!r} holds images and other things. Put the images into a column of their own."
        raise InvalidInput(msg)
    return [_stored_image(store, path, cell) for cell in cells]


def _is_image(value: Any) -> bool:
    return hasattr(value, "save") and hasattr(value, "resize") and hasattr(value, "size")


def _stored_image(store: ObjectStore, path: str, image: Any) -> dict[str, str]:
    place = f"table_images/{path.rpartition('.')[0] or path}/{uuid.uuid4()}"
    write_image_with_preview(store, f"{place}.png", f"{place}.webp", image)
    return {"type": "image", "filepath": f"{place}.png", "compressed_filepath": f"{place}.webp"}


def _cell(value: Any) -> Any:
    """What JSON has no word for is empty, as MLflow leaves it."""
    return None if isinstance(value, float | np.floating) and not math.isfinite(value) else value


def read_columns(store: ObjectStore, path: str) -> dict[str, list[Any]]:
    """A table as `write_table` stored it. Raises NotFound; InvalidInput if it is none."""
    data = b"".join(store.read(path))
    if path.endswith(".parquet"):
        frames = FRAMES.load("pandas")
        return frames.columns(frames.from_parquet(data))
    try:
        found = json.loads(data)
        names, rows = found["columns"], found["data"]
        return {str(name): [row[index] for row in rows] for index, name in enumerate(names)}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path} is no table that log_table has written."
        raise InvalidInput(msg) from error


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's, times as ISO 8601 has them; everything else as text."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _columns(data: Any) -> dict[str, Sequence[Any]]:
    if is_table(data):
        return dict(FRAMES.load("pandas").columns(data))
    if not isinstance(data, Mapping):
        msg = f"A table must be a data frame or a dictionary of columns, not {type(data).__name__}."
        raise InvalidInput(msg)
    lengths = {str(name): len(values) for name, values in data.items() if _is_column(values)}
    rows = next(iter(lengths.values()), 1)
    columns = {str(name): list(values) if _is_column(values) else [values] * rows for name, values in data.items()}
    if len(set(lengths.values())) > 1:
        msg = f"The columns of a table must have one length, and these differ: {lengths}."
        raise InvalidInput(msg)
    return dict(columns)


def _is_column(values: Any) -> bool:
    return isinstance(values, list | tuple | np.ndarray)


def image_pixels(image: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Height x width x channels, in bytes. Raises InvalidInput for what `write_image` does not take."""
    array = np.asarray(image)
    if array.ndim not in _IMAGE_DIMENSIONS or (array.ndim > 2 and array.shape[2] not in _PNG_COLOUR_TYPES):  # noqa: PLR2004
        msg = f"An image must be height x width (x 1, 3 or 4 channels), and this has the shape {array.shape}."
        raise InvalidInput(msg)
    if array.dtype.kind not in "buif":
        msg = f"An image must hold numbers, and this holds {array.dtype}."
        raise InvalidInput(msg)
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    most = 1 if array.dtype.kind in "bf" else _BYTE
    if not (low >= 0 and high <= most):
        msg = f"The values of an image of type {array.dtype} must lie between 0 and {most}; these go from {low} to {high}."
        raise InvalidInput(msg)
    scaled = np.round(array.astype(np.float64) * _BYTE) if most == 1 else array
    return np.atleast_3d(scaled).astype(np.uint8)


def _png(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """The PNG file (ISO/IEC 15948) of these pixels: one unfiltered, compressed block of rows."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _PNG_COLOUR_TYPES[channels], 0, 0, 0)
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
