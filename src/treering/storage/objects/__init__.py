"""Bytes by key: one file per scheme, reached through the table `STORES`."""

from __future__ import annotations

from collections.abc import Callable

from treering.core.plugins import Registry
from treering.storage.objects.base import ObjectStore

__all__ = ["STORES"]

# Each row is called with the root's URI.
STORES: Registry[Callable[[str], ObjectStore]] = Registry(
    "treering.object_stores",
    "artifact store",
    {
        "file": "treering.storage.objects.file:FileStore",
        "memory": "treering.storage.objects.memory:MemoryStore",
    },
)
