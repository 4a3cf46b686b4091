"""What a bundle says of itself: its contents file by file, and what they are for.

The digest covers everything in the manifest but the digest itself, the version that
is its beginning, and the time. Since the manifest lists each file's SHA-256, it covers
the whole bundle.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from treering.core.errors import DamagedData, InvalidInput, NotFound, TooLarge
from treering.core.whole_files import write_whole

__all__ = [
    "FILE_NAME",
    "FORMAT",
    "MOST_BYTES",
    "SIGNATURES",
    "BundledModel",
    "DataVersion",
    "Entry",
    "Environment",
    "Lineage",
    "Manifest",
    "Parity",
    "Summary",
    "check_name",
    "check_path",
    "encode",
    "parse",
    "read",
    "read_summary",
    "sealed",
    "write",
]

FILE_NAME = "manifest.json"
SIGNATURES = "signatures.json"
"""Beside the manifest, and the one file that may come later."""

FORMAT = "treering-bundle/1"
# A hundred thousand files, and room for what is said of them.
MOST_BYTES = 16 << 20

_UNSEALED = frozenset({"created", "digest", "version"})
_VERSION_LENGTH = 16
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BAD = re.compile(r"[\\\x00-\x1f\x7f]")
_LONGEST_PATH = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    sha256: str
    size: int
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Parity:
    """How a compiled model answered beside the native one.

    Attributes:
        rows: How many rows both were asked.
        differing: The greatest difference between two numbers, in units of the tolerance; at most 1.
        tolerance: Relative and absolute, as both are the same.
        light: Whether the native model's arrays answer as quickly without its framework, and are asked instead.
    """

    rows: int
    differing: float
    tolerance: float
    light: bool = False


@dataclass(frozen=True, slots=True)
class BundledModel:
    """A model in a bundle.

    Attributes:
        folder: Within the bundle.
        uri: Where it was taken from.
        version: Of the registered model; empty if it was none.
        compiled: How the compiled model answers; None where there is none.
        native: Why there is none, if it was tried.
        inputs: What it takes, as its signature says; likewise `outputs`.
    """

    name: str
    folder: str
    uri: str = ""
    version: str = ""
    run_id: str = ""
    model_id: str = ""
    flavours: tuple[str, ...] = ()
    compiled: Parity | None = None
    native: str = ""
    inputs: Any = None
    outputs: Any = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What the bundle's code runs in.

    Attributes:
        python: A version such as 3.11.
        locked: Whether `env/requirements.txt` pins every package by version and hash.
        platform: The system that it was locked for; empty: the one that it was built on.
        system_packages: Packages of the image's distribution.
        variables: Set when it runs.
    """

    python: str
    locked: bool = False
    platform: str = ""
    system_packages: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataVersion:
    """Data that a model in the bundle was trained or tested on."""

    name: str
    digest: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What the bundle came of."""

    git_commit: str = ""
    git_url: str = ""
    git_dirty: bool = False
    runs: tuple[str, ...] = ()
    data: tuple[DataVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a bundle says of itself.

    Attributes:
        version: The beginning of the digest.
        digest: 64 hexadecimal digits.
        created: Milliseconds since 1970.
        service: `module:Class` in `src/`; empty where the models are served as they are.
        tests: How many sample requests stand in `tests/requests.json`.
        treering: The version that built it.
        files: By path within the bundle.
    """

    name: str
    version: str = ""
    digest: str = ""
    created: int = 0
    format: str = FORMAT
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    models: tuple[BundledModel, ...] = ()
    environment: Environment = Environment("")
    lineage: Lineage = Lineage()
    tests: int = 0
    treering: str = ""
    files: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """`name:version`."""
        return f"{self.name}:{self.version}"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(one.size for one in self.files.values())


@dataclass(frozen=True, slots=True)
class _Model:
    name: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of bundles shows; read without its files, and not checked."""

    name: str
    version: str
    created: int = 0
    description: str = ""
    service: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    models: tuple[_Model, ...] = ()


_SUMMARY = msgspec.json.Decoder(Summary)


def check_name(name: str) -> str:
    """Raises InvalidInput if a bundle can't be called that."""
    if not _NAME.fullmatch(name):
        msg = (
            f"{name!r} is no name for a bundle. Use 1 to 100 lower-case letters, digits, dots, dashes and underscores,"
            " with a letter or digit at both ends."
        )
        raise InvalidInput(msg)
    return name


def check_path(path: str) -> str:
    """A file's path within a bundle, which goes down only. Raises DamagedData."""
    parts = path.split("/")
    climbs = any(part in {"", ".", ".."} for part in parts) or parts[0].endswith(":") or ":" in parts[0][1:2]
    if climbs or _BAD.search(path) or len(path) > _LONGEST_PATH or path in {FILE_NAME, SIGNATURES}:
        msg = f"The bundle lists a file {path[:200]!r}, which leads out of it or has no proper name. Do not use this bundle."
        raise DamagedData(msg)
    return path


def sealed(manifest: Manifest) -> Manifest:
    """With the digest and the version of what it holds."""
    digest = _digest(msgspec.to_builtins(manifest))
    return replace(manifest, digest=digest, version=digest[:_VERSION_LENGTH])


def parse(data: bytes, where: str) -> Manifest:
    """A manifest from its file's bytes, whose digest holds.

    Args:
        where: For messages.

    Raises:
        DamagedData: If it is none, or was changed.
    """
    if len(data) > MOST_BYTES:
        msg = f"The manifest of {where} is longer than {MOST_BYTES} bytes, which no honest one is. Do not use this bundle."
        raise TooLarge(msg)
    try:
        raw = msgspec.json.decode(data)
        manifest = msgspec.convert(raw, Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        msg = f"The manifest of {where} is damaged: {error}. Build or fetch the bundle again."
        raise DamagedData(msg) from error
    if manifest.format != FORMAT:
        msg = (
            f"The manifest of {where} is of the format {manifest.format!r}; this Treering reads {FORMAT!r}. Update it."
        )
        raise DamagedData(msg)
    if manifest.digest != _digest(raw) or manifest.version != manifest.digest[:_VERSION_LENGTH]:
        msg = (
            f"The manifest of {where} was changed after it was built: its digest does not hold. Do not use this bundle."
        )
        raise DamagedData(msg)
    _check(manifest, where)
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of the bundle in `folder`; its files are not looked at.

    Raises:
        NotFound: If there is no bundle.
        DamagedData: If the manifest was changed or is none.
    """
    return parse(_bytes(folder), str(folder))


def read_summary(folder: Path) -> Summary:
    """The little that lists show. Raises as `read`, but nothing is checked."""
    try:
        return _SUMMARY.decode(_bytes(folder))
    except (msgspec.DecodeError, ValueError) as error:
        msg = f"The manifest of {folder} is damaged: {error}. Build or fetch the bundle again."
        raise DamagedData(msg) from error


def write(manifest: Manifest, folder: Path) -> None:
    """Write a sealed manifest into `folder`; last, because a folder without it is no bundle."""
    write_whole(folder / FILE_NAME, encode(manifest))


def encode(manifest: Manifest) -> bytes:
    """A manifest as its file has it: the same bytes for the same manifest."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n"


def _bytes(folder: Path) -> bytes:
    try:
        with (folder / FILE_NAME).open("rb") as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                msg = f"The manifest of {folder} is longer than {MOST_BYTES} bytes. Do not use this bundle."
                raise TooLarge(msg)
            return file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"{folder} is no bundle: it has no {FILE_NAME}. Make one with: treering bundle build"
        raise NotFound(msg) from error


def _digest(raw: Any) -> str:
    covered = {key: value for key, value in raw.items() if key not in _UNSEALED} if isinstance(raw, dict) else raw
    return hashlib.sha256(msgspec.json.encode(covered, order="sorted")).hexdigest()


def _check(manifest: Manifest, where: str) -> None:
    for path, entry in manifest.files.items():
        check_path(path)
        if not _DIGEST.fullmatch(entry.sha256) or entry.size < 0:
            msg = f"The manifest of {where} lists {path!r} without a proper digest or size. Do not use this bundle."
            raise DamagedData(msg)
    if not _NAME.fullmatch(manifest.name):
        msg = f"The manifest of {where} has the name {manifest.name[:100]!r}, which no bundle can have."
        raise DamagedData(msg)
    for model in manifest.models:
        check_path(model.folder)
