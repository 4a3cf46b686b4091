"""A file or folder among the artifacts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FileInfo"]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """An entry of a listing.

    Attributes:
        path: Relative to the root that was listed, with `/` between parts.
        size: Bytes; None for a folder.
    """

    path: str
    is_dir: bool
    size: int | None = None
