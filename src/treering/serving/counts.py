"""What a server has counted, in Prometheus' format: alone, or together with the other workers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from treering.core.settings import counts_folder

__all__ = ["exposition"]


def exposition(registry: CollectorRegistry) -> bytes:
    """All counts of `registry`, or of all processes that count in one folder."""
    if folder := counts_folder():
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # the library says nothing of it
    return generate_latest(registry)
