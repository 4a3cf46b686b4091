"""Small texts among a run's or a model's files, such as its description."""

from __future__ import annotations

from treering.core.errors import DamagedData
from treering.core.uri import join
from treering.storage.objects.base import ObjectStore

__all__ = ["read_small_text"]

# Descriptions and records have some kilobytes; more than this is none.
_MOST_READ = 16 << 20


def read_small_text(store: ObjectStore, key: str) -> str:
    """All of a file that is expected to be small.

    Raises:
        NotFound: If there is no such file.
        DamagedData: If it is far larger than expected, or no text.
    """
    if (store.stat(key).size or 0) > _MOST_READ:
        msg = f"{join(store.uri, key)} is larger than such a file can be. Log it again."
        raise DamagedData(msg)
    try:
        return b"".join(store.read(key)).decode()
    except UnicodeDecodeError as error:
        msg = f"{join(store.uri, key)} is damaged: it is not text. Log it again."
        raise DamagedData(msg) from error
