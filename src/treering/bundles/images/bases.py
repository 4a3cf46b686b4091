"""What an image is built on: an OCI layout or archive, one that docker saved, or the root file system of a Linux."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from treering.bundles.images.layers import Layer, items_of, write_layer
from treering.bundles.tar_stream import Reader
from treering.core.errors import DamagedData, InvalidInput, NotFound

__all__ = ["GZIP_LAYER", "LAYER", "Base", "read_base"]

LAYER = "application/vnd.oci.image.layer.v1.tar"
GZIP_LAYER = f"{LAYER}+gzip"
_INDEXES = {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
_DOCKER_LAYERS = {
    "application/vnd.docker.image.rootfs.diff.tar": LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": GZIP_LAYER,
}
_MOST_JSON = 8 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Base:
    """An image whose layers lie among the blobs of the new one.

    Attributes:
        layers: Descriptors, as a manifest has them.
        diff_ids: `sha256:` and digest of each layer's tar.
        config: `config` of the image's configuration: variables, user, command.
        architecture: As Go calls it, such as amd64.
        digest: Of its manifest; empty for a root file system.
    """

    layers: list[dict[str, Any]] = field(default_factory=list)
    diff_ids: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    architecture: str = "amd64"
    digest: str = ""

    @property
    def python(self) -> str:
        """The version of Python in it, such as 3.11; empty if it does not say."""
        for one in self.config.get("Env") or ():
            name, _, value = str(one).partition("=")
            if name == "PYTHON_VERSION":
                return ".".join(value.split(".")[:2])
        return ""


def read_base(source: Path, blobs: Path, architecture: str) -> Base:
    """Read a base and put its layers into `blobs`.

    Raises:
        NotFound: If there is nothing.
        InvalidInput: If it is nothing to build on, or not for this architecture.
        DamagedData: If a part is not what its digest says.
    """
    if not source.exists():
        msg = f"There is no base {source}. Name an OCI layout or archive, or the root file system of a Linux."
        raise NotFound(msg)
    if source.is_dir():
        if (source / "index.json").is_file():
            return _of_layout(source, blobs, architecture)
        return _of_root(source, blobs, architecture)
    names = _names(source)
    if "index.json" in names or "manifest.json" in names:
        unpacked = blobs / ".base"
        try:
            _unpack(source, unpacked)
            if "index.json" in names:
                return _of_layout(unpacked, blobs, architecture)
            return _of_saved(unpacked, blobs, architecture)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return _of_root_archive(source, blobs, architecture)


def _of_layout(layout: Path, blobs: Path, architecture: str) -> Base:
    index = _json(layout / "index.json", "")
    found = _chosen(layout, index, architecture, 0)
    manifest = _json(_blob(layout, found), found["digest"])
    config = _json(_blob(layout, manifest["config"]), manifest["config"]["digest"])
    layers = []
    for one in manifest["layers"]:
        _take(_blob(layout, one), blobs, str(one["digest"]))
        kind = str(one["mediaType"])
        layers.append({"mediaType": _DOCKER_LAYERS.get(kind, kind), "digest": one["digest"], "size": one["size"]})
    return _base(config, layers, str(found["digest"]))


def _chosen(layout: Path, index: dict[str, Any], architecture: str, depth: int) -> dict[str, Any]:
    """The image for an architecture, in an index that may hold others."""
    found: list[dict[str, Any]] = index.get("manifests") or []
    fitting = [one for one in found if (one.get("platform") or {}).get("architecture", architecture) == architecture]
    if not fitting or depth > 3:  # noqa: PLR2004 -- an index in an index is all there is
        msg = f"The base holds no image for {architecture}. Name another, or --platform."
        raise InvalidInput(msg)
    one = fitting[0]
    if one.get("mediaType") in _INDEXES:
        return _chosen(layout, _json(_blob(layout, one), one["digest"]), architecture, depth + 1)
    return one


def _of_saved(folder: Path, blobs: Path, architecture: str) -> Base:
    """What `docker save` writes."""
    said = _json(folder / "manifest.json", "")
    if not isinstance(said, list) or not said:
        msg = "The base is no archive of an image: its manifest.json lists none."
        raise InvalidInput(msg)
    config = _json(_inside(folder, said[0]["Config"]), "")
    if config.get("architecture", architecture) != architecture:
        msg = f"The base is for {config.get('architecture')}, and not for {architecture}."
        raise InvalidInput(msg)
    layers = []
    for name in said[0]["Layers"]:
        place = _inside(folder, name)
        digest = f"sha256:{_hash(place)}"
        with place.open("rb") as file:
            kind = GZIP_LAYER if file.read(2) == _GZIP else LAYER
        _take(place, blobs, digest)
        layers.append({"mediaType": kind, "digest": digest, "size": place.stat().st_size})
    return _base(config, layers, "")


def _of_root(folder: Path, blobs: Path, architecture: str) -> Base:
    if not any((folder / one).is_dir() for one in ("bin", "usr")):
        msg = f"{folder} is neither an OCI layout nor the root of a Linux: it has no index.json, bin or usr."
        raise InvalidInput(msg)
    layer = write_layer(items_of(folder, ""), blobs, f"root file system {folder.name}")
    return _of_layer(layer, architecture)


def _of_root_archive(source: Path, blobs: Path, architecture: str) -> Base:
    with source.open("rb") as file:
        packed = file.read(2) == _GZIP
    digest = f"sha256:{_hash(source)}"
    tar = hashlib.sha256()
    for piece in _tar_pieces(source, packed=packed):
        tar.update(piece)
    _take(source, blobs, digest)
    layer = {"mediaType": GZIP_LAYER if packed else LAYER, "digest": digest, "size": source.stat().st_size}
    return Base(
        [layer], [f"sha256:{tar.hexdigest()}"], history=[{"created_by": f"root file system {source.name}"}],
        architecture=architecture,
    )  # fmt: skip


def _of_layer(layer: Layer, architecture: str) -> Base:
    described = {"mediaType": GZIP_LAYER, "digest": f"sha256:{layer.digest}", "size": layer.size}
    return Base(
        [described], [f"sha256:{layer.diff_id}"], history=[{"created_by": layer.history}], architecture=architecture
    )


def _base(config: dict[str, Any], layers: list[dict[str, Any]], digest: str) -> Base:
    diff_ids = [str(one) for one in (config.get("rootfs") or {}).get("diff_ids") or ()]
    if len(diff_ids) != len(layers) or config.get("os", "linux") != "linux":
        msg = "The base is no image of Linux whose layers and configuration fit each other."
        raise DamagedData(msg)
    return Base(
        layers, diff_ids, dict(config.get("config") or {}), list(config.get("history") or ()),
        str(config.get("architecture") or "amd64"), digest,
    )  # fmt: skip


def _take(place: Path, blobs: Path, digest: str) -> None:
    goal = blobs / digest.removeprefix("sha256:")
    if f"sha256:{_hash(place)}" != digest:
        msg = f"The layer {place} of the base is not what its digest says. Fetch the base again."
        raise DamagedData(msg)
    if not goal.exists():
        try:
            os.link(place, goal)
        except OSError:  # another disk, or one without links
            shutil.copyfile(place, goal)


def _blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    kind, _, digest = str(descriptor.get("digest")).partition(":")
    if kind != "sha256" or len(digest) != 64 or not all(one in "0123456789abcdef" for one in digest):  # noqa: PLR2004 -- digits of SHA-256
        msg = f"The base names a part {descriptor.get('digest')!r}, which is no SHA-256."
        raise DamagedData(msg)
    place = layout / "blobs" / "sha256" / digest
    if not place.is_file():
        msg = f"The base is incomplete: {place} is missing. Fetch it again."
        raise DamagedData(msg)
    return place


def _json(place: Path, digest: str) -> Any:
    try:
        data = place.read_bytes() if place.stat().st_size <= _MOST_JSON else b""
        if digest and f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            msg = f"{place} is not what its digest says. Fetch the base again."
            raise DamagedData(msg)
        return msgspec.json.decode(data)
    except (OSError, msgspec.DecodeError) as error:
        msg = f"{place} of the base is damaged: {error}"
        raise DamagedData(msg) from error


def _names(source: Path) -> set[str]:
    try:
        with tarfile.open(source) as archive:
            found = set()
            # An archive of an image has some dozen members; a root file system has many thousands.
            for one in archive:
                found.add(one.name.removeprefix("./"))
                if len(found) > 1000:  # noqa: PLR2004 -- as above
                    break
            return found
    except (tarfile.TarError, OSError, EOFError) as error:
        msg = f"{source} is no archive that an image can be built on: {error}"
        raise InvalidInput(msg) from error


def _unpack(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        reader = Reader(file, str(source))
        for member in reader:
            goal = _inside(target, member.path) if member.path else target
            if member.is_folder:
                goal.mkdir(parents=True, exist_ok=True)
                continue
            goal.parent.mkdir(parents=True, exist_ok=True)
            with goal.open("xb") as out:
                for chunk in reader.chunks():
                    out.write(chunk)


def _inside(folder: Path, name: object) -> Path:
    text = str(name)
    if text.startswith("/") or ".." in text.split("/") or "\0" in text:
        msg = f"The base names a part {text!r}, which is not inside of it. Do not use it."
        raise DamagedData(msg)
    return folder / text


def _tar_pieces(source: Path, *, packed: bool) -> Iterator[bytes]:
    with source.open("rb") as stored:
        file: Any = gzip.GzipFile(fileobj=stored) if packed else stored
        while piece := file.read(1 << 20):
            yield piece


def _hash(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
