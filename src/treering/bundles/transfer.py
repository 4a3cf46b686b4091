"""Bundles in an artifact store, for other machines: each file once by its digest, and a manifest for each bundle.

    <uri>/objects/<ab>/<sha256>          files, shared by all bundles
    <uri>/manifests/<name>/<version>.json
    <uri>/manifests/<name>/<version>.signatures.json
    <uri>/tags/<name>/<tag>              the version that it points at

A manifest is written when all of its files are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.archive import place_file
from treering.bundles.manifest import FILE_NAME, MOST_BYTES, SIGNATURES, Manifest, check_name
from treering.bundles.store import LATEST, BundleStore
from treering.core.errors import Conflict, DamagedData, NotFound, StorageFull, TooLarge
from treering.storage.objects.base import CHUNK_SIZE, Direct, ObjectStore

__all__ = ["Sent", "listed", "pull", "push"]

_THREADS = 8
_MOST_SIGNATURES = 1 << 20
_VERSION = re.compile(r"[0-9a-f]{16}")


class Sent(NamedTuple):
    """What a push did: files that went, files that were there, and bytes that went."""

    files: int
    there: int
    size: int


def push(folder: Path, store: ObjectStore, tags: tuple[str, ...] = (LATEST,)) -> Sent:
    """Send the bundle in `folder`; what is there already is not sent again.

    Raises:
        DamagedData: If the bundle is not what its manifest says.
        TreeringError: If the store refuses.
    """
    made = manifests.read(folder)
    if wrong := tree.difference(folder, made.files):
        msg = f"The bundle in {folder} is damaged, so it is not pushed: {wrong[0]}. Build or fetch it again."
        raise DamagedData(msg)
    places = {entry.sha256: (os.path.join(folder, path), entry.size) for path, entry in sorted(made.files.items())}
    with ThreadPoolExecutor(_THREADS) as threads:
        sent = list(threads.map(lambda one: _send(store, one[0], *one[1]), places.items()))
    if (folder / SIGNATURES).is_file():
        store.write(_manifest_key(made, ".signatures"), [(folder / SIGNATURES).read_bytes()])
    store.write(_manifest_key(made), [(folder / FILE_NAME).read_bytes()])
    for tag in tags:
        store.write(f"tags/{made.name}/{tag}", [f"{made.version}\n".encode()])
    return Sent(sum(size is not None for size in sent), sent.count(None), sum(filter(None, sent)))


def pull(store: ObjectStore, reference: str, kept: BundleStore) -> Manifest:
    """Fetch a bundle and keep it; each file is held against the manifest while it comes.

    Raises:
        NotFound: If there is none.
        DamagedData: If the store holds something else than the manifest says.
        StorageFull: If there is no room.
    """
    name, _, which = reference.partition(":")
    version = _version(store, check_name(name), which or LATEST)
    key = f"manifests/{name}/{version}"
    where = f"{store.uri} ({name}:{version})"
    data = _read(store, f"{key}.json", MOST_BYTES)
    made = manifests.parse(data, where)
    if made.name != name or made.version != version:
        msg = f"{where} holds the manifest of {made.reference}. Do not use this store."
        raise DamagedData(msg)
    with suppress(NotFound):
        place = kept.find(made.reference)
        kept.tag(made.name, made.version, LATEST)
        return manifests.read(place)
    with kept.draft() as draft:
        if made.size > tree.free_bytes(draft):
            msg = f"The bundle {made.reference} has {made.size} bytes, more than are free in {draft.parent}. Free some space."
            raise StorageFull(msg)

        def fetch(item: tuple[str, manifests.Entry]) -> None:
            path, entry = item
            place_file(draft, path, entry, store.read(_object_key(entry.sha256)), where)

        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(fetch, made.files.items()))
        with suppress(NotFound):
            (draft / SIGNATURES).write_bytes(_read(store, f"{key}.signatures.json", _MOST_SIGNATURES))
        (draft / FILE_NAME).write_bytes(data)
        return kept.take(draft, made)


def listed(store: ObjectStore) -> list[str]:
    """The bundles in a store, as `name:version`."""
    found = []
    for one in store.walk("manifests"):
        parts = one.path.split("/")
        if len(parts) == 3 and _VERSION.fullmatch(parts[2].removesuffix(".json")):  # noqa: PLR2004 -- folder, name, file
            found.append(f"{parts[1]}:{parts[2].removesuffix('.json')}")
    return found


def _send(store: ObjectStore, digest: str, place: str, size: int) -> int | None:
    """The bytes that went; None if the object was there."""
    key = _object_key(digest)
    if isinstance(store, Direct):
        if store.exists(key):
            return None
        store.put(key, _chunks(place))
        return size
    with suppress(NotFound):
        if store.stat(key).size == size:
            return None
    store.write(key, _chunks(place))
    return size


def _version(store: ObjectStore, name: str, which: str) -> str:
    if _VERSION.fullmatch(which):
        return which
    with suppress(NotFound):
        tagged = _read(store, f"tags/{name}/{which}", 64).decode("ascii", "replace").strip()
        if _VERSION.fullmatch(tagged):
            return tagged
    versions = [one.path.rpartition("/")[2].removesuffix(".json") for one in store.list(f"manifests/{name}")]
    found = [one for one in versions if _VERSION.fullmatch(one) and one.startswith(which)]
    if len(found) > 1:
        msg = f"{name}:{which} could be each of {', '.join(found)}. Write more digits."
        raise Conflict(msg)
    if not found:
        msg = f"There is no bundle {name}:{which} in {store.uri}. There are: {', '.join(listed(store)) or 'none'}."
        raise NotFound(msg)
    return found[0]


def _read(store: ObjectStore, key: str, most: int) -> bytes:
    found = b""
    for chunk in store.read(key):
        found += chunk
        if len(found) > most:
            msg = f"{key} in {store.uri} is longer than {most} bytes. Do not use this bundle."
            raise TooLarge(msg)
    return found


def _chunks(place: str) -> Iterator[bytes]:
    with open(place, "rb") as file:
        while chunk := file.read(CHUNK_SIZE):
            yield chunk


def _object_key(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"


def _manifest_key(made: Manifest, kind: str = "") -> str:
    return f"manifests/{made.name}/{made.version}{kind}.json"
