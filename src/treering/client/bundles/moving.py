"""Bundles as files, and in artifact stores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from treering.assembly import PROXIED_ROOT
from treering.bundles import archive, transfer
from treering.bundles.store import LATEST
from treering.bundles.transfer import Sent
from treering.client.bundles.keeping import Bundle, folder_of, get, store_of
from treering.client.session import session
from treering.core.uri import file_uri, join, local_path, scheme_of
from treering.storage.objects import open_store
from treering.storage.objects.base import ObjectStore

__all__ = ["export", "import_bundle", "place_of", "pull", "push"]


def export(reference: str | Path, target: str | Path) -> Path:
    """Write a bundle to a file (.tar.zst, .tar.gz, .tar or .zip) or a folder; where it is now.

    Raises:
        NotFound: If there is no such bundle.
        AlreadyExists: If there is such a file.
    """
    return archive.export_bundle(folder_of(reference), Path(target))


def import_bundle(source: str | Path) -> Bundle:
    """Keep a bundle from a file or folder; it is checked, and none of it runs.

    Raises:
        NotFound: If there is no such file.
        DamagedData: If it is no bundle, or was changed.
    """
    return get(archive.import_bundle(store_of(), Path(source)).reference)


def push(reference: str | Path, uri: str = "", tags: Sequence[str] = (LATEST,)) -> Sent:
    """Send a bundle to an artifact store, such as `s3://bucket/bundles`; only what is not there goes.

    Args:
        uri: Empty: the folder `bundles` of the artifact store that runs are kept in.
    """
    return transfer.push(folder_of(reference), place_of(uri), tuple(tags))


def pull(reference: str, uri: str = "") -> Bundle:
    """Fetch a bundle from an artifact store and keep it. Raises NotFound or DamagedData."""
    return get(transfer.pull(place_of(uri), reference, store_of()).reference)


def place_of(uri: str) -> ObjectStore:
    """The artifact store at a URI; see `push`."""
    if uri and scheme_of(uri) != "mlflow-artifacts":
        return open_store(file_uri(local_path(uri)) if scheme_of(uri) == "file" else uri)
    return session().place.read().open_artifacts(uri or join(PROXIED_ROOT, "bundles"))
