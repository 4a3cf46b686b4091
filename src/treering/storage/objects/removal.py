"""Removing everything that lies in a place, for any kind of store."""

from __future__ import annotations

from treering.core.errors import NotFound
from treering.storage.objects.base import ObjectStore

__all__ = ["remove_all"]


def remove_all(store: ObjectStore) -> int:
    """Remove all files below the store's root, and return how many; others may do the same at once."""
    count = 0
    for info in store.list():
        try:
            count += store.delete(info.path)
        except NotFound:
            continue  # somebody else removed it
    return count
