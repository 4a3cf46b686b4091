"""Asking a store which objects it has, as it costs least: for each where few are wanted, and else for lists.

Lists are of all that it has, or of its folders; one folder tells how full the others are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from threading import Lock

from treering.core.errors import NotFound
from treering.entities.artifact import FileInfo
from treering.storage.content.layout import OBJECTS
from treering.storage.objects.base import Dated, Direct, ObjectStore
from treering.storage.objects.flat import FlatStore
from treering.versioning.presence import Listed, key_of
from treering.versioning.remotes import Remote
from treering.versioning.run_many import Stop, run_many

__all__ = ["Asking"]

# So many names a store tells in one answer, about.
_PAGE_OF_BUCKET, _PAGE_OF_FOLDER = 1000, 200
# Fewer than this are asked for one by one, whatever the store holds.
_FEW = 32
_PREFIXES = 256
# A store with fewer objects is listed at once rather than folder by folder.
_PAGES_AT_ONCE = 4


class Asking:
    """Questions to one store."""

    def __init__(self, remote: Remote, legacy: bool, stop: Stop) -> None:  # noqa: FBT001 - passed on
        self._remote, self._legacy, self._stop = remote, legacy, stop
        self._store = remote.store
        self._page = _PAGE_OF_BUCKET if isinstance(self._store, FlatStore) else _PAGE_OF_FOLDER
        self._lock = Lock()

    def present(self, values: Collection[str]) -> set[str]:
        """Those of the objects that are there."""
        if len(values) <= _FEW or not self._remote.can_list:
            return self._each(values)
        wanted = values if isinstance(values, set | frozenset) else set(values)
        there = self._all_of_few()
        if there is None:
            prefixes = sorted({value[:2] for value in values})
            if not self._is_listing_cheaper(values, prefixes):
                return self._each(values)
            there = self._folders(prefixes)
        return {one.value for one in there if one.value in wanted}

    def everything(self) -> list[Listed]:
        """All objects. Raises NotSupported if the store cannot tell."""
        there = self._all_of_few()
        return self._folders([f"{number:02x}" for number in range(_PREFIXES)]) if there is None else there

    def _all_of_few(self) -> list[Listed] | None:
        """All that a bucket has, where a few answers tell it; None where they do not."""
        if self._legacy or not isinstance(self._store, FlatStore):
            return None
        most = _PAGES_AT_ONCE * self._page
        found = list(islice(self._walk(OBJECTS), most + 1))
        return found if len(found) <= most else None

    def _is_listing_cheaper(self, values: Collection[str], prefixes: Sequence[str]) -> bool:
        """One folder tells how full the others are: names are spread evenly."""
        most = max(1, len(values) // len(prefixes)) * self._page
        seen = sum(1 for _ in islice(self._walk(self._folder(prefixes[0])), most))
        return len(prefixes) * (1 + seen // self._page) < len(values)

    def _each(self, values: Collection[str]) -> set[str]:
        exists = _exists(self._store)
        found: set[str] = set()

        def ask(value: str) -> None:
            if exists(key_of(value, legacy=self._legacy)):
                found.add(value)

        run_many(ask, values, min(self._remote.jobs, len(values)), self._stop)
        return found

    def _folders(self, prefixes: Sequence[str]) -> list[Listed]:
        found: list[Listed] = []

        def ask(prefix: str) -> None:
            there = list(self._walk(self._folder(prefix)))
            with self._lock:
                found.extend(there)

        run_many(ask, prefixes, min(self._remote.jobs, len(prefixes)), self._stop)
        return found

    def _folder(self, prefix: str) -> str:
        return prefix if self._legacy else f"{OBJECTS}/{prefix}"

    def _walk(self, folder: str) -> Iterator[Listed]:
        """Objects below a folder; whatever else lies there is left out."""
        store = self._store
        found: Iterable[tuple[FileInfo, float | None]]
        found = store.dated(folder) if isinstance(store, Dated) else ((info, None) for info in store.walk(folder))
        for info, changed in found:
            *_, prefix, name = info.path.split("/")
            if len(prefix) == 2 and len(name.removesuffix(".dir")) == 30:  # noqa: PLR2004 - digits
                yield Listed(prefix + name, info.size or 0, changed)


def _exists(store: ObjectStore) -> Callable[[str], bool]:
    if isinstance(store, Direct):
        return store.exists

    def ask(key: str) -> bool:
        with suppress(NotFound):
            return not store.stat(key).is_dir
        return False

    return ask
