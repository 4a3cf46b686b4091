"""What DVC's `doctor` tells of an installation and a repository, for bug reports: versions, remotes, links, disks."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from treering.storage.content.links import LinkKind, make_link
from treering.versioning.config import config_files
from treering.versioning.config_schema import scheme_of
from treering.versioning.repository import Repository

__all__ = ["doctor_lines"]

# The packages that other places than this machine's disk need, by what DVC calls those places.
_NEEDED = {"azure": "azure-storage-blob", "gs": "google-cloud-storage", "s3": "boto3", "ssh": "paramiko"}
_PLAIN = ("hdfs", "http", "https", "webdav", "webdavs", "webhdfs")
_LINKS = (LinkKind.REFLINK, LinkKind.HARDLINK, LinkKind.SYMLINK)
_MOUNTS = Path("/proc/self/mounts")


def doctor_lines(repo: Repository | None, environ: Mapping[str, str]) -> list[str]:
    """The lines, in DVC's order and words where they are about the same.

    Args:
        repo: The repository that the user is in, if any.
        environ: The variables of the process.

    Raises:
        ConfigMistake: If the repository's config is wrong.
    """
    title = f"Treering version: {_version('treering')}"
    files = config_files(None, environ)
    lines = [
        title,
        "-" * len(title),
        f"Platform: Python {platform.python_version()} on {platform.platform()}",
        "Supports:",
        *(f"\t{line}" for line in _supported()),
        "Config:",
        f"\tGlobal: {files['global'].parent}",
        f"\tSystem: {files['system'].parent}",
    ]
    return lines if repo is None else [*lines, *_about(repo)]


def _about(repo: Repository) -> Iterator[str]:
    if repo.cache_dir.is_dir():
        yield f"Cache types: {', '.join(_link_types(repo)) or 'none but copies'}"
        yield f"Cache directory: {_disk(repo.cache_dir)}"
    else:
        yield "Cache types: not known before something is in the cache"
    yield "Caches: local"
    remotes = [scheme_of(str(options["url"])) or "local" for options in repo.config.remotes.values()]
    yield f"Remotes: {', '.join(remotes) or None}"
    yield f"Workspace directory: {_disk(repo.root)}"
    yield f"Repo: {_kind(repo)}"
    yield f"Repo.site_cache_dir: {repo.site_cache}"


def _kind(repo: Repository) -> str:
    if repo.git_root is None:
        return "dvc (no_scm)" if repo.config.get("core", "no_scm") else "dvc, git (broken)"
    return "dvc, git" if repo.git_root == repo.root else "dvc (subdir), git"


def _supported() -> list[str]:
    found = list(_PLAIN)
    for scheme, package in _NEEDED.items():
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{scheme} ({package} = {metadata.version(package)})")
    return sorted(found)


def _link_types(repo: Repository) -> list[str]:
    """The kinds of links that can be made from the cache to the working tree, by making them."""
    working = []
    with (
        tempfile.TemporaryDirectory(prefix=".treering-doctor-", dir=repo.cache_dir) as there,
        tempfile.TemporaryDirectory(prefix=".treering-doctor-", dir=repo.dvc_dir) as here,
    ):
        source = Path(there, "object")
        source.write_bytes(b"probe")
        for kind in _LINKS:
            with suppress(OSError):
                make_link(kind, str(source), os.path.join(here, kind))
                working.append(str(kind))
    return working


def _disk(folder: Path) -> str:
    """The type of a folder's file system, and its device."""
    try:
        mounts = [line.split() for line in _MOUNTS.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return "unknown"
    by_folder = {Path(point.replace("\\040", " ")): f"{kind} on {device}" for device, point, kind, *_ in mounts}
    resolved = folder.resolve()
    return next((by_folder[one] for one in (resolved, *resolved.parents) if one in by_folder), "unknown")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
