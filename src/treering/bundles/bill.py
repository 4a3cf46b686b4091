"""The bill of materials of a bundle, in CycloneDX 1.5: each package that is locked, with its hashes, and each model."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from treering.bundles.locking import packages_of
from treering.bundles.manifest import BundledModel
from treering.environments.specification import canonical

__all__ = ["bill_of"]

_HASHES = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def bill_of(name: str, lock: str, models: Sequence[BundledModel]) -> bytes:
    """The document as JSON; the same for the same contents, so without a time.

    Args:
        lock: The lines of a requirements file.
    """
    components = [_package(*one) for one in packages_of(lock)] + [_model(one) for one in models]
    subject = {"type": "application", "name": name, "bom-ref": f"bundle:{name}"}
    text = msgspec.json.encode([components, subject], order="sorted")
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, text.decode())}",
        "version": 1,
        "metadata": {"component": subject},
        "components": components,
        "dependencies": [{"ref": subject["bom-ref"], "dependsOn": [one["bom-ref"] for one in components]}],
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


def _package(name: str, version: str, hashes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    address = f"pkg:pypi/{canonical(name)}@{quote(version, safe='')}"
    found: dict[str, Any] = {"type": "library", "name": name, "version": version, "purl": address, "bom-ref": address}
    known = [{"alg": _HASHES[kind], "content": value} for kind, value in hashes if kind in _HASHES]
    if known:
        # Those of all files of the release, of which a machine takes one.
        found["externalReferences"] = [{"type": "distribution", "url": address, "hashes": known}]
    return found


def _model(model: BundledModel) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "machine-learning-model",
        "name": model.name,
        "bom-ref": f"model:{model.name}",
        "properties": [{"name": "treering:flavours", "value": ",".join(model.flavours)}],
    }
    if model.version:
        found["version"] = model.version
    return found
