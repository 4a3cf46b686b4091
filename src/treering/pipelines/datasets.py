"""Datasets of dvc.yaml, which stages depend on as `ds://name`: what is locked of them. They are not brought up to date here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.stage import DatasetUse

__all__ = ["Datasets"]

_SPEC = {"dvc": ("name", "url", "type", "path", "rev")}
_PLAIN_SPEC = ("name", "url", "type")


class Datasets:
    """All datasets of a repository.

    Args:
        found: What stands under `datasets` of each dvc.yaml, and of the dvc.lock beside it.
    """

    def __init__(self, found: Iterable[tuple[Iterable[Any], Iterable[Any]]]) -> None:
        self._specs: dict[str, Mapping[str, Any]] = {}
        self._locks: dict[str, Mapping[str, Any]] = {}
        for specs, locks in found:
            names = {spec["name"] for spec in specs if isinstance(spec, Mapping) and "name" in spec}
            self._specs |= {spec["name"]: spec for spec in specs if isinstance(spec, Mapping) and "name" in spec}
            self._locks |= {
                lock["name"]: lock for lock in locks if isinstance(lock, Mapping) and lock.get("name") in names
            }

    def locked(self, name: str) -> Mapping[str, Any] | None:
        """What is locked of a dataset; None if nothing is, or something else is meant by now.

        Raises:
            NotFound: If there is no dataset of this name.
        """
        if name not in self._specs:
            msg = f"There is no dataset '{name}'. Known ones: {', '.join(self._specs) or 'none'}. Add it to dvc.yaml."
            raise NotFound(msg)
        lock = self._locks.get(name)
        return lock if lock is not None and _spec(lock) == _spec(self._specs[name]) else None

    def state(self, use: DatasetUse) -> str:
        """What `status` says of a dependency on a dataset: "", "new", "modified" or "not in sync"."""
        lock = self.locked(use.name)
        if lock is None:
            return "not in sync"
        if not use.locked:
            return "new"
        return "" if _compared(use.locked) == _compared(lock) else "modified"

    def entry(self, use: DatasetUse) -> dict[str, Any]:
        """What goes into the lock file for a dependency on a dataset.

        Raises:
            InvalidInput: If the dataset is not locked.
        """
        lock = self.locked(use.name)
        if lock is None:
            msg = f"Nothing is locked of the dataset '{use.name}'. Bring it up to date with `dvc ds update {use.name}`."
            raise InvalidInput(msg)
        return {"path": use.path, "dataset": dict(lock)}


def _spec(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in _SPEC.get(data.get("type", ""), _PLAIN_SPEC) if data.get(key)}


def _compared(data: Mapping[str, Any]) -> dict[str, Any]:
    """Times are written with and without quotes, and an empty value is as good as none."""
    return {key: str(value) if key == "created_at" else value for key, value in data.items() if value}
