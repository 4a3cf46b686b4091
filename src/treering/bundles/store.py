"""Where bundles lie on this machine: one folder each, found by name and version, or by a tag.

bundles/<name>/<version>/       read-only
bundles/<name>/.tags/<tag>      a file with the version; `latest` is the one that came last
bundles/.drafts/<random>/       what is being made, or what a crash left
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.manifest import Manifest, Summary, check_name
from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound, StorageFull, TreeringError
from treering.core.whole_files import write_whole

__all__ = ["LATEST", "BundleStore"]

LATEST = "latest"

_TAGS = ".tags"
_DRAFTS = ".drafts"
_VERSION = re.compile(r"[0-9a-f]{16}")
_PART = re.compile(r"[0-9a-f]{4,64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_FULL = {errno.ENOSPC, errno.EDQUOT}
# What a crash left is removed when it is older than any build takes.
_OLD = 24 * 3600.0


class BundleStore:
    """Bundles in a folder, which is made when the first one is kept.

    Args:
        root: Such as `.treering/bundles`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder on the store's own disk; removed at the end of the block, unless it was kept.

        Raises:
            StorageFull: If the disk is full in between; nothing is left behind.
        """
        drafts = self.root / _DRAFTS
        drafts.mkdir(parents=True, exist_ok=True)
        self._clear(drafts)
        folder = Path(tempfile.mkdtemp(dir=drafts))
        try:
            yield folder
        except OSError as error:
            if isinstance(error, TreeringError) or error.errno not in _FULL:
                raise
            msg = f"The disk of {self.root} is full, so the bundle was not kept. Free some space and try again."
            raise StorageFull(msg) from error
        finally:
            if folder.is_dir():
                tree.remove(folder)

    def keep(self, draft: Path, manifest: Manifest) -> Manifest:
        """Seal a draft with its files and keep it; the same contents are kept once. It becomes the latest."""
        listed = replace(manifest, name=check_name(manifest.name), files=tree.hash_tree(draft))
        made = manifests.sealed(replace(listed, created=manifest.created or now()))
        manifests.write(made, draft)
        return self.take(draft, made)

    def take(self, draft: Path, manifest: Manifest) -> Manifest:
        """Keep a draft that has its manifest and files, which were checked."""
        place = self._place(manifest.name, manifest.version)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            # On Linux a folder that stands there and holds something is not replaced.
            os.rename(draft, place)
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            kept = manifests.read(place)
        else:
            kept = manifest
            tree.protect(place)
        self.tag(kept.name, kept.version, LATEST)
        return kept

    def find(self, reference: str) -> Path:
        """The folder of the bundle `name`, `name:tag`, or `name:version`, of which four digits may do.

        Raises:
            NotFound: If there is none.
            Conflict: If several begin with these digits.
            InvalidInput: If it is no reference.
        """
        name, _, which = reference.partition(":")
        check_name(name)
        which = which or LATEST
        home = self.root / name
        version = self._tagged(home, which)
        if not version:
            found = (
                [one for one in self._versions(home) if one.startswith(which[:16])] if _PART.fullmatch(which) else []
            )
            if len(found) > 1:
                msg = f"{reference!r} could be each of {', '.join(sorted(found))}. Write more digits."
                raise Conflict(msg)
            version = found[0] if found else ""
        place = home / version
        if not version or not place.is_dir():
            known = sorted(self._names())
            msg = f"There is no bundle {reference!r} in {self.root}. There are: {', '.join(known) or 'none'}."
            raise NotFound(msg)
        return place

    def summaries(self, name: str = "") -> list[Summary]:
        """All bundles, or those of a name; by name, the newest first."""
        names = [check_name(name)] if name else sorted(self._names())
        found = [
            manifests.read_summary(self.root / one / version)
            for one in names
            for version in self._versions(self.root / one)
        ]
        return sorted(found, key=lambda one: (one.name, -one.created, one.version))

    def tags(self, name: str) -> dict[str, str]:
        """The tags of a name, with the versions that they point at."""
        home = self.root / check_name(name)
        try:
            tags = sorted(os.listdir(home / _TAGS))
        except FileNotFoundError:
            return {}
        return {tag: version for tag in tags if (version := self._tagged(home, tag))}

    def tag(self, name: str, version: str, tag: str) -> None:
        """Point a tag at a version, wherever it pointed before. Raises InvalidInput if that can be no tag."""
        if not _TAG.fullmatch(tag) or _VERSION.fullmatch(tag):
            msg = f"{tag!r} is no tag. Use up to 128 letters, digits, dots, dashes and underscores, and no version."
            raise InvalidInput(msg)
        folder = self.root / check_name(name) / _TAGS
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / tag, f"{version}\n".encode())

    def delete(self, reference: str) -> Manifest | None:
        """Remove a bundle with the tags that point at it; what its manifest said, if it could be read.

        Raises:
            NotFound: If there is none.
        """
        place = self.find(reference)
        try:
            gone = manifests.read(place)
        except TreeringError:
            gone = None
        name, version = place.parent.name, place.name
        drafts = self.root / _DRAFTS
        drafts.mkdir(exist_ok=True)
        # Out of sight at once; what a crash leaves of it is removed with the drafts.
        doomed = Path(tempfile.mkdtemp(dir=drafts))
        place.chmod(0o755)
        place.replace(doomed / version)
        tree.remove(doomed)
        for tag, pointed in self.tags(name).items():
            if pointed == version:
                (self.root / name / _TAGS / tag).unlink(missing_ok=True)
        self._settle(name)
        return gone

    def _settle(self, name: str) -> None:
        """Let `latest` point at what is left, or forget the name."""
        left = self.summaries(name)
        if left:
            if LATEST not in self.tags(name):
                self.tag(name, left[0].version, LATEST)
            return
        home = self.root / name
        with contextlib.suppress(OSError):
            for tag in self.tags(name):
                (home / _TAGS / tag).unlink(missing_ok=True)
            (home / _TAGS).rmdir()
            home.rmdir()

    def _place(self, name: str, version: str) -> Path:
        return self.root / check_name(name) / version

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                return [one.name for one in entries if not one.name.startswith(".") and one.is_dir()]
        except FileNotFoundError:
            return []

    def _versions(self, home: Path) -> list[str]:
        try:
            with os.scandir(home) as entries:
                return [one.name for one in entries if _VERSION.fullmatch(one.name)]
        except FileNotFoundError:
            return []

    def _tagged(self, home: Path, tag: str) -> str:
        if not _TAG.fullmatch(tag):
            return ""
        try:
            version = (home / _TAGS / tag).read_text("ascii").strip()
        except (OSError, ValueError):
            return ""
        return version if _VERSION.fullmatch(version) else ""

    def _clear(self, drafts: Path) -> None:
        with os.scandir(drafts) as entries:
            old = [one.path for one in entries if one.stat(follow_symlinks=False).st_mtime < time.time() - _OLD]
        for place in old:
            with contextlib.suppress(OSError):
                tree.remove(place)
