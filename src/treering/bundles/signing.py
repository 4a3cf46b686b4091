"""Signatures of bundles: Ed25519 over the name, the digest and the time, so over everything in it.

They stand in `signatures.json` beside the manifest, which is no part of what is signed. A
signature says who holds the key only to somebody who knows the key: `verify` is told which
ones it may trust.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from treering.bundles.manifest import SIGNATURES, Manifest
from treering.core.errors import DamagedData, InvalidInput
from treering.core.plugins import Registry
from treering.core.whole_files import write_whole

__all__ = ["SCHEMES", "Scheme", "Signature", "add", "keys_of", "read", "signed_by"]

_MOST_BYTES = 1 << 20


class Scheme(Protocol):
    """One way to sign; keys are PEM texts."""

    def generate(self) -> tuple[bytes, bytes]:
        """A new key: the private part and the public one."""
        ...

    def public(self, private: bytes) -> bytes:
        """The public part, as 32 raw bytes. Raises InvalidInput if it is no key."""
        ...

    def raw(self, public: bytes) -> bytes:
        """The 32 raw bytes of a public key. Raises InvalidInput."""
        ...

    def sign(self, private: bytes, message: bytes) -> bytes:
        """The signature. Raises InvalidInput if it is no key."""
        ...

    def holds(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is one of the message, by the key of these raw bytes."""
        ...


SCHEMES: Registry[Scheme] = Registry(
    "treering.bundle_signatures", "way to sign", {"ed25519": "treering.bundles.ed25519:SCHEME"}
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    Attributes:
        key: The public key, in base64.
        by: Who signed, as they say themselves; not part of what is signed.
    """

    key: str
    signature: str
    by: str = ""
    scheme: str = "ed25519"


def read(folder: Path) -> list[Signature]:
    """The signatures of the bundle in `folder`, unchecked. Raises DamagedData."""
    path = folder / SIGNATURES
    try:
        if path.stat().st_size > _MOST_BYTES:
            msg = f"{path} is longer than {_MOST_BYTES} bytes. Remove it, or fetch the bundle again."
            raise DamagedData(msg)
        return msgspec.json.decode(path.read_bytes(), type=list[Signature])
    except FileNotFoundError:
        return []
    except (msgspec.DecodeError, ValueError) as error:
        msg = f"{path} is damaged: {error}. Remove it, or fetch the bundle again."
        raise DamagedData(msg) from error


def add(folder: Path, manifest: Manifest, private: bytes, by: str = "") -> Signature:
    """Sign a bundle; an earlier signature by the same key is replaced.

    Raises:
        InvalidInput: If the key is none.
        MissingExtra: If the package that signs is not installed.
    """
    scheme = SCHEMES.load("ed25519")
    key = base64.b64encode(scheme.public(private)).decode()
    made = Signature(key, base64.b64encode(scheme.sign(private, _message(manifest))).decode(), by)
    kept = [one for one in read(folder) if one.key != key]
    text = msgspec.json.format(msgspec.json.encode([*kept, made], order="sorted"), indent=1)
    mode = folder.stat().st_mode
    folder.chmod(0o755)
    try:
        write_whole(folder / SIGNATURES, text + b"\n")
    finally:
        folder.chmod(mode)
    return made


def signed_by(folder: Path, manifest: Manifest, trusted: Sequence[bytes]) -> Signature | None:
    """The first signature by one of the trusted public keys (PEM), which holds; None if there is none.

    Raises:
        DamagedData: If a signature by one of these keys does not hold.
    """
    scheme = SCHEMES.load("ed25519")
    known = {scheme.raw(one) for one in trusted}
    for one in read(folder):
        key = _bytes(one.key, folder)
        if one.scheme != "ed25519" or key not in known:
            continue
        if not scheme.holds(key, _message(manifest), _bytes(one.signature, folder)):
            msg = f"The signature of {manifest.reference} by the key {one.key} does not hold. Do not use this bundle."
            raise DamagedData(msg)
        return one
    return None


def keys_of(paths: Iterable[Path]) -> list[bytes]:
    """The contents of files with public keys. Raises InvalidInput if one cannot be read."""
    found = []
    for path in paths:
        try:
            found.append(path.read_bytes())
        except OSError as error:
            msg = f"The key {path} cannot be read: {error.strerror}. Name a file that `treering bundle keygen` made."
            raise InvalidInput(msg) from error
    return found


def _message(manifest: Manifest) -> bytes:
    return f"treering-bundle\n{manifest.name}\n{manifest.digest}\n{manifest.created}\n".encode()


def _bytes(text: str, folder: Path) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{folder / SIGNATURES} is damaged: it holds what is not base64. Fetch the bundle again."
        raise DamagedData(msg) from error
