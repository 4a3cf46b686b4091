"""The bundles of this machine: finding, listing, tagging and deleting them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles.manifest import FILE_NAME, Manifest, Summary
from treering.bundles.store import BundleStore
from treering.core.settings import Settings, find_home, read_settings

__all__ = ["Bundle", "delete", "folder_of", "get", "list_bundles", "store_of", "tag"]


# As what is deployed or served is written, where other things than bundles can be.
_PREFIX = "bundle:"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on this machine.

    Attributes:
        folder: Where its files are; nothing may be written there.
        manifest: What it says of itself.
    """

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The beginning of the digest of all that it holds."""
        return self.manifest.version

    @property
    def reference(self) -> str:
        """`name:version`."""
        return self.manifest.reference

    def __str__(self) -> str:
        return self.reference


def get(reference: str | Path) -> Bundle:
    """The bundle `name`, `name:tag`, `name:version` or in a folder.

    Raises:
        NotFound: If there is none.
        DamagedData: If its manifest was changed.
    """
    folder = folder_of(reference)
    return Bundle(folder, manifests.read(folder))


def list_bundles(name: str = "") -> list[Summary]:
    """All bundles, or those of a name; by name, the newest first."""
    return store_of().summaries(name)


def delete(reference: str) -> None:
    """Remove a bundle. Raises NotFound."""
    store_of().delete(reference)


def tag(reference: str, tag: str) -> None:
    """Point a tag, such as `production`, at a bundle. Raises NotFound."""
    folder = store_of().find(reference)
    store_of().tag(folder.parent.name, folder.name, tag)


def folder_of(reference: str | Path) -> Path:
    """Where a bundle is. Raises NotFound."""
    if isinstance(reference, str):
        reference = reference.removeprefix(_PREFIX)
    path = Path(reference)
    if isinstance(reference, Path) or (path / FILE_NAME).is_file():
        return path
    return store_of().find(reference)


def store_of(settings: Settings | None = None) -> BundleStore:
    """The bundles beside the embedded store, wherever runs are tracked."""
    return BundleStore(find_home(settings or read_settings(), Path.cwd()) / "bundles")
