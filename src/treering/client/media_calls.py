"""Fluent calls that log sounds, moving pictures and histograms as artifacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from treering.client.artifacts import run_store
from treering.client.content_calls import one_target
from treering.client.contents import write_bytes
from treering.client.media import animation, encoded, histogram, histogram_file, media_path, sound
from treering.storage.objects.base import ObjectStore

__all__ = ["add_audio", "add_histogram", "add_video", "log_audio", "log_histogram", "log_video"]

Asked = tuple[str | None, str | None, int | None, int | None]
"""A name, or a key, a step and a time in milliseconds."""


def log_audio(  # as log_image
    audio: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    sample_rate: int = 44_100,
) -> None:
    """Store a sound under a name, or as one of a series with a key and a step.

    Args:
        audio: Encoded bytes, the path of a file, or samples, which become a WAV file: one
            channel, or samples x channels; floats from -1 to 1, uint8, int16 or int32.
        sample_rate: Samples per second; for samples only.

    Raises:
        InvalidInput: If it is no sound, or not exactly one of `artifact_file` and `key` is given.
        NotFound: If it is the path of no file.
    """
    add_audio(run_store, audio, (artifact_file, key, step, timestamp), sample_rate)


def log_video(  # as log_image
    video: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    fps: float = 10,
) -> None:
    """Store a moving picture under a name, or as one of a series with a key and a step.

    Args:
        video: Encoded bytes (a GIF unless the name ends otherwise), the path of a file, or
            frames: frames x height x width (x 1, 3 or 4 channels), or a sequence of images;
            they become a GIF, or an animated PNG or WebP where the name ends so.
        fps: Frames per second; for frames only.

    Raises:
        InvalidInput: If it is no moving picture, or not exactly one of `artifact_file` and `key` is given.
        NotFound: If it is the path of no file.
        MissingExtra: If frames are given, and Pillow is not installed.
    """
    add_video(run_store, video, (artifact_file, key, step, timestamp), fps)


def log_histogram(
    values: Any,
    key: str,
    step: int | None = None,
    timestamp: int | None = None,
    bins: int | Sequence[float] = 64,
) -> None:
    """Store how often numbers fall into bins, as a JSON file for each step, below `histograms/`.

    Args:
        values: Numbers of any shape, or counts and edges as `numpy.histogram` returns them.
        bins: How many bins of equal width, or their edges.

    Raises:
        InvalidInput: If these are no numbers, or counts and edges do not fit.
    """
    add_histogram(run_store, values, (None, key, step, timestamp), bins)


def add_audio(store: Callable[[], ObjectStore], audio: Any, asked: Asked, sample_rate: int) -> None:
    """As `log_audio`; the store is opened, and a run begun for it, only once the sound is known to be one."""
    path = _target("audio", asked, _suffix(audio, ".wav"))
    data = None if _is_encoded(audio) else sound(audio, sample_rate)
    _store(store, path, audio, data)


def add_video(store: Callable[[], ObjectStore], video: Any, asked: Asked, fps: float) -> None:
    """As `log_video`; the store is opened as in `add_audio`."""
    path = _target("video", asked, _suffix(video, ".gif"))
    data = None if _is_encoded(video) else animation(video, fps, path)
    _store(store, path, video, data)


def add_histogram(store: Callable[[], ObjectStore], values: Any, asked: Asked, bins: int | Sequence[float]) -> None:
    """As `log_histogram`; the store is opened as in `add_audio`."""
    _, key, step, timestamp = asked
    data = histogram_file(histogram(values, bins), key or "", step, timestamp)
    write_bytes(store(), media_path("histograms", key or "", step, timestamp, ".json"), data)


def _target(folder: str, asked: Asked, suffix: str) -> str:
    artifact_file, key, step, timestamp = asked
    one_target(artifact_file, key, step, timestamp)
    return artifact_file or media_path(folder, key or "", step, timestamp, suffix)


def _is_encoded(value: Any) -> bool:
    return isinstance(value, bytes | bytearray | memoryview | str | Path)


def _suffix(value: Any, usual: str) -> str:
    return (PurePosixPath(value).suffix or usual) if isinstance(value, str | Path) else usual


def _store(store: Callable[[], ObjectStore], path: str, value: Any, data: bytes | None) -> None:
    if data is not None:
        write_bytes(store(), path, data)
    else:
        encoded(store(), path, value)
