"""Writes an image as an OCI layout: a folder, or an archive that docker, podman, skopeo and containerd read."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from treering.bundles.images.bases import GZIP_LAYER, Base
from treering.bundles.images.layers import Layer
from treering.bundles.tar_stream import header, padding

__all__ = ["Described", "Written", "archive_of", "write_image"]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Described:
    """How containers of an image start, and what is said of it.

    Attributes:
        name: `repository:tag` that whoever loads it calls it by.
        created: As RFC 3339 has times.
        probe: A command that tells whether it is well, as Docker's health checks are.
        base: The name of what it was built on.
    """

    name: str
    created: str
    entrypoint: Sequence[str]
    variables: Mapping[str, str]
    user: str
    folder: str
    ports: Sequence[int] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    probe: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """An image in a layout.

    Attributes:
        digest: `sha256:` and digest of its manifest, which is the image's name for ever.
        size: Bytes of all layers.
    """

    digest: str
    size: int


def write_image(layout: Path, base: Base, layers: Sequence[Layer], said: Described) -> Written:
    """Write configuration, manifest and index beside the layers, which are among the layout's blobs already."""
    variables = {name: value for name, _, value in (str(one).partition("=") for one in base.config.get("Env") or ())}
    variables |= said.variables
    config: dict[str, Any] = {
        **{key: value for key, value in base.config.items() if key in {"StopSignal", "Volumes"}},
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "Entrypoint": list(said.entrypoint),
        "User": said.user,
        "WorkingDir": said.folder,
        "Labels": {**(base.config.get("Labels") or {}), **dict(sorted(said.labels.items()))},
    }
    if said.ports:
        config["ExposedPorts"] = {f"{port}/tcp": {} for port in said.ports}
    if said.probe:
        second = 1_000_000_000
        config["Healthcheck"] = {
            "Test": ["CMD", *said.probe], "Interval": 10 * second, "Timeout": 5 * second, "StartPeriod": 60 * second,
        }  # fmt: skip
    document = {
        "created": said.created,
        "architecture": base.architecture,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, *(f"sha256:{one.diff_id}" for one in layers)]},
        "history": [*base.history, *({"created": said.created, "created_by": one.history} for one in layers)],
    }
    added = [{"mediaType": GZIP_LAYER, "digest": f"sha256:{one.digest}", "size": one.size} for one in layers]
    kept = [*base.layers, *added]
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _blob(layout, document, _CONFIG),
        "layers": kept,
        "annotations": dict(sorted(said.labels.items())),
    }
    described = _blob(layout, manifest, _MANIFEST)
    tag = said.name.rpartition(":")[2]
    described["annotations"] = {"io.containerd.image.name": said.name, "org.opencontainers.image.ref.name": tag}
    described["platform"] = {"architecture": base.architecture, "os": "linux"}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [described]}
    (layout / "index.json").write_bytes(msgspec.json.encode(index))
    (layout / "oci-layout").write_bytes(b'{"imageLayoutVersion":"1.0.0"}')
    return Written(described["digest"], sum(int(one["size"]) for one in kept))


def archive_of(layout: Path, target: Path) -> None:
    """Write a layout as one tar; the same layout gives the same bytes."""
    part = target.with_name(f".{target.name}.{os.urandom(6).hex()}.part")
    names = [
        "oci-layout",
        "index.json",
        *(f"blobs/sha256/{one}" for one in sorted(os.listdir(layout / "blobs/sha256"))),
    ]
    try:
        with part.open("xb") as out:
            out.write(header("blobs/", 0, 0o755, folder=True) + header("blobs/sha256/", 0, 0o755, folder=True))
            for name in names:
                size = (layout / name).stat().st_size
                out.write(header(name, size))
                with (layout / name).open("rb") as file:
                    shutil.copyfileobj(file, out, _BLOCK)
                out.write(bytes(padding(size)))
            out.write(bytes(1024))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _blob(layout: Path, document: Any, kind: str) -> dict[str, Any]:
    data = msgspec.json.encode(document)
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}
